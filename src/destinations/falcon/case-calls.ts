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
import { fqlValue } from './fql.ts';

/** Alerts, events and leads of a case together. Source: falcon-mcp modules/cases.py, read 2026-11. */
export const EVIDENCE_MAX = 100;
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
  readonly description: string | undefined;
  /** How many more pieces of evidence it may have. */
  readonly evidenceRoom: number;
}

export interface CaseChange {
  readonly description?: string;
  readonly severity?: number;
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

/** The id of the case with a tag; undefined: the search, which lags behind, shows none. */
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
  return answer.ok ? success(answer.value.resources.find((id) => typeof id === 'string')) : answer;
}

/** A case as it is now; undefined: it is gone. */
export async function readCase(
  api: FalconApi,
  id: string,
): Promise<Result<KnownCase | undefined, ApiFailure>> {
  const answer = await api.request({
    method: 'POST',
    path: CASES_PATH,
    body: { ids: [id] },
    scope: 'cases:read',
    answers: [404],
  });
  if (!answer.ok) return answer;
  const found = answer.value.resources.map(caseIn).find((one) => one?.id === id);
  if (found) return success(found);
  const isGone = answer.value.errors.length === 0 || codesOf(answer.value).has(404);
  return isGone ? success(undefined) : failure(partialFailure(answer.value));
}

/**
 * Changes what is named in `fields`: outside of it, Falcon ignores a change without a word (falcon-mcp#388).
 * `conflict`: somebody else changed the case since it was read.
 */
export async function patchCase(
  api: FalconApi,
  { id, version }: KnownCase,
  fields: CaseChange,
): Promise<Result<'changed' | 'conflict' | 'gone', ApiFailure>> {
  const answer = await api.request({
    method: 'PATCH',
    path: CASES_PATH,
    body: defined({ id, fields, expected_version: version }),
    scope: 'cases:write',
    answers: [404, 409],
  });
  if (!answer.ok) return answer;
  const { resources, errors } = answer.value;
  const codes = codesOf(answer.value);
  if (codes.has(409)) return success('conflict');
  if (codes.has(404)) return success('gone');
  const isRefused = resources.length === 0 && errors.length > 0;
  return isRefused ? failure(partialFailure(answer.value)) : success('changed');
}

/** Makes alerts evidence of a case. */
export async function addAlerts(
  api: FalconApi,
  id: string,
  alerts: readonly string[],
): Promise<Result<ApiAnswer, ApiFailure>> {
  return api.request({
    method: 'POST',
    path: '/cases/entities/alert-evidence/v1',
    body: { id, alerts: alerts.map((alert) => ({ id: alert })) },
    scope: 'cases:write',
  });
}

function caseIn(resource: unknown): KnownCase | undefined {
  if (!isRecord(resource)) return undefined;
  const { id, version, severity, status, description, evidence } = resource;
  if (typeof id !== 'string' || id === '') return undefined;
  return {
    id,
    version: typeof version === 'number' ? version : undefined,
    severity: typeof severity === 'number' ? severity : 0,
    isClosed: status === 'closed',
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

/** A 2xx that carries errors instead of what was asked for. */
function partialFailure({ status, errors }: ApiAnswer): ApiFailure {
  const detail = `HTTP ${status} with an error`;
  return {
    outcome: { kind: 'retry', reason: 'server_error', detail, status, excerpt: tellErrors(errors) },
    mayBeDone: true,
  };
}
