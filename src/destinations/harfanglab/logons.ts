/**
 * Which machine a user works at, from HarfangLab's telemetry of interactive logons: the answer counts only when it is exactly one.
 * What the filters let through is compared again; what may be a logon of the user speaks against every other machine, and for none.
 * HarfangLab's own audit records the query, with the user's id in it.
 * Sources: facts of XSOAR (`get_frequent_users`), Microsoft's event 4624 (type 2: at the keyboard), read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabApi } from './api.ts';
import { type Sameness, likeliness, spellings } from './account-names.ts';
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
  const agents = { sure: new Set<string>(), any: new Set<string>() };
  for (const name of spellings(userId)) {
    const filters = {
      'windows.logon_type': INTERACTIVE,
      success: 'true',
      target_username: name,
      '@event_create_date__gte': new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z'),
      ordering: '@event_create_date',
    };
    const rows = await allResults(api, { path: LOGONS_PATH, filters, permission: 'telemetryView' });
    if (!rows.ok) return failure(rows.error);
    if (rows.value === 'too_many')
      return success({ detail: 'HarfangLab shows more logons of the user than can be looked through' });
    if (rows.value === 'unclear')
      return success({
        detail: "HarfangLab's list of the user's logons does not add up, or holds what can not be read",
      });
    for (const row of rows.value) {
      const sameness = samenessOf(row, userId);
      if (sameness === 'other') continue;
      const { agentId, atMs } = placeOf(row);
      if (agentId === undefined || atMs === undefined)
        return success({ detail: 'HarfangLab shows a logon of the user without its agent or its time' });
      if (atMs < sinceMs) continue;
      agents.any.add(agentId);
      if (sameness === 'same') agents.sure.add(agentId);
    }
  }
  return success(onlyOne(agents));
}

function onlyOne({ sure, any }: Readonly<Record<'sure' | 'any', ReadonlySet<string>>>): Machine {
  const [agentId] = sure;
  if (any.size === 0) return { detail: 'HarfangLab shows no interactive logon of the user in 24 hours' };
  if (sure.size > 1) return { detail: `HarfangLab shows the user at ${sure.size} machines in 24 hours` };
  if (agentId === undefined || any.size > 1)
    return {
      detail: "HarfangLab shows logons in 24 hours of which it can't be told whether they are the user's",
    };
  return { agentId };
}

/** Whether a row is an interactive logon of the user that succeeded. */
function samenessOf(row: Row, userId: string): Sameness {
  const windows = isRecord(row['windows']) ? row['windows'] : {};
  const { success: isSuccess, target_username: name } = row;
  const type = windows['logon_type'];
  const isOtherType = (typeof type === 'string' || typeof type === 'number') && String(type) !== INTERACTIVE;
  if (isSuccess === false || isOtherType) return 'other';
  const sameness = typeof name === 'string' ? likeliness(name, userId) : 'unclear';
  const isWhole = isSuccess === true && String(type) === INTERACTIVE;
  return sameness === 'same' && !isWhole ? 'unclear' : sameness;
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
