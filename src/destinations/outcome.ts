/**
 * The one place where an HTTP answer becomes an outcome. Source of the rules: docs/architecture.md, "Behaviour of a lane".
 * Pure: no I/O, the time is passed in.
 */

import type { Quota } from './api-account.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { HttpAnswer, HttpFailure } from '../lib/http.ts';
import { type Result, unreachable } from '../lib/result.ts';

/** Of an answer's body kept for an operator: enough to name the fault. */
const EXCERPT_LENGTH_MAX = 300;
/** `X-RateLimit-RetryAfter` is epoch seconds or milliseconds; above this it is milliseconds. Source: gofalcon, PSFalcon, Netskope (seconds), vendor OpenAPI (milliseconds). */
const EPOCH_MS_FROM = 1e12;
/** As `us-1`, `eu-1`, `us-gov-1`: a header may hold anything. */
const REGION_PATTERN = /^[a-z]{2}(?:-gov)?-\d$/;
/** `\s` covers a byte order mark too. */
const MARKUP_PATTERN = /^\s*</;
/** Cloudflare's own answers for an origin whose TLS handshake or certificate fails. Source: Cloudflare error 525, 526. */
const TLS_STATUSES = new Set([525, 526]);

/** Source: Workers have no setting for it, Cloudflare's documentation of fetch and of Tunnel, read 2026-11. */
const PUBLIC_CERTIFICATE =
  'A Cloudflare Worker takes publicly trusted certificates only, and can not skip the check: give the destination such a certificate for this name, or put a tunnel in front of it';

/** What came of a request, from what a retry would achieve. */
export function outcomeOf(result: Result<HttpAnswer, HttpFailure>, nowMs: number): Outcome {
  return result.ok ? outcomeOfAnswer(result.value, nowMs) : outcomeOfFailure(result.error);
}

function outcomeOfFailure(failed: HttpFailure): Outcome {
  switch (failed.kind) {
    case 'timeout':
      return { kind: 'retry', reason: 'timeout', detail: `no answer within ${failed.timeoutMs / 1000} s` };
    case 'network':
      return { kind: 'retry', reason: 'network', detail: failed.detail };
    case 'tls':
      return {
        kind: 'blocked',
        reason: 'tls_failure',
        detail: `${failed.detail.replace(/\.$/, '')}. ${PUBLIC_CERTIFICATE}`,
      };
    case 'host_not_allowed':
      return {
        kind: 'blocked',
        reason: 'host_not_allowed',
        detail: `the tenant's residency does not allow ${failed.host || 'this address'}: ${failed.why ?? 'see RELAY_EGRESS_ALLOW'}`,
      };
    default:
      return unreachable(failed);
  }
}

function outcomeOfAnswer(answer: HttpAnswer, nowMs: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return outcomeOfSuccess(answer);
  if (status >= 300 && status < 400) {
    const region = REGION_PATTERN.exec(answer.headers.get('x-cs-region') ?? '')?.[0];
    const detail = `HTTP ${status}, a redirect: it is never followed${region ? `; the answer names region ${region}` : ''}`;
    return { kind: 'blocked', reason: 'redirected', detail };
  }
  if (status === 401) return blocked('unauthorized', answer);
  if (status === 403) return blocked('forbidden', answer);
  if (status === 404 || status === 405 || status === 410) return blocked('no_such_endpoint', answer);
  if (status === 400 || status === 413 || status === 415 || status === 422) {
    return { kind: 'rejected', status, excerpt: excerptOf(answer) };
  }
  if (TLS_STATUSES.has(status)) {
    const detail = `HTTP ${status}: the TLS handshake or the certificate fails. ${PUBLIC_CERTIFICATE}`;
    return { kind: 'blocked', reason: 'tls_failure', detail };
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return {
      kind: 'retry',
      reason: status === 429 ? 'busy' : 'server_error',
      detail: `HTTP ${status}`,
      status,
      excerpt: excerptOf(answer),
      ...retryAfter(answer.headers, nowMs),
    };
  }
  return blocked('unexpected_status', answer);
}

function outcomeOfSuccess(answer: HttpAnswer): Outcome {
  if (!isMarkup(answer)) return { kind: 'delivered' };
  return {
    kind: 'blocked',
    reason: 'html_answer',
    detail: `HTTP ${answer.status} with a web page: the address is a portal or a login page, not the API`,
  };
}

/** No API of these answers with markup, whatever it says: HTML or XHTML by its type, or a body that begins with a tag. */
export function isMarkup({ headers, body }: HttpAnswer): boolean {
  return /html/i.test(headers.get('content-type') ?? '') || MARKUP_PATTERN.test(body);
}

function blocked(reason: Extract<Outcome, { kind: 'blocked' }>['reason'], answer: HttpAnswer): Outcome {
  const excerpt = excerptOf(answer);
  return { kind: 'blocked', reason, detail: `HTTP ${answer.status}${excerpt ? `: ${excerpt}` : ''}` };
}

/** The start of the answer on one line, without anything that looks like a credential. */
export function excerptOf(answer: HttpAnswer): string {
  return answer.body
    .slice(0, 2 * EXCERPT_LENGTH_MAX)
    .replaceAll(/\b(Bearer|Token|Basic)\s+[\w.~+/=-]+/gi, '$1 …')
    .replaceAll(/[A-Za-z0-9_-]{32,}/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, EXCERPT_LENGTH_MAX);
}

/** The longer of `Retry-After` (seconds or an HTTP date) and `X-RateLimit-RetryAfter` (an absolute epoch time). */
function retryAfter(headers: Headers, nowMs: number): { retryAfterMs?: number } {
  const waits = [
    standardRetryAfterMs(headers.get('retry-after'), nowMs),
    falconRetryAfterMs(headers.get('x-ratelimit-retryafter'), nowMs),
  ].filter((ms) => ms !== undefined && ms > 0) as number[];
  return waits.length > 0 ? { retryAfterMs: Math.max(...waits) } : {};
}

/** `X-RateLimit-Limit` and `X-RateLimit-Remaining`. Source: Falcon, on every answer of its API (vendor OpenAPI, read 2026-11). */
export function quotaOf(headers: Headers): Quota | undefined {
  const limit = wholeOf(headers.get('x-ratelimit-limit'));
  const remaining = wholeOf(headers.get('x-ratelimit-remaining'));
  return limit === undefined || remaining === undefined ? undefined : { limit, remaining };
}

function wholeOf(value: string | null): number | undefined {
  return value !== null && /^\d{1,9}$/.test(value.trim()) ? Number(value) : undefined;
}

function standardRetryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
}

function falconRetryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null || !/^\d{1,16}$/.test(value.trim())) return undefined;
  const at = Number(value);
  return (at > EPOCH_MS_FROM ? at : at * 1000) - nowMs;
}
