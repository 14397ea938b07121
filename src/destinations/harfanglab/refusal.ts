/**
 * What HarfangLab says of what it refuses: `{"field": ["message"]}`, or `{"detail": "message"}`. Pure.
 * Never keeps what looks like a credential, which an answer may quote.
 */

import type { FailedOutcome } from '../../domain/outcome.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabAnswer } from './api.ts';

/** Answers about what was sent, not about the token or the address. */
export const REFUSALS: readonly number[] = [400, 409, 422];
const LENGTH_MAX = 200;
const CREDENTIAL_PATTERN = /[A-Za-z0-9_-]{32,}/g;

/** Of one change: the others may pass. */
export interface Refused {
  readonly kind: 'refused';
  /** In the manager's words. */
  readonly message: string;
}

/** A failure that is a refusal is about the one change, and no failure of the turn. */
export function withRefusal<T>(changed: Result<T, ApiFailure>): Result<T | Refused, ApiFailure> {
  if (changed.ok || changed.error.outcome.kind !== 'rejected') return changed;
  return success({ kind: 'refused', message: changed.error.outcome.excerpt });
}

/** An answer of a server in trouble, which may be about the one change. */
export function isOfServer(outcome: FailedOutcome): boolean {
  return outcome.kind === 'retry' && outcome.status !== undefined && outcome.status >= 500;
}

export function isRefusal({ status }: HarfangLabAnswer): boolean {
  return status >= 300;
}

/** In the manager's words. */
export function refusalText({ status, body }: HarfangLabAnswer): string {
  const text = told(textsIn(body).join(', '));
  return text === '' ? `HTTP ${status}, without a reason` : text;
}

/** Whether it refused what is there already. Source: OpenCTI-Platform/connectors issues 1975 and 2449, read 2026-11. */
export function isDuplicate(answer: HarfangLabAnswer): boolean {
  return isRefusal(answer) && /already exists/i.test(textsIn(answer.body).join(' '));
}

/** On one line, and short. */
export function told(text: string): string {
  return text
    .replaceAll(CREDENTIAL_PATTERN, '…')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LENGTH_MAX);
}

/** The messages of an answer, each with its field where it has one. */
export function textsIn(value: unknown, field = ''): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [field === '' ? value : `${field}: ${value}`];
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, field));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => textsIn(item, isNamed(name) ? name : field));
}

/** `detail` and `__all__` are about no field. */
function isNamed(name: string): boolean {
  return name !== 'detail' && !name.startsWith('_');
}
