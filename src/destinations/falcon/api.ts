/**
 * Falcon's OAuth API: one call, with a token and at the account's rate, to the configured region alone.
 * A token that the API refuses is renewed once; nothing else is sent again here: that is the lane's to decide. Never throws for what the vendor does.
 * Source: gofalcon, falconpy, elastic/kibana token_manager.ts, read 2026-11.
 */

import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { HttpAnswer, HttpFailure, SendRequest } from '../../lib/http.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import { echoRemover } from '../../lib/secret-echoes.ts';
import type { ApiAccount, ApiFailure, MintedToken } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import { isMarkup, outcomeOf, quotaOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { type ApiAnswer, readAnswer } from './answers.ts';
import { failureOf, isOpen } from './failures.ts';
import { type ApiPlace, apiPlace, credentialId, rateKeyOf } from './place.ts';
import type { FalconScope } from './scopes.ts';
import { mintToken } from './token.ts';
import { wrongRegion } from './wrong-region.ts';

export type { ApiAnswer, ApiError } from './answers.ts';
export type { FalconScope } from './scopes.ts';

/** A page of some hundred cases or alerts, whole. */
const ANSWER_BYTES_MAX = 1024 * 1024;

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the region's API host, query included, such as `/cases/queries/cases/v1?limit=1`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Named when it is missing. */
  readonly scope: FalconScope;
  /** Statuses that are answers to this call, and no failures: 404 and 409 of a containment. */
  readonly answers?: readonly number[];
  /** Called right before the request leaves, after every wait: for a turn, a token, a connection. Again when a refused token is renewed. */
  readonly onSend?: () => void;
}

export interface FalconApi {
  request(call: ApiCall): Promise<Result<ApiAnswer, ApiFailure>>;
  /** Made so far, those for tokens included. */
  readonly requests: number;
}

/** The API of a destination whose secrets are open, for one turn of a channel. */
export function falconApi(config: FalconConfig, tenant: string, io: DeliveryIo): FalconApi {
  const place = apiPlace(config);
  if (!place.ok) {
    const notConfigured = failure({ outcome: place.error, mayBeDone: false });
    return { request: async () => notConfigured, requests: 0 };
  }
  return new Client(place.value, io, async () => {
    const id = await credentialId(place.value, tenant);
    return io.accounts.of({
      id,
      rateKey: rateKeyOf(place.value),
      requestsPerMinute: config.requests_per_minute,
    });
  });
}

interface Attempted {
  readonly result: Result<ApiAnswer, ApiFailure>;
  readonly isTokenRefused: boolean;
}

function done(result: Result<ApiAnswer, ApiFailure>): Attempted {
  return { result, isTokenRefused: false };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isUnauthorized({ outcome }: ApiFailure): boolean {
  return outcome.kind === 'blocked' && outcome.reason === 'unauthorized';
}

class Client implements FalconApi {
  readonly #place: ApiPlace;
  readonly #io: DeliveryIo;
  readonly #openAccount: () => Promise<ApiAccount>;
  #account: Promise<ApiAccount> | undefined;
  #requests = 0;

  constructor(place: ApiPlace, io: DeliveryIo, openAccount: () => Promise<ApiAccount>) {
    this.#place = place;
    this.#io = io;
    this.#openAccount = openAccount;
  }

  get requests(): number {
    return this.#requests;
  }

  async request(call: ApiCall): Promise<Result<ApiAnswer, ApiFailure>> {
    this.#account ??= this.#openAccount();
    const account = await this.#account;
    const first = await this.#attempt(call, account);
    return (first.isTokenRefused ? await this.#attempt(call, account) : first).result;
  }

  async #attempt(call: ApiCall, account: ApiAccount): Promise<Attempted> {
    // A turn may be long in coming: the token is taken after it, so that it is still good when it is sent.
    await account.turn();
    const token = await account.token(async () => this.#mint());
    if (!token.ok) return done(token);
    const answered = await this.#send({
      method: call.method,
      url: `${this.#place.base}${call.path}`,
      headers: {
        authorization: `Bearer ${token.value}`,
        // Also without a body. Source: gofalcon api_client.go, read 2026-11.
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': USER_AGENT,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.onSend && { onSend: call.onSend }),
      timeoutMs: this.#io.timeoutMs,
      answerBytesMax: ANSWER_BYTES_MAX,
    });
    if (!answered.ok) return done(failure(this.#unanswered(answered.error)));
    return this.#take(answered.value, call, { account, token: token.value });
  }

  #take(
    answer: HttpAnswer,
    call: ApiCall,
    { account, token }: { readonly account: ApiAccount; readonly token: string },
  ): Attempted {
    const { status, headers } = answer;
    const elsewhere = wrongRegion(answer, this.#place.region);
    if (elsewhere)
      return done(failure({ outcome: elsewhere, mayBeDone: isSuccess(status) || isOpen(status) }));
    const result = this.#read(answer, call, token);
    const isTokenRefused = !result.ok && isUnauthorized(result.error);
    if (isTokenRefused) account.refuse(token);
    // What refuses a token tells the quota of the relay's address, other answers that of the account.
    const quota = isTokenRefused ? undefined : quotaOf(headers);
    if (quota) account.noteQuota(quota);
    return { result, isTokenRefused };
  }

  #read(answer: HttpAnswer, call: ApiCall, token: string): Result<ApiAnswer, ApiFailure> {
    const { status } = answer;
    if (!isSuccess(status) && !call.answers?.includes(status))
      return failure(this.#failureOf(answer, call, token));
    const read = isMarkup(answer) ? undefined : readAnswer(answer, this.#redactor(token));
    if (read) return success(read);
    return failure(isSuccess(status) ? this.#unreadable(answer) : this.#failureOf(answer, call, token));
  }

  #unanswered(failed: HttpFailure): ApiFailure {
    const outcome = outcomeOf(failure(failed), this.#io.nowMs());
    return { outcome: failedOf(outcome), mayBeDone: failed.kind !== 'host_not_allowed' };
  }

  /** A 2xx whose body is none of Falcon's: a portal's page, or one that broke off. */
  #unreadable(answer: HttpAnswer): ApiFailure {
    const outcome = outcomeOf(success(answer), this.#io.nowMs());
    return { outcome: failedOf(outcome, answer.status), mayBeDone: true };
  }

  #failureOf(answer: HttpAnswer, call: ApiCall, token: string): ApiFailure {
    return failureOf(answer, { scope: call.scope, redact: this.#redactor(token), nowMs: this.#io.nowMs() });
  }

  #redactor(token: string): (text: string) => string {
    const { clientId, clientSecret } = this.#place;
    return echoRemover([token, clientSecret, clientId]);
  }

  async #mint(): Promise<Result<MintedToken, ApiFailure>> {
    const { timeoutMs, attemptId, nowMs } = this.#io;
    return mintToken(this.#place, { send: this.#send, timeoutMs, attemptId, nowMs });
  }

  readonly #send: SendRequest = async (request) => {
    this.#requests++;
    return this.#io.send(request);
  };
}

/** A delivery that can't be read is none. */
function failedOf(outcome: ReturnType<typeof outcomeOf>, status?: number): ApiFailure['outcome'] {
  if (outcome.kind !== 'delivered') return outcome;
  const detail = `HTTP ${status} with a body that is no JSON, or that broke off`;
  return { kind: 'retry', reason: 'server_error', detail, ...(status !== undefined && { status }) };
}
