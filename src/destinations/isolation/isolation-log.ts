/**
 * What a lane that isolates hosts remembers, for an hour: the isolations that it asked for, and the hosts that operators let back.
 * Keys are hashes and values are times, so that it names no host.
 */

import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import { sha256Hex } from '../../lib/hmac.ts';
import type { DeliveryIo } from '../destination.ts';

/** A rolling hour for the isolations; what lets a host back counts as long as a detection may be acted on. */
const HOUR_MS = 3_600_000;

export class IsolationLog {
  readonly #io: Pick<DeliveryIo, 'memory' | 'nowMs'>;

  constructor(io: Pick<DeliveryIo, 'memory' | 'nowMs'>) {
    this.#io = io;
  }

  /** Whether one of the hour's isolations is left for a detection, or it has one. */
  isLeft(detectionId: string, perHourMax: number): boolean {
    return this.has(detectionId) || this.#io.memory.entries('isolation:').length < perHourMax;
  }

  /** Takes it, right before it is asked for. A detection that has one keeps it, from now on. */
  take(detectionId: string): void {
    const { memory, nowMs } = this.#io;
    memory.put(isolationKey(detectionId), String(nowMs()), nowMs() + HOUR_MS);
  }

  /** Whether the detection has one: an earlier attempt may have been done. */
  has(detectionId: string): boolean {
    return this.#io.memory.get(isolationKey(detectionId)) !== undefined;
  }

  /** It was not done, for sure, and by no earlier attempt either. */
  giveBack(detectionId: string): void {
    this.#io.memory.delete(isolationKey(detectionId));
  }

  /** Whether the detection met a conflict for the first time. */
  noteConflict(detectionId: string): boolean {
    const { memory, nowMs } = this.#io;
    const key = `conflict:${sha256Hex(detectionId)}`;
    if (memory.get(key) !== undefined) return false;
    memory.put(key, String(nowMs()), nowMs() + MAXIMUM_AGE_MS.contain);
    return true;
  }

  /** An operator lets the host back: what was detected before is answered by that. Returns what takes the note back, to an earlier one if there is one. */
  noteLift(deviceId: string): () => void {
    const { memory, nowMs } = this.#io;
    const key = liftKey(deviceId);
    const earlier = memory.get(key);
    const put = (at: string): void => memory.put(key, at, Number(at) + MAXIMUM_AGE_MS.contain);
    put(String(nowMs()));
    return () => {
      if (earlier === undefined) memory.delete(key);
      else put(earlier);
    };
  }

  /** Whether an operator let the host back after a time, in epoch milliseconds. */
  isLiftedSince(deviceId: string, atMs: number): boolean {
    return Number(this.#io.memory.get(liftKey(deviceId)) ?? Number.NaN) >= atMs;
  }
}

function isolationKey(detectionId: string): string {
  return `isolation:${sha256Hex(detectionId)}`;
}

function liftKey(deviceId: string): string {
  return `lifted:${sha256Hex(deviceId)}`;
}
