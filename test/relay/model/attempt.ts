/** One request to a destination, as the destination and the relay saw it. Types only. */

/** What the relay saw of it. `gone`: a crash came first, nobody saw an answer. */
export type Ending = 'taken' | 'rejected' | 'failed' | 'busy' | 'blocked' | 'gone';

export interface Attempt {
  /** Events in the request, in its order. */
  readonly seqs: readonly number[];
  readonly startedAtMs: number;
  /** Undefined: under way. */
  ending: Ending | undefined;
  /** The destination took the events, whether or not the relay saw the answer. */
  isTaken: boolean;
  /** The relay has had the time to write down what came of it: no crash undoes that. */
  isConfirmed: boolean;
  /**
   * Why the relay may not count it as delivered although it was answered 2xx: the crash of this number came before the row was written
   * (docs/decisions/0002), or an operator gave the events up while it was under way.
   */
  voidedBy: number | 'given_up' | undefined;
}

/** What a request carried, read from the wire. */
export interface Wire {
  readonly events: readonly { readonly type: string; readonly id: string }[];
  readonly token: string;
  readonly attemptId: string;
  /** Of a channel that sends one event a request. */
  readonly idempotencyKey: string | null;
}
