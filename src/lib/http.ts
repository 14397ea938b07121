/**
 * The one way out: an HTTP request with a timeout, no redirects, a capped answer, a host allow-list and a connection limit.
 * Never follows a redirect, never reads more than it must, never throws for what the other side does.
 */

import type { Result } from './result.ts';
import { failure, success } from './result.ts';
import type { Semaphore } from './semaphore.ts';

/** Enough to name a vendor's error; the rest of an answer is not read, unless the request says otherwise. */
export const ANSWER_BYTES_MAX = 16 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the moment of sending, the answer's body included; waiting for a connection does not count. */
  readonly timeoutMs: number;
  /** Of the answer's body, so much is read. Default ANSWER_BYTES_MAX. */
  readonly answerBytesMax?: number;
  /** Called right before the request leaves, when there is a connection for it. What it throws is thrown, and nothing is sent. */
  readonly onSend?: () => void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** At most `answerBytesMax` bytes, decoded leniently. */
  readonly body: string;
}

export type HttpFailure =
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'network'; readonly detail: string }
  | { readonly kind: 'tls'; readonly detail: string }
  | { readonly kind: 'host_not_allowed'; readonly host: string; readonly why?: string };

export type SendRequest = (request: HttpRequest) => Promise<Result<HttpAnswer, HttpFailure>>;

export interface HttpGuard {
  readonly fetch: typeof fetch;
  /** Whether a request may go to this URL: the tenant's residency decides. */
  readonly allows: (url: URL) => boolean;
  /** What to say where it does not. */
  readonly why?: (url: URL) => string | undefined;
  /** Held until the answer's headers arrive. */
  readonly connections: Semaphore;
}

/** The guarded function for one destination. */
export function guardedHttp(guard: HttpGuard): SendRequest {
  return async (request) => {
    const url = URL.parse(request.url);
    if (!url || !guard.allows(url)) return failure(notAllowed(url, guard));
    const release = await guard.connections.acquire();
    try {
      request.onSend?.();
    } catch (error) {
      release();
      throw error;
    }
    const abort = new AbortController();
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      abort.abort();
    }, request.timeoutMs);
    try {
      const response = await guard.fetch(url.href, {
        method: request.method,
        headers: request.headers,
        redirect: 'manual',
        signal: abort.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      release();
      return success({
        status: response.status,
        headers: response.headers,
        body: await readCapped(response, request.answerBytesMax ?? ANSWER_BYTES_MAX),
      });
    } catch (error) {
      if (isTimedOut) return failure({ kind: 'timeout', timeoutMs: request.timeoutMs });
      return failure(networkFailure(error, url.host));
    } finally {
      clearTimeout(timer);
      release();
    }
  };
}

function notAllowed(url: URL | null, { why }: HttpGuard): HttpFailure {
  const words = url ? why?.(url) : undefined;
  return { kind: 'host_not_allowed', host: url?.host ?? '', ...(words !== undefined && { why: words }) };
}

/** A session that ended says nothing about certificates, though its message names TLS. */
const BROKEN_PATTERN = /\b(?:disconnected|closed|reset|lost)\b/i;

/** What workerd says where a name does not resolve, or nothing takes the connection, with a reference that is of use to Cloudflare alone. */
const NO_CONNECTION_PATTERN = /^internal error\b/i;
const NO_CONNECTION = 'no connection: the name is unknown, or nothing answers there';

function networkFailure(error: unknown, host: string): HttpFailure {
  const message = error instanceof Error ? error.message.slice(0, 200) : 'unknown network error';
  if (NO_CONNECTION_PATTERN.test(message)) return { kind: 'network', detail: `${host}: ${NO_CONNECTION}` };
  const isTls = /\b(TLS|SSL|certificate)\b/i.test(message) && !BROKEN_PATTERN.test(message);
  const kind = isTls ? 'tls' : 'network';
  return { kind, detail: `${host}: ${message}` };
}

/** What arrives of the body within the cap and the time. The status is known by now, so a body that breaks off is no failure. */
async function readCapped(response: Response, bytesMax: number): Promise<string> {
  if (!response.body) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    while (bytes < bytesMax) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      const chunk = value.subarray(0, bytesMax - bytes);
      bytes += chunk.byteLength;
      text += decoder.decode(chunk, { stream: true });
    }
    await reader.cancel();
  } catch {
    return text;
  }
  return text;
}
