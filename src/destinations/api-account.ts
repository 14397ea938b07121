/**
 * What several lanes of a tenant share of one API client of a vendor: its token and its rate.
 * Types only; the tenant's object holds the real ones (relay/api-accounts.ts).
 */

import type { Outcome } from '../domain/outcome.ts';
import type { Result } from '../lib/result.ts';

/** What came of a request that was not delivered. */
export interface ApiFailure {
  readonly outcome: Exclude<Outcome, { readonly kind: 'delivered' }>;
  /** No answer was seen, or one that leaves it open: the vendor may have done it. */
  readonly mayBeDone: boolean;
}

export interface MintedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Asks the vendor for a token: one request. */
export type MintToken = () => Promise<Result<MintedToken, ApiFailure>>;

/** What an answer told of the vendor's rate limit: requests per minute, and what is left of them. */
export interface Quota {
  readonly limit: number;
  readonly remaining: number;
}

export interface ApiAccount {
  /**
   * A token that is good for two minutes yet, or for half of its life where that is shorter: from memory, else from the sealed cache, else minted, once however many ask.
   * What `mint` fails with, all who wait for it get.
   */
  token(mint: MintToken): Promise<Result<string, ApiFailure>>;
  /** The API refused a token: forgotten. The next `token` looks into the sealed cache for a newer one before it mints. */
  refuse(token: string): void;
  /** Resolves when a request may go out by the account's own rate. */
  turn(): Promise<void>;
  /** An answer told its quota: the fewer are left, the slower the next turns come. */
  noteQuota(quota: Quota): void;
}

export interface ApiAccounts {
  /**
   * The account of a credential. `id` tells credentials apart and changes with the secret; it is itself as secret as they are.
   * `rateKey` is the same for all credentials that share a rate.
   */
  of(credential: {
    readonly id: string;
    readonly rateKey: string;
    readonly requestsPerMinute: number;
    /** Called at least every 5 s while a turn is waited for, and when a token was had: who waits is alive. */
    readonly noteAlive?: () => void;
  }): ApiAccount;
}
