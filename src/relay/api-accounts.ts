/**
 * The tokens and rates of a tenant's API clients: one authority per tenant, whatever number of lanes asks.
 * Knows no vendor: how a token is minted, and when a request needs one, is the destination's.
 */

import type { ApiAccount, ApiAccounts as Accounts } from '../destinations/api-account.ts';
import { ApiRate } from './api-rate.ts';
import { ApiToken, type ApiTokenParts } from './api-token.ts';
import type { RelayIo } from './io.ts';

/** Credentials that are kept in mind: more than a tenant has. Each change of a secret makes a new one, and the oldest goes. */
const TOKENS_MAX = 64;

export interface ApiAccountsParts extends ApiTokenParts {
  readonly io: Pick<RelayIo, 'nowMs' | 'sleep'>;
}

export class ApiAccounts implements Accounts {
  readonly #parts: ApiAccountsParts;
  readonly #tokens = new Map<string, ApiToken>();
  readonly #rates = new Map<string, ApiRate>();

  constructor(parts: ApiAccountsParts) {
    this.#parts = parts;
  }

  of({ id, rateKey, requestsPerMinute }: Parameters<Accounts['of']>[0]): ApiAccount {
    const source = this.#tokenOf(id);
    const rate = this.#rates.get(rateKey) ?? new ApiRate(this.#parts.io);
    this.#rates.set(rateKey, rate);
    rate.configure(requestsPerMinute);
    return {
      token: async (mint) => source.token(mint),
      refuse: (token) => source.refuse(token),
      turn: async () => rate.turn(),
      noteQuota: (quota) => rate.noteQuota(quota),
    };
  }

  #tokenOf(id: string): ApiToken {
    const token = this.#tokens.get(id) ?? new ApiToken(id, this.#parts);
    // The last one asked for is the last to go.
    this.#tokens.delete(id);
    this.#tokens.set(id, token);
    const [oldest] = this.#tokens.keys();
    if (this.#tokens.size > TOKENS_MAX && oldest !== undefined) this.#tokens.delete(oldest);
    return token;
  }
}
