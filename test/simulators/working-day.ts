/**
 * A sample working day of Noxys webhooks: an ordered list of sends with what the relay must answer to each.
 * Deterministic by seed. Pure: the start is passed in. Sends with the same `burst` go out at once, all others one after another,
 * each after the answer to the one before.
 */

import { DayWriter } from './day-writer.ts';
import { NoxysEvents } from './noxys-events.ts';
import { hexDigits, integerBetween, pick, seededRandom, unitFromText, type Random } from './random.ts';
import {
  attackBlocks,
  batchBlocks,
  malformedBlocks,
  oddBlocks,
  plainBlocks,
  routineBlocks,
  writeBurst,
  type Block,
} from './working-day-blocks.ts';
import type { WorkingDaySend } from './working-day-expectation.ts';

/** Events are spread over so much time before the start: recent enough for every window of an hour. */
const DAY_MS = 50 * 60_000;
const REDELIVERED_SENDS = 20;
const REDELIVERED_BATCHES = 4;

export interface WorkingDayOptions {
  readonly seed: number;
  /** The present: events happened in the 50 minutes before it. */
  readonly startMs: number;
  /** The tenant that the day belongs to; it makes days of different tenants differ. */
  readonly tenant: string;
}

/**
 * The whole day, in the order of sending; at least 300 sends. Expectations hold for a tenant that forwards the four types of the
 * guides and signs with a timestamp within 300 s: a plain `hmac` can't tell a stale request.
 */
export function workingDay(options: WorkingDayOptions): readonly WorkingDaySend[] {
  const random = seededRandom(Math.floor(unitFromText(options.seed, options.tenant) * 2 ** 32));
  const clock = risingClock(options.startMs, random);
  const events = new NoxysEvents({ seed: Math.floor(random() * 2 ** 32), nowMs: clock });
  const day = new DayWriter(() => events.webhookId());
  const otherSecret = `whsec_${Buffer.from(hexDigits(random, 48), 'hex').toString('base64')}`;

  const blocks: Block[] = [
    ...plainBlocks(day, events),
    ...routineBlocks(day, events),
    ...batchBlocks(day, events, random),
    ...attackBlocks(day, events, otherSecret),
    ...malformedBlocks(day, events),
    ...oddBlocks(day, events),
  ];
  shuffle(random, blocks);
  blocks.splice(Math.floor(blocks.length / 2), 0, () => writeBurst(day, events));
  for (const block of blocks) block();
  for (let i = 0; i < REDELIVERED_SENDS; i++) day.redeliver(pick(random, day.redeliverable('single')));
  for (let i = 0; i < REDELIVERED_BATCHES; i++) day.redeliver(pick(random, day.redeliverable('batch')));
  return day.sends;
}

/** A clock that starts 50 minutes before `endMs` and rises by some seconds with each reading, never past `endMs`. */
function risingClock(endMs: number, random: Random): () => number {
  let nowMs = endMs - DAY_MS;
  return () => (nowMs = Math.min(endMs, nowMs + integerBetween(random, 500, 9000)));
}

function shuffle(random: Random, blocks: Block[]): void {
  for (let i = blocks.length - 1; i > 0; i--) {
    const other = integerBetween(random, 0, i);
    const [a, b] = [blocks[i], blocks[other]];
    if (a !== undefined && b !== undefined) [blocks[i], blocks[other]] = [b, a];
  }
}
