/**
 * Reads a list to its end, page by page: what is on a page that was not read would be the second of its kind.
 * Never returns a part. Source: facts of XSOAR and DROID (`limit`, `offset`), SEKOIA (a bare list), read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { type HarfangLabApi, hasNextPage, resultsIn } from './api.ts';
import type { Permission } from './permissions.ts';

const PAGE_SIZE = 200;
const PAGES_MAX = 5;

type Row = Readonly<Record<PropertyKey, unknown>>;

/** All results of a query; `too_many`: there are more than can be looked through. */
export async function allResults(
  api: HarfangLabApi,
  path: string,
  query: Readonly<Record<string, string>>,
  permission: Permission,
): Promise<Result<readonly Row[] | 'too_many', ApiFailure>> {
  const rows: Row[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const parameters = new URLSearchParams({ ...query, limit: String(PAGE_SIZE) });
    if (rows.length > 0) parameters.set('offset', String(rows.length));
    const answer = await api.request({
      method: 'GET',
      path: `${path}?${parameters.toString()}`,
      permission,
    });
    if (!answer.ok) return answer;
    const results = resultsIn(answer.value);
    if (!results) {
      const detail = `HTTP ${answer.value.status} with a body that is no list`;
      return failure({ outcome: { kind: 'retry', reason: 'server_error', detail }, mayBeDone: false });
    }
    rows.push(...results);
    // A manager may give fewer on a page than were asked for, and a bare list does not say whether it goes on.
    const isFull = Array.isArray(answer.value.body) && results.length >= PAGE_SIZE;
    const goesOn = hasNextPage(answer.value) || isFull;
    if (!goesOn) return success(isWhole(answer.value.body, rows.length) ? rows : 'too_many');
    if (results.length === 0) break;
  }
  return success('too_many');
}

/** As far as the answer says how many there are. */
function isWhole(body: unknown, found: number): boolean {
  const count = isRecord(body) ? body['count'] : undefined;
  return typeof count !== 'number' || found >= count;
}
