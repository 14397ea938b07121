/**
 * The calls of Falcon's Cases API, each with what its answer may say. Knows neither entries nor memory.
 * A PUT always makes a case: whether it was made already is the caller's to find out.
 * Source: vendor OpenAPI of Cases, falcon-mcp modules/cases.py and tests/integration/test_cases.py, read 2026-11.
 */

import { defined } from '../../lib/defined.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { ApiAnswer, FalconApi } from './api.ts';
import { tellErrors } from './answers.ts';
import { unconfirmed } from './case-turn.ts';
import { fqlValue } from './fql.ts';

/** Alerts, events and leads of a case together. Source: falcon-mcp modules/cases.py, read 2026-11. */
export const EVIDENCE_MAX = 100;
const NOT_FOUND = 404;
const CONFLICT = 409;
const CASES_PATH = '/cases/entities/cases/v2';

export interface NewCase {
  readonly name: string;
  readonly description: string;
  readonly severity: number;
  readonly tags: readonly string[];
  readonly template: string | undefined;
  /** Ids, EVIDENCE_MAX at most. */
  readonly alerts: readonly string[];
}

export interface KnownCase {
  readonly id: string;
  readonly version: number | undefined;
  readonly severity: number;
  readonly isClosed: boolean;
  /** Undefined: the answer does not tell. */
  readonly tags: readonly unknown[] | undefined;
  /** Undefined: the answer does not tell. */
  readonly description: string | undefined;
  /** How many more pieces of evidence it may have. */
  readonly evidenceRoom: number;
}

export interface CaseChange {
  readonly description?: string;
  readonly severity?: number;
  readonly status?: 'closed';
}

/** Opens a case and answers its id; undefined: an answer that leaves open whether there is one now. `onSend` as in ApiCall. */
export async function putCase(
  api: FalconApi,
  wanted: NewCase,
  onSend: () => void,
): Promise<Result<string | undefined, ApiFailure>> {
  const { name, description, severity, tags, template, alerts } = wanted;
  const answer = await api.request({
    method: 'PUT',
    path: CASES_PATH,
    body: defined({
      name,
      description,
      description_format: 'plaintext',
      severity,
      status: 'new',
      tags,
      template: template === undefined ? undefined : { id: template },
      evidence: alerts.length === 0 ? undefined : { alerts: alerts.map((id) => ({ id })) },
    }),
    scope: 'cases:write',
    onSend,
  });
  return answer.ok ? success(answer.value.resources.map(caseIn).find(Boolean)?.id) : answer;
}

/** The id of the case with a tag; undefined: the search, which lags behind, says that there is none. */
export async function findCase(api: FalconApi, tag: string): Promise<Result<string | undefined, ApiFailure>> {
  const value = fqlValue(tag);
  if (!value.ok)
    throw new Error(`Cannot search for a case as its tag must be safe in a filter: it is ${tag}`);
  const query = new URLSearchParams({ filter: `tags:${value.value}`, limit: '1' });
  const answer = await api.request({
    method: 'GET',
    path: `/cases/queries/cases/v1?${query.toString()}`,
    scope: 'cases:read',
  });
  if (!answer.ok) return answer;
  const { resources, hasResources, errors } = answer.value;
  if (errors.length > 0) return failure(partialFailure(answer.value));
  const id = resources.find((resource) => typeof resource === 'string');
  const isTold = id !== undefined || (hasResources && resources.length === 0);
  return isTold ? success(id) : failure(untold('the search answers nothing'));
}

/** A case as it is now; undefined: it is gone. That an answer has no case in it proves nothing: Falcon must say so. */
export async function readCase(
  api: FalconApi,
  id: string,
): Promise<Result<KnownCase | undefined, ApiFailure>> {
  const answer = await api.request({
    method: 'POST',
    path: CASES_PATH,
    body: { ids: [id] },
    scope: 'cases:read',
    answers: [NOT_FOUND],
  });
  if (!answer.ok) return answer;
  const found = answer.value.resources.map(caseIn).find((one) => one?.id === id);
  if (found) return success(found);
  if (isGone(answer.value, id)) return success(undefined);
  const hasErrors = answer.value.errors.length > 0;
  return failure(hasErrors ? partialFailure(answer.value) : untold('the case can not be read'));
}

