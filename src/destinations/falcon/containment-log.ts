/**
 * What the containment lane remembers, for an hour: the isolations that it asked for, and the hosts that operators let back.
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

  /** Takes one of the hour's isolations for a detection, before it is asked for. False: there is none left. A detection that has one keeps it. */
  take(detectionId: string, perHourMax: number): boolean {
    const { memory, nowMs } = this.#io;
    if (this.has(detectionId)) return true;
    if (memory.entries('isolation:').length >= perHourMax) return false;
    memory.put(isolationKey(detectionId), String(nowMs()), nowMs() + HOUR_MS);
    return true;
  }

  has(detectionId: string): boolean {
    return this.#io.memory.get(isolationKey(detectionId)) !== undefined;
  }

  /** It was not done, for sure. */
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

  /** An operator lets the host back: what was detected before is answered by that. */
  noteLift(deviceId: string): void {
    const { memory, nowMs } = this.#io;
    memory.put(liftKey(deviceId), String(nowMs()), nowMs() + MAXIMUM_AGE_MS.contain);
  }

  forgetLift(deviceId: string): void {
    this.#io.memory.delete(liftKey(deviceId));
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
