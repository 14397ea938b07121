/**
 * Which machine a user works at, from HarfangLab's telemetry of interactive logons: the answer counts only when it is exactly one.
 * What the filters let through is compared again. HarfangLab's own audit records the query, with the user's id in it.
 * Sources: facts of XSOAR (`get_frequent_users`), Microsoft's event 4624 (type 2: at the keyboard), read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabApi } from './api.ts';
import { allResults } from './pages.ts';

export const LOGONS_PATH = '/api/data/telemetry/authentication/AuthenticationWindows/';
const INTERACTIVE = '2';
const DAY_MS = 24 * 3_600_000;

type Row = Readonly<Record<PropertyKey, unknown>>;

/** The id of the agent; or why there is not exactly one, a clause. */
export type Machine = { readonly agentId: string } | { readonly detail: string };

/** Of the day before `untilMs`, and of what has come since. `userId`: as Noxys names the user, with or without a domain. */
export async function machineOf(
  api: HarfangLabApi,
  userId: string,
  untilMs: number,
): Promise<Result<Machine, ApiFailure>> {
  const sinceMs = untilMs - DAY_MS;
  const agentIds = new Set<string>();
  for (const name of spellings(userId)) {
    const query = {
      'windows.logon_type': INTERACTIVE,
      success: 'true',
      target_username: name,
      '@event_create_date__gte': new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    const rows = await allResults(api, LOGONS_PATH, query, 'telemetryView');
    if (!rows.ok) return failure(rows.error);
    if (rows.value === 'too_many')
      return success({ detail: 'HarfangLab shows more logons of the user than can be looked through' });
    for (const row of rows.value) {
      if (!isLogonOf(row, userId)) continue;
      const { agentId, atMs } = placeOf(row);
      if (agentId === undefined || atMs === undefined)
        return success({ detail: 'HarfangLab shows a logon of the user without its agent or its time' });
      if (atMs >= sinceMs) agentIds.add(agentId);
    }
  }
  const [agentId, ...others] = agentIds;
  if (agentId === undefined)
    return success({ detail: 'HarfangLab shows no interactive logon of the user in 24 hours' });
  return success(
    others.length === 0
      ? { agentId }
      : { detail: `HarfangLab shows the user at ${others.length + 1} machines in 24 hours` },
  );
}

/** The exact filter tells upper from lower case, Windows does not. */
function spellings(userId: string): Set<string> {
  return new Set(
    [userId, accountOf(userId)].flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]),
  );
}

function isLogonOf(row: Row, userId: string): boolean {
  const windows = isRecord(row['windows']) ? row['windows'] : {};
  const name = row['target_username'];
  return (
    typeof name === 'string' &&
    isSameAccount(name, userId) &&
    String(windows['logon_type']) === INTERACTIVE &&
    row['success'] === true
  );
}

/** `DOMAIN\user`, `user@domain` and `user` are the same account, unless both tell a domain in the same form, and another one. */
export function isSameAccount(name: string, other: string): boolean {
  const [a, b] = [name.toLowerCase(), other.toLowerCase()];
  if (accountOf(a) === '' || accountOf(a) !== accountOf(b)) return false;
  return (['\\', '@'] as const).every((mark) => !a.includes(mark) || !b.includes(mark) || a === b);
}

function accountOf(name: string): string {
  const bare = name.slice(name.lastIndexOf('\\') + 1);
  return bare.split('@')[0] ?? bare;
}

function placeOf(row: Row): { readonly agentId: string | undefined; readonly atMs: number | undefined } {
  const agent = isRecord(row['agent']) ? row['agent'] : {};
  const [agentId, at] = [agent['agentid'], row['@event_create_date']];
  const atMs = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return {
    agentId: typeof agentId === 'string' && agentId !== '' ? agentId.toLowerCase() : undefined,
    atMs: Number.isNaN(atMs) ? undefined : atMs,
  };
}
