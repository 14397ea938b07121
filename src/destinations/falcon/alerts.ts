/**
 * The alerts that Falcon raised for a host at about the time of an entry: evidence of its case.
 * Never a reason why a case is not opened: what can't be read is said in the case's description.
 * Source: vendor OpenAPI of Alerts (`detects.Alert`), falconpy _endpoint/_alerts.py, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import { type AlertsFound, type Failed, alertsAround, hostOf, ownDomains } from './alerts-around.ts';
import type { CaseTurn } from './case-turn.ts';
import { type FalconScope, scopeName } from './scopes.ts';

/** A scope that is missing is not asked for again so soon. */
const UNAVAILABLE_MS = 3_600_000;
const UNREADABLE_KEY = 'alerts:unreadable';
const UNTAGGABLE_KEY = 'alerts:untaggable';

export interface HostAlerts {
  /** Composite ids, gravest first, EVIDENCE_MAX at most. */
  readonly ids: readonly string[];
  /** Of the gravest, 1 to 100; 0 where there is none. */
  readonly severity: number;
  /** For people: what was found, or why not. */
  readonly note: string;
}

/**
 * The alerts of the newest entry's host, around each of the entries on it. Undefined: nothing is to be looked for.
 * Fails only where Falcon asks for patience: then the case has to wait as well.
 */
export async function hostAlerts(
  turn: CaseTurn,
  items: readonly CanonicalEvent[],
): Promise<Result<HostAlerts | undefined, Outcome>> {
  const { config, io } = turn;
  const device = items.findLast((item) => item.device !== undefined)?.device;
  if ((config.cases?.alerts ?? 'off') === 'off' || device === undefined) return success(undefined);
  const unreadable = io.memory.get(UNREADABLE_KEY);
  if (unreadable !== undefined) return success(notRead(unreadable));
  const host = await hostOf(turn, device);
  if (!host.ok) return unread(turn, host.error);
  if (typeof host.value === 'string') return success(notRead(host.value));
  const onIt = items.filter(
    (item) => item.device?.id === device.id && item.device?.hostname === device.hostname,
  );
  const times = onIt.map(({ occurredAt }) => Date.parse(occurredAt));
  const alerts = await alertsAround(turn, { host: host.value, times, domains: ownDomains(turn, items) });
  if (!alerts.ok) return unread(turn, alerts.error);
  const found = alerts.value.alerts;
  const severity = Math.max(0, ...found.map((alert) => alert.severity));
  return success({ ids: found.map(({ id }) => id), severity, note: foundText(alerts.value) });
}

/** Marks alerts as belonging to a case. Whether that worked changes nothing else. */
export async function tagAlerts(
  { api, io }: CaseTurn,
  ids: readonly string[],
  tag: string,
): Promise<boolean> {
  if (ids.length === 0 || io.memory.get(UNTAGGABLE_KEY) !== undefined) return false;
  const tagged = await api.request({
    method: 'PATCH',
    path: '/alerts/entities/alerts/v3',
    body: {
      composite_ids: ids,
      action_parameters: ['noxys', tag].map((value) => ({ name: 'add_tag', value })),
    },
    scope: 'alerts:write',
  });
  if (tagged.ok) return tagged.value.errors.length === 0;
  const { outcome } = tagged.error;
  if (outcome.kind === 'blocked') io.memory.put(UNTAGGABLE_KEY, outcome.reason, io.nowMs() + UNAVAILABLE_MS);
  return false;
}

/** Only what has to wait fails; the rest is told, and what an operator has to mend is not tried again for a while. */
function unread({ io }: CaseTurn, { outcome, scope }: Failed): Result<HostAlerts, Outcome> {
  if (outcome.kind === 'retry' && outcome.reason === 'busy') return failure(outcome);
  if (outcome.kind !== 'blocked')
    return success(notRead(outcome.kind === 'rejected' ? outcome.excerpt : outcome.detail));
  const cause = causeOf(outcome, scope);
  io.memory.put(UNREADABLE_KEY, cause, io.nowMs() + UNAVAILABLE_MS);
  return success(notRead(cause));
}

/** For the cases of others, too: nothing that Falcon wrote, which may be about this host. */
function causeOf({ reason, detail }: Blocked, scope: FalconScope): string {
  if (reason === 'scope_missing') return `the API client lacks the scope ${scopeName(scope)}`;
  const status = /^HTTP \d{3}/.exec(detail)?.[0];
  return `${reason}${status ? `, ${status}` : ''}, where ${scopeName(scope)} is needed`;
}

type Blocked = Extract<Outcome, { kind: 'blocked' }>;

function notRead(why: string): HostAlerts {
  return { ids: [], severity: 0, note: `not read: ${why}` };
}

function foundText({ alerts, isFull, isNewestOnly }: AlertsFound): string {
  const count = alerts.length === 0 ? 'none' : `${alerts.length}${isFull ? ' or more' : ''}`;
  return `${count} within 30 minutes${isNewestOnly ? ' of the newest entries; the others were too far apart' : ''}`;
}

/** For the test of a destination: what the look for alerts needs to read. */
export const ALERT_READS = [
  { scope: 'devices:read', path: '/devices/queries/devices/v1?limit=1' },
  { scope: 'alerts:read', path: '/alerts/queries/alerts/v2?limit=1' },
] as const;

export const TAG_NOTE = `${scopeName('alerts:write')} can't be tested without changing an alert.`;
