/**
 * The tokens and rates of a tenant's API clients: one authority per tenant, whatever number of lanes asks.
 * Knows no vendor: how a token is minted, and when a request needs one, is the destination's.
 */

import type { ApiAccount, ApiAccounts as Accounts } from '../destinations/api-account.ts';
import { ApiRates, type LastUse } from './api-rates.ts';
import { ApiToken, type ApiTokenParts } from './api-token.ts';
import type { RelayIo } from './io.ts';

/** Credentials that are kept in mind: more than a tenant has. Each change of a secret makes a new one, and the oldest goes. */
const TOKENS_MAX = 64;

export interface ApiAccountsParts extends ApiTokenParts {
  readonly io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  /** Undefined: a restart does not know of the requests before it. */
  readonly lastUse?: LastUse;
}

export class ApiAccounts implements Accounts {
  readonly #parts: ApiAccountsParts;
  readonly #tokens = new Map<string, ApiToken>();
  readonly #rates: ApiRates;

  constructor(parts: ApiAccountsParts, rates = new ApiRates(parts.io, parts.lastUse)) {
    this.#parts = parts;
    this.#rates = rates;
  }

  of(credential: Parameters<Accounts['of']>[0]): ApiAccount {
    const source = this.#tokenOf(credential.id);
    return {
      token: async (mint) => {
        const token = await source.token(mint);
        credential.noteAlive?.();
        return token;
      },
      refuse: (token) => source.refuse(token),
      turn: async () => this.#rates.turn(credential),
      noteQuota: (quota) => this.#rates.noteQuota(credential.rateKey, quota),
    };
  }

  /** The same rates, without any token: for a test, which asks for one of its own. */
  withoutTokens(): ApiAccounts {
    return new ApiAccounts({ ...this.#parts, kv: undefined }, this.#rates);
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
