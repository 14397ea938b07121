/**
 * What arrived at one destination, in order: which events each request carried and how it ended.
 * Reads idempotency ids as the vendor gets them: a header of HarfangLab's requests, type and id of each HEC event.
 */

import type { Exchange } from '../simulators/http-server.ts';
import type { RecordedRequest } from '../simulators/request.ts';

export type ArrivalResult =
  /** Taken, and the answer went out. */
  | 'delivered'
  /** Taken, and the answer was withheld or cut off: the relay must send it again. */
  | 'unseen'
  /** Refused for good: 400, 413, 415, 422. */
  | 'rejected'
  /** Not taken, whatever the answer, if there was one. */
  | 'failed';

/** One request that carried at least one event. */
export interface Arrival {
  readonly atMs: number;
  /** When the answer went out; infinity: never. */
  readonly answeredAtMs: number;
  /** Idempotency ids, `{type}:{id}`, in the order of the body. */
  readonly keys: readonly string[];
  readonly result: ArrivalResult;
}

const REJECTED = new Set([400, 413, 415, 422]);

export class Ledger {
  readonly #entries: {
    readonly keys: readonly string[];
    readonly record: RecordedRequest;
    readonly isTaken: boolean;
  }[] = [];
  readonly #taken = new Set<string>();

  /** For a simulator's `onExchange`. */
  readonly note = ({ request, record, isTaken }: Exchange): void => {
    const key = request.headers['idempotency-key'];
    const keys = key === undefined ? hecKeys(request.body.toString('utf8')) : [key];
    if (keys.length === 0) return;
    this.#entries.push({ keys, record, isTaken });
    if (isTaken) for (const own of keys) this.#taken.add(own);
  };

  /** Distinct events that the destination has taken so far. */
  get takenCount(): number {
    return this.#taken.size;
  }

  /** How many requests were answered so. */
  countStatus(status: number): number {
    return this.#entries.filter(({ record }) => record.status === status).length;
  }

  /** Read it when nothing is under way any more. */
  arrivals(): Arrival[] {
    return this.#entries.map(({ keys, record, isTaken }) => ({
      atMs: record.atMs,
      answeredAtMs: record.answeredAtMs ?? Infinity,
      keys,
      result: resultOf(record, isTaken),
    }));
  }
}

function resultOf(record: RecordedRequest, isTaken: boolean): ArrivalResult {
  if (isTaken) return record.status === undefined || record.abandoned === true ? 'unseen' : 'delivered';
  return record.status !== undefined && REJECTED.has(record.status) ? 'rejected' : 'failed';
}

/** Type and id of each event of a HEC body. */
function hecKeys(body: string): string[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { event } = JSON.parse(line) as { event: { event: { action: string; id: string } } };
      return `${event.event.action}:${event.event.id}`;
    });
}
