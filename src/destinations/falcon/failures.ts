/**
 * What an answer of Falcon's API that is no success means for a lane, and what of it may be kept. Pure: the time is passed in.
 * Never keeps a credential: neither the relay's own secrets nor a token that an answer quotes.
 */

import { ANSWER_BYTES_MAX, type HttpAnswer } from '../../lib/http.ts';
import { success, unreachable } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { excerptOf, isMarkup, outcomeOf } from '../outcome.ts';
import { type ApiAnswer, type Redact, readAnswer, tellErrors, traceIdOf } from './answers.ts';
import { type FalconScope, scopeName } from './scopes.ts';

export type Failed = ApiFailure['outcome'];

/** How long to wait where a 429 does not say. Source: Netskope ta_cloud_exchange_plugins, PSFalcon, read 2026-11. */
export const BUSY_WAIT_MS = 60_000;

/** Sent again, it conflicts again. Other products do not send it, so it is not among what all have in common. */
const CONFLICT = 409;

/** An answer as it may be told: its body says what its errors say, or what it holds, without anything that must not be kept. */
export interface ToldAnswer {
  readonly answer: HttpAnswer;
  /** ` (trace id …)`, or nothing. */
  readonly trace: string;
}

export function toldAnswer(answer: HttpAnswer, read: ApiAnswer | undefined, redact: Redact): ToldAnswer {
  const errors = read ? tellErrors(read.errors) : '';
  const body = errors === '' ? redact(answer.body.slice(0, ANSWER_BYTES_MAX)) : errors;
  const traceId = traceIdOf(answer, read?.meta);
  return { answer: { ...answer, body }, trace: traceId === undefined ? '' : ` (trace id ${traceId})` };
}

/** Answers of somebody in between, or of a server in trouble: what was asked for may have been done all the same. */
export function isOpen(status: number): boolean {
  return status >= 500 || status === 408 || status === 425;
}

/** What came of a call whose answer is neither 2xx nor 3xx nor one that the caller asked for. */
export function failureOf(
  answer: HttpAnswer,
  { scope, redact, nowMs }: { readonly scope: FalconScope; readonly redact: Redact; readonly nowMs: number },
): ApiFailure {
  const { answer: told, trace } = toldAnswer(answer, readAnswer(answer, redact), redact);
  return { outcome: outcomeIn(told, trace, { scope, nowMs }), mayBeDone: isOpen(answer.status) };
}

function outcomeIn(
  told: HttpAnswer,
  trace: string,
  { scope, nowMs }: { readonly scope: FalconScope; readonly nowMs: number },
): Failed {
  const outcome = outcomeOf(success(told), nowMs);
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'blocked', reason: 'unexpected_status', detail: `HTTP ${told.status}` };
    case 'retry': {
      const wait = outcome.reason === 'busy' ? { retryAfterMs: outcome.retryAfterMs ?? BUSY_WAIT_MS } : {};
      return { ...outcome, ...wait, ...(trace && { excerpt: `${outcome.excerpt ?? ''}${trace}` }) };
    }
    case 'rejected':
      return { ...outcome, excerpt: `${outcome.excerpt}${trace}` };
    case 'blocked':
      return blockedIn(outcome, told, { scope, trace });
    default:
      return unreachable(outcome);
  }
}

/** The words for what the API's own refusals mean; a proxy's page with the same status is not one of them. */
function blockedIn(
  outcome: Extract<Failed, { kind: 'blocked' }>,
  told: HttpAnswer,
  { scope, trace }: { readonly scope: FalconScope; readonly trace: string },
): Failed {
  if (outcome.reason === 'unauthorized') {
    const detail = `the API refuses a token that was just renewed: the API client belongs to another region, or lacks the scope ${scopeName(scope)}${trace}`;
    return { ...outcome, detail };
  }
  if (outcome.reason === 'forbidden' && !isMarkup(told)) {
    const detail = `the API client lacks the scope ${scopeName(scope)}${trace}`;
    return { ...outcome, reason: 'scope_missing', detail };
  }
  if (told.status === CONFLICT)
    return { kind: 'rejected', status: CONFLICT, excerpt: `${excerptOf(told)}${trace}` };
  return { ...outcome, detail: `${outcome.detail}${trace}` };
}
