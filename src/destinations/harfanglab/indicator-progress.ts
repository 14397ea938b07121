/**
 * What a sync of several turns has asked for already, kept in the lane's memory: no change is asked for twice, so that a sync comes to its
 * end whatever the manager refuses. It belongs to the entry of the log that is synced for, and goes with the end of its sync: what
 * was refused then is asked for again for the next entry. A turn that fails forgets what was refused, as who sends the entry again may have
 * mended that. Keeps hashes, and the manager's words; no person.
 */

import { encodeBase32 } from '../../lib/base32.ts';
import { sha256 } from '../../lib/hmac.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import type { ChannelMemory } from '../destination.ts';
import type { Change } from './indicator-changes.ts';

const PREFIX = 'progress:';
/** From the last turn on. Turns are minutes apart at most, unless somebody paused the lane. */
const KEPT_MS = 3_600_000;
/** A value of the memory is less than 2 MB. What is beyond is asked for again. */
const KEPT_MAX = 4_000;
/** Makes 16 base32 characters. */
const HASH_BYTES = 10;
const MESSAGE_LENGTH_MAX = 100;
const KINDS: readonly unknown[] = ['created', 'updated', 'removed', 'unchanged', 'foreign'];

/** By hash of what was asked for. */
export type Tried = ReadonlyMap<string, Change>;

export class IndicatorProgress {
  readonly #memory: ChannelMemory;
  readonly #key: string;

  constructor(memory: ChannelMemory, entryId: string) {
    this.#memory = memory;
    this.#key = `${PREFIX}${hashOf(entryId)}`;
  }

  /** What came of what earlier turns asked for. */
  read(): Tried {
    const text = this.#memory.get(this.#key);
    const value = text === undefined ? undefined : jsonIn(text);
    if (!isRecord(value)) return new Map();
    return new Map(
      Object.entries(value).flatMap(([hash, change]) => (isChange(change) ? [[hash, change] as const] : [])),
    );
  }

  /** There is another turn to come. */
  keep(tried: Tried, nowMs: number): void {
    const kept = [...tried].slice(0, KEPT_MAX).map(([hash, change]) => [hash, cut(change)]);
    this.#memory.put(this.#key, JSON.stringify(Object.fromEntries(kept)), nowMs + KEPT_MS);
  }

  /** What was refused is asked for again by the next turn; what is done stays. */
  forgetRefusals(nowMs: number): void {
    const tried = this.read();
    const done = [...tried].filter(([, { kind }]) => kind !== 'refused');
    if (done.length < tried.size) this.keep(new Map(done), nowMs);
  }

  end(): void {
    if (this.#memory.get(this.#key) !== undefined) this.#memory.delete(this.#key);
  }
}

/** Of something that is asked for: the same for the same. */
export function hashOf(...parts: readonly unknown[]): string {
  return encodeBase32(sha256(JSON.stringify(parts)).subarray(0, HASH_BYTES));
}

function cut(change: Change): Change {
  if (change.kind !== 'refused') return change;
  return { ...change, message: change.message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed() };
}

function isChange(value: unknown): value is Change {
  if (!isRecord(value)) return false;
  return value['kind'] === 'refused' ? typeof value['message'] === 'string' : KINDS.includes(value['kind']);
}
