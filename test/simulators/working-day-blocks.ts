/**
 * What a working day is made of: each block writes one send. Pure; the events and the writer are passed in.
 */

import type { DayWriter } from './day-writer.ts';
import {
  FORWARDED_TYPES,
  ROUTINE_TYPE,
  UNKNOWN_TYPES,
  type NoxysEvent,
  type NoxysEvents,
} from './noxys-events.ts';
import { SPELLINGS } from './noxys-spellings.ts';
import { integerBetween, type Random } from './random.ts';

/** Writes one send. */
export type Block = () => void;

/** One more than the relay takes: 256 KiB (the product's own limit). */
const OVERSIZED_BYTES = 256 * 1024 + 1;
const BURST_SENDS = 60;
const PLAIN_ROUNDS = 3;
/** Older than any tolerance in use; Standard Webhooks' libraries allow 300 s both ways. */
const STALE_SECONDS = -900;

/** Every type in every spelling, several times over. */
export function plainBlocks(day: DayWriter, events: NoxysEvents): Block[] {
  const blocks: Block[] = [];
  for (let round = 0; round < PLAIN_ROUNDS; round++) {
    for (const spelling of SPELLINGS) {
      for (const type of FORWARDED_TYPES) {
        blocks.push(() => day.single('plain', events.next({ spelling, type })));
      }
    }
  }
  return blocks;
}

/** Authentic, but not to be forwarded: routine events, unknown types, the console's test. */
export function routineBlocks(day: DayWriter, events: NoxysEvents): Block[] {
  return [
    ...[...SPELLINGS, ...SPELLINGS].map(
      (spelling) => () => day.single('routine', events.next({ spelling, type: ROUTINE_TYPE })),
    ),
    ...UNKNOWN_TYPES.flatMap((type) => [
      () => day.single('unknown_type', events.next({ type })),
      () => day.single('unknown_type', events.next({ type })),
    ]),
    () => day.filteredBody('test_event', events.testEvent()),
    () => day.filteredBody('test_event', events.testEvent()),
  ];
}

/** Lists, with and without an element that can't be used. */
export function batchBlocks(day: DayWriter, events: NoxysEvents, random: Random): Block[] {
  return [
    ...Array.from({ length: 8 }, () => () => {
      const routine = events.batch(integerBetween(random, 0, 2), { type: ROUTINE_TYPE });
      day.batch('batch', [...events.batch(integerBetween(random, 2, 6)), ...routine]);
    }),
    () => day.batch('batch_with_unusable', events.batch(3), 'not an event'),
    () => day.batch('batch_with_unusable', events.batch(2), { note: 'no type at all' }),
  ];
}

/** Every one gets the same 401, whatever is wrong with it. */
export function attackBlocks(day: DayWriter, events: NoxysEvents, otherSecret: string): Block[] {
  const make = (): NoxysEvent => events.next({ spelling: 'nested' });
  return [
    ...times(3, () => day.refused('forged', make(), { tamper: 'signature' })),
    ...times(2, () => day.refused('forged', make(), { tamper: 'truncated_signature' })),
    ...times(2, () => day.refused('forged', make(), { tamper: 'wrong_version' })),
    ...times(3, () => day.refused('tampered_body', make(), { tamper: 'body' })),
    ...times(3, () => day.refused('truncated_body', make(), { tamper: 'truncated_body' })),
    ...times(3, () => day.refused('unsigned', make(), { tamper: 'unsigned' })),
    ...times(3, () => day.refused('stale', make(), { timestampOffsetSeconds: STALE_SECONDS })),
    ...times(2, () => day.refused('from_the_future', make(), { timestampOffsetSeconds: -STALE_SECONDS })),
    ...times(3, () => day.refused('wrong_tenant', make(), { secret: otherSecret })),
  ];
}

/** Rightly signed, and still of no use. */
export function malformedBlocks(day: DayWriter, events: NoxysEvents): Block[] {
  const text = () => JSON.stringify(events.next({ spelling: 'nested' }).body);
  const oversized = () => JSON.stringify({ ...events.next({ spelling: 'nested' }).body, padding: padding() });
  return [
    () => day.unusable('malformed_json', text().slice(0, -1), 400, 'malformed'),
    () => day.unusable('malformed_json', 'type=interaction.high_risk', 400, 'malformed'),
    () => day.unusable('nothing_usable', '[{"note":"no type"}]', 400, 'malformed'),
    () => day.unusable('nothing_usable', '{"note":"no type at all"}', 400, 'malformed'),
    () => day.unusable('oversized', oversized(), 413, 'too_large'),
    () => day.unusable('oversized', oversized(), 413, 'too_large'),
    () => day.unusable('wrong_content_type', text(), 415, 'unsupported_media_type', 'text/plain'),
    () => day.unusable('wrong_content_type', text(), 415, 'unsupported_media_type', 'application/xml'),
  ];
}

/** Odd fields of authentic events are dropped and marked, never refused. */
export function oddBlocks(day: DayWriter, events: NoxysEvents): Block[] {
  return [
    () => day.single('odd_risk_score', events.next({ spelling: 'nested', riskScore: 95 })),
    () => day.single('odd_risk_score', events.next({ spelling: 'flat', riskScore: 95 })),
  ];
}

/** Many at once. */
export function writeBurst(day: DayWriter, events: NoxysEvents): void {
  for (const event of events.batch(BURST_SENDS)) day.single('burst', event, 'lunch');
}

function times(count: number, block: Block): Block[] {
  return Array.from({ length: count }, () => block);
}

function padding(): string {
  return 'x'.repeat(OVERSIZED_BYTES);
}
