/** What arrived at one destination, in order: which events each request carried, when the relay began it and how it ended. */

import type { Exchange } from '../simulators/http-server.ts';
import type { RecordedRequest } from '../simulators/request.ts';
import { arrivalKeys } from './arrival-keys.ts';
import { FIRST_KEY_HEADER, START_HEADER } from './dials.ts';

export type ArrivalResult =
  /** Taken, and the answer went out. */
  | 'delivered'
  /** Taken, and the answer was withheld or cut off: the relay must send it again. */
  | 'unseen'
  /** Refused for good: 400, 413, 415, 422. */
  | 'rejected'
  /** Not taken, whatever the answer, if there was one. */
  | 'failed';

/** One request. */
export interface Arrival {
  readonly atMs: number;
  /** When the answer went out; infinity: never. */
  readonly answeredAtMs: number;
  /** Idempotency ids, `{type}:{id}`, in the order of the body; of a request that was closed before it was read, the first. */
  readonly keys: readonly string[];
  readonly result: ArrivalResult;
  /** Sorts as the relay began its requests. */
  readonly start: string;
}

const REJECTED = new Set([400, 413, 415, 422]);

export class Ledger {
  readonly #entries: {
    readonly keys: readonly string[];
    readonly record: RecordedRequest;
    readonly isTaken: boolean;
    readonly start: string;
  }[] = [];
  readonly #taken = new Set<string>();

  /** For a simulator's `onExchange`. */
  readonly note = ({ request, record, isTaken }: Exchange): void => {
    const { headers, body } = request;
    const read = arrivalKeys(headers['idempotency-key'], body.toString('utf8'));
    const keys = read.length > 0 ? read : [headers[FIRST_KEY_HEADER] ?? ''];
    this.#entries.push({ keys, record, isTaken, start: headers[START_HEADER] ?? '' });
    if (isTaken) for (const own of keys) this.#taken.add(own);
  };

  /** Distinct events that the destination has taken so far. */
  get takenCount(): number {
    return this.#taken.size;
  }

  hasTaken(key: string): boolean {
    return this.#taken.has(key);
  }

  /** How many requests were answered so. */
  countStatus(status: number): number {
    return this.#entries.filter(({ record }) => record.status === status).length;
  }

  /** Read it when nothing is under way any more. */
  arrivals(): Arrival[] {
    return this.#entries.map(({ keys, record, isTaken, start }) => ({
      start,
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
