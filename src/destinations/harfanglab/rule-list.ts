/**
 * Lists of HarfangLab's rules and of their sources, whole: what a page does not show would be made twice, or never removed.
 * A filter that a manager does not know is ignored and answers everything, so callers look again at what they get.
 * Source: OpenCTI, DROID and XSOAR connectors, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { type HarfangLabApi, hasNextPage, resultsIn } from './api.ts';

/** Rows of one answer: their JSON stays far below what is read of an answer. */
const PAGE_ROWS = 500;
/** Deeper pages are refused. Source: Fortinet's connector, read 2026-11. */
const ROWS_MAX = 10_000;
export const RULES_BASE = '/api/data/threat_intelligence/';

export type RuleList = 'IOCSource' | 'IOCRule' | 'SigmaSource' | 'SigmaRule';
type Row = Readonly<Record<PropertyKey, unknown>>;

/** All that a list has for a query. */
export async function listAll(
  api: HarfangLabApi,
  list: RuleList,
  query: Readonly<Record<string, string>>,
): Promise<Result<readonly Row[], ApiFailure>> {
  const rows = new Map<unknown, Row>();
  for (let offset = 0; offset < ROWS_MAX;) {
    const page = new URLSearchParams({
      ...query,
      limit: `${PAGE_ROWS}`,
      ...(offset && { offset: `${offset}` }),
    });
    const path = `${RULES_BASE}${list}/?${page.toString()}`;
    const answer = await api.request({ method: 'GET', path, permission: 'rulesView' });
    if (!answer.ok) return answer;
    const results = resultsIn(answer.value);
    if (!results) return failure(inPart(list, 'nothing in it'));
    for (const row of results) rows.set(row['id'], row);
    offset += results.length;
    if (hasNextPage(answer.value) && results.length > 0) continue;
    const { count } = isRecord(answer.value.body) ? answer.value.body : {};
    const total = typeof count === 'number' ? count : 0;
    return rows.size >= total
      ? success([...rows.values()])
      : failure(inPart(list, `${rows.size} of ${total}`));
  }
  return failure(inPart(list, `there are more than ${ROWS_MAX}`));
}

function inPart(list: RuleList, what: string): ApiFailure {
  const detail = `the list ${list} was answered in part: ${what}`;
  return { outcome: { kind: 'retry', reason: 'server_error', detail }, mayBeDone: false };
}
