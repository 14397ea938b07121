/**
 * Reads a list to its end, page by page: what is on a page that was not read would be the second of its kind.
 * Never returns a part, nor a list whose pages repeat or hold what is no record. Source: facts of XSOAR and DROID (`limit`, `offset`),
 * SEKOIA (a bare list), read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { type HarfangLabAnswer, type HarfangLabApi, hasNextPage } from './api.ts';
import type { Permission } from './permissions.ts';

const PAGE_SIZE = 200;
const PAGES_MAX = 5;

type Row = Readonly<Record<PropertyKey, unknown>>;

/** There are more than can be looked through; or what was read is not the whole, for sure or maybe. */
export type NoList = 'too_many' | 'unclear';

export interface ListQuery {
  readonly path: string;
  /** With an `ordering` that does not change while the pages are read. */
  readonly filters: Readonly<Record<string, string>>;
  readonly permission: Permission;
}

/** All results of a query. */
export async function allResults(
  api: HarfangLabApi,
  { path, filters, permission }: ListQuery,
): Promise<Result<readonly Row[] | NoList, ApiFailure>> {
  const rows: Row[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const parameters = new URLSearchParams({ ...filters, limit: String(PAGE_SIZE) });
    if (rows.length > 0) parameters.set('offset', String(rows.length));
    const answer = await api.request({
      method: 'GET',
      path: `${path}?${parameters.toString()}`,
      permission,
    });
    if (!answer.ok) return answer;
    const list = listIn(answer.value);
    if (!list) {
      const detail = `HTTP ${answer.value.status} with a body that is no list`;
      return failure({ outcome: { kind: 'retry', reason: 'server_error', detail }, mayBeDone: false });
    }
    const records = list.filter(isRecord);
    if (records.length < list.length) return success('unclear');
    rows.push(...records);
    // A manager may give fewer on a page than were asked for, and a bare list does not say whether it goes on.
    const isFull = Array.isArray(answer.value.body) && list.length >= PAGE_SIZE;
    if (!hasNextPage(answer.value) && !isFull)
      return success(isWhole(answer.value.body, rows) ? rows : 'unclear');
    if (list.length === 0) return success('unclear');
  }
  return success('too_many');
}

/** As it came: what is no record in it may stand for one. */
function listIn({ body }: HarfangLabAnswer): readonly unknown[] | undefined {
  const list = isRecord(body) && !Array.isArray(body) ? body['results'] : body;
  return Array.isArray(list) ? list : undefined;
}

/** None came twice, as from a manager that does not know `offset`, and as many came as the answer says there are. */
function isWhole(body: unknown, rows: readonly Row[]): boolean {
  const distinct = new Set(rows.map((row) => JSON.stringify(row['id'] ?? row)));
  const count = isRecord(body) ? body['count'] : undefined;
  return distinct.size === rows.length && (typeof count !== 'number' || rows.length >= count);
}