/** An error 404 that names the case, or an HTTP 404 that is Falcon's. */
function isGone({ status, errors }: ApiAnswer, id: string): boolean {
  if (status === NOT_FOUND) return errors.length > 0;
  return errors.some((error) => error.code === NOT_FOUND && (error.id === id || error.message.includes(id)));
}

/**
 * Changes what is named in `fields`: outside of it, Falcon ignores a change without a word (falcon-mcp#388).
 * `conflict`: somebody else changed the case since it was read. Only an answer with the case in it says that it was changed.
 */
export async function patchCase(
  api: FalconApi,
  { id, version }: KnownCase,
  fields: CaseChange,
): Promise<Result<'changed' | 'conflict', ApiFailure>> {
  const answer = await api.request({
    method: 'PATCH',
    path: CASES_PATH,
    body: defined({ id, fields, expected_version: version }),
    scope: 'cases:write',
    answers: [NOT_FOUND, CONFLICT],
  });
  if (!answer.ok) return answer;
  const { resources, errors } = answer.value;
  const codes = codesOf(answer.value);
  if (codes.has(CONFLICT)) return success('conflict');
  // It was read a moment ago: whether it is gone, the next read tells.
  if (codes.has(NOT_FOUND)) return failure(untold('the case can not be changed'));
  if (resources.length > 0) return success('changed');
  return failure(errors.length > 0 ? partialFailure(answer.value) : untold('the answer names no case'));
}

/** Makes alerts evidence of a case; whether all of them are now. */
export async function addAlerts(api: FalconApi, id: string, alerts: readonly string[]): Promise<boolean> {
  const answer = await api.request({
    method: 'POST',
    path: '/cases/entities/alert-evidence/v1',
    body: { id, alerts: alerts.map((alert) => ({ id: alert })) },
    scope: 'cases:write',
  });
  return answer.ok && answer.value.errors.length === 0;
}

/** Adds a tag to a case; whether it has it now. */
export async function addTag(api: FalconApi, id: string, tag: string): Promise<boolean> {
  const answer = await api.request({
    method: 'POST',
    path: '/cases/entities/case-tags/v1',
    body: { id, tags: [tag] },
    scope: 'cases:write',
  });
  return answer.ok && answer.value.errors.length === 0;
}

function caseIn(resource: unknown): KnownCase | undefined {
  if (!isRecord(resource)) return undefined;
  const { id, version, severity, status, tags, description, evidence } = resource;
  if (typeof id !== 'string' || id === '') return undefined;
  return {
    id,
    version: typeof version === 'number' ? version : undefined,
    severity: typeof severity === 'number' ? severity : 0,
    isClosed: status === 'closed',
    tags: Array.isArray(tags) ? tags : undefined,
    description: typeof description === 'string' ? description : undefined,
    evidenceRoom: Math.max(0, EVIDENCE_MAX - evidenceCount(evidence)),
  };
}

/** Read as `{alerts: {records: [...]}, ...}`. Source: gofalcon models/sdk_evidence_vm.go, read 2026-11. */
function evidenceCount(evidence: unknown): number {
  if (!isRecord(evidence)) return 0;
  return Object.values(evidence).reduce<number>((sum, kind) => {
    const records = isRecord(kind) ? kind['records'] : undefined;
    return sum + (Array.isArray(records) ? records.length : 0);
  }, 0);
}

/** Of the answer, and of the errors in it. */
function codesOf({ status, errors }: ApiAnswer): ReadonlySet<number | undefined> {
  return new Set([status, ...errors.map(({ code }) => code)]);
}

/** An answer that leaves open what is. */
function untold(detail: string): ApiFailure {
  return { outcome: unconfirmed(detail), mayBeDone: true };
}

/** A 2xx that carries errors, or nothing, instead of what was asked for. */
export function partialFailure({ status, errors }: ApiAnswer): ApiFailure {
  const detail = `HTTP ${status} with ${errors.length > 0 ? 'an error' : 'nothing in it'}`;
  return {
    outcome: { kind: 'retry', reason: 'server_error', detail, status, excerpt: tellErrors(errors) },
    mayBeDone: true,
  };
}
