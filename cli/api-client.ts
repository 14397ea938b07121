/**
 * Requests to the relay's admin API: one origin, one credential, which follows no redirect. 429 and 503 are waited out as the
 * relay asks (`Retry-After`), for all requests of a run together. Failures are values.
 */

import type { Result } from '../src/lib/result.ts';
import { failure, success } from '../src/lib/result.ts';
import { type ApiFailure, cliFailureOf, RELAY_OPTION } from './api-failure.ts';
import { type Answer, readAnswer } from './api-answer.ts';
import type { Shape } from './api-shapes.ts';
import type { Io } from './io.ts';
import { networkErrorOf } from './network-error.ts';

/** A test of a destination takes up to 15 s for each of its lanes. */
const TIMEOUT_MS = 60_000;
/** What one request waits in all because of 429 and 503. */
const WAIT_TOTAL_MS_MAX = 300_000;
/** A relay that names no time. */
const RETRY_AFTER_SECONDS_DEFAULT = 5;
/** One that names less would be asked without a pause. */
const RETRY_AFTER_SECONDS_MIN = 1;
const BACKOFFS_MS = [500, 2_000];

const NEVER = new AbortController().signal;

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Such as `/api/v1/tenants`, its parts percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** What the answer must have. */
  readonly shape: Shape;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** A document that is JSON already. */
  readonly json?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether doing it twice is as good as once. Default: only GET is. What was refused with 429 is repeated in any case. */
  readonly isRepeatable?: boolean;
  /** Ctrl-C does not break it off: whether a change was made must be known. */
  readonly mustFinish?: boolean;
}

export interface ApiClientOptions {
  /** Such as `https://relay.example.com`. */
  readonly origin: string;
  /** Where the caller said so. */
  readonly option?: string;
  /** Credentials and the operator's reason. */
  readonly headers: Readonly<Record<string, string>>;
  readonly io: Pick<Io, 'fetch' | 'nowMs' | 'sleep' | 'signal'>;
  /** Told when the relay asks to wait, and with 0 when it goes on. */
  readonly onWait?: (ms: number) => void;
}

export class ApiClient {
  readonly origin: string;
  onWait: (ms: number) => void;
  readonly #option: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #io: ApiClientOptions['io'];
  /** Nobody asks before: the relay asked somebody to wait. */
  #gateMs = 0;

  constructor({ origin, option = RELAY_OPTION, headers, io, onWait = () => undefined }: ApiClientOptions) {
    this.origin = origin;
    this.#option = option;
    this.onWait = onWait;
    this.#headers = headers;
    this.#io = io;
  }

  /** The answer's body, or the failure that ends the command. `what` says what is tried: `list the tenants`. */
  async ask<T>(what: string, request: ApiRequest): Promise<T> {
    const answer = await this.send<T>(request);
    if (!answer.ok) throw cliFailureOf(answer.error, what, this.origin, this.#option);
    return answer.value.body;
  }

  async send<T>(request: ApiRequest): Promise<Result<Answer<T>, ApiFailure>> {
    const { nowMs } = this.#io;
    const signal = request.mustFinish === true ? NEVER : this.#io.signal;
    const isRepeatable = request.isRepeatable ?? request.method === 'GET';
    const untilMs = nowMs() + WAIT_TOTAL_MS_MAX;
    for (let losses = 0; ;) {
      if (!(await this.#passGate(signal))) return failure({ kind: 'interrupted' });
      const response = await this.#attempt(request, signal);
      if (signal.aborted) return failure({ kind: 'interrupted' });
      if (!response.ok) {
        const backoffMs = BACKOFFS_MS[losses];
        if (!isRepeatable || response.error.isLasting || backoffMs === undefined) {
          return failure({ kind: 'not_reachable', detail: response.error.words });
        }
        losses++;
        this.#close(backoffMs);
        continue;
      }
      const { status, headers } = response.value;
      const waitMs = status === 429 || (status === 503 && isRepeatable) ? retryAfterMs(headers) : undefined;
      if (waitMs === undefined || nowMs() + waitMs > untilMs)
        return readAnswer<T>(response.value, request.shape);
      await response.value.body?.cancel();
      this.#close(waitMs);
      this.onWait(waitMs);
    }
  }

  async #attempt(
    request: ApiRequest,
    interrupt: AbortSignal,
  ): Promise<Result<Response, ReturnType<typeof networkErrorOf>>> {
    const { method, path, query = {}, body, json, headers } = request;
    const url = new URL(path, this.origin);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const text = json ?? (body === undefined ? undefined : JSON.stringify(body));
    try {
      const response = await this.#io.fetch(url, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any([interrupt, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          accept: 'application/json',
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...this.#headers,
          ...headers,
        },
        ...(text === undefined ? {} : { body: text }),
      });
      return success(response);
    } catch (error) {
      return failure(networkErrorOf(error));
    }
  }

  #close(ms: number): void {
    this.#gateMs = Math.max(this.#gateMs, this.#io.nowMs() + ms);
  }

  /** Waits until requests may go out; false: interrupted. */
  async #passGate(signal: AbortSignal): Promise<boolean> {
    const { nowMs, sleep } = this.#io;
    while (!signal.aborted && nowMs() < this.#gateMs) {
      await sleep(this.#gateMs - nowMs(), signal).catch(() => undefined);
    }
    if (this.#gateMs > 0) this.onWait(0);
    return !signal.aborted;
  }
}

function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? RETRY_AFTER_SECONDS_DEFAULT);
  const isTime = Number.isFinite(seconds) && seconds >= 0;
  return (isTime ? Math.max(RETRY_AFTER_SECONDS_MIN, seconds) : RETRY_AFTER_SECONDS_DEFAULT) * 1000;
}
