/**
 * The alerts that Falcon raised for a host at about the time of an entry: evidence of its case.
 * Never a reason why a case is not opened: what can't be read is said in the case's description.
 * Source: vendor OpenAPI of Alerts (`detects.Alert`), falconpy _endpoint/_alerts.py, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { platformDomains } from '../../domain/platforms.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { EVIDENCE_MAX } from './case-calls.ts';
import type { CaseTurn } from './case-turn.ts';
import { fqlValue } from './fql.ts';
import { type Host, findHosts } from './hosts.ts';
import { scopeName } from './scopes.ts';

/** Before and after. */
const AROUND_MS = 30 * 60_000;
/** A whole alert has several KiB, and an answer is read up to 1 MiB. */
const READ_AT_ONCE_MAX = 50;
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

interface Alert {
  readonly id: string;
  readonly severity: number;
  readonly createdAtMs: number;
  readonly isOfOwnIndicator: boolean;
}

type Failed = ApiFailure['outcome'];

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
  const severity = Math.max(0, ...alerts.value.map((alert) => alert.severity));
  return success({ ids: alerts.value.map(({ id }) => id), severity, note: foundText(alerts.value.length) });
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
  if (outcome.kind === 'blocked') io.memory.put(UNTAGGABLE_KEY, outcome.detail, io.nowMs() + UNAVAILABLE_MS);
  return false;
}

/** The one host; a sentence where there is not exactly one. By its id where it has one of Falcon's, else by its name. */
async function hostOf(
  { api }: CaseTurn,
  { id, hostname }: NonNullable<CanonicalEvent['device']>,
): Promise<Result<Host | string, Failed>> {
  const references = [
    ...(id === undefined ? [] : [{ deviceId: id }]),
    ...(hostname === undefined ? [] : [{ hostname }]),
  ];
  for (const reference of references) {
    const found = await findHosts(api, reference);
    if (!found.ok) {
      if (found.error.kind === 'failed') return failure(found.error.failure.outcome);
      continue;
    }
    const [host, ...others] = found.value;
    if (others.length > 0) return success('several hosts of Falcon have this name');
    if (host) return success(host);
  }
  return success('Falcon knows no such host');
}

interface Around {
  readonly host: Host;
  readonly times: readonly number[];
  /** Whose indicators are the relay's own. */
  readonly domains: ReadonlySet<string>;
}

async function alertsAround(
  turn: CaseTurn,
  { host, times, domains }: Around,
): Promise<Result<readonly Alert[], Failed>> {
  const ids = await alertIds(turn, host, times);
  if (!ids.ok) return ids;
  const alerts: Alert[] = [];
  for (let from = 0; from < ids.value.length; from += READ_AT_ONCE_MAX) {
    const read = await turn.api.request({
      method: 'POST',
      path: '/alerts/entities/alerts/v2',
      body: { composite_ids: ids.value.slice(from, from + READ_AT_ONCE_MAX) },
      scope: 'alerts:read',
    });
    if (!read.ok) return failure(read.error.outcome);
    alerts.push(
      ...read.value.resources.map((resource) => alertIn(resource, domains)).filter((a) => a !== undefined),
    );
  }
  const isNear = ({ createdAtMs }: Alert): boolean =>
    times.some((ms) => Math.abs(createdAtMs - ms) <= AROUND_MS);
  return success(
    alerts
      .filter((alert) => !alert.isOfOwnIndicator && isNear(alert))
      .toSorted((a, b) => b.severity - a.severity),
  );
}

async function alertIds(
  { api }: CaseTurn,
  host: Host,
  times: readonly number[],
): Promise<Result<readonly string[], Failed>> {
  const from = new Date(Math.min(...times) - AROUND_MS).toISOString();
  const to = new Date(Math.max(...times) + AROUND_MS).toISOString();
  const device = fqlValue(host.deviceId);
  if (!device.ok) return success([]);
  const query = new URLSearchParams({
    filter: `device.device_id:${device.value}+created_timestamp:>='${from}'+created_timestamp:<='${to}'`,
    sort: 'severity|desc',
    limit: String(EVIDENCE_MAX),
  });
  const answer = await api.request({
    method: 'GET',
    path: `/alerts/queries/alerts/v2?${query.toString()}`,
    scope: 'alerts:read',
  });
  if (!answer.ok) return failure(answer.error.outcome);
  return success(answer.value.resources.filter((id) => typeof id === 'string'));
}

function alertIn(resource: unknown, domains: ReadonlySet<string>): Alert | undefined {
  if (!isRecord(resource) || typeof resource['composite_id'] !== 'string') return undefined;
  const { composite_id: id, severity, created_timestamp: createdAt } = resource;
  return {
    id,
    severity: typeof severity === 'number' ? Math.min(100, Math.max(0, Math.round(severity))) : 0,
    createdAtMs: typeof createdAt === 'string' ? Date.parse(createdAt) : NaN,
    isOfOwnIndicator: isOfIndicator(resource, domains),
  };
}

/** An alert that the relay's own indicators raised says nothing new. Source: Netskope's plugin leaves its own out, too. */
function isOfIndicator(alert: Readonly<Record<PropertyKey, unknown>>, domains: ReadonlySet<string>): boolean {
  const { ioc_type: type, ioc_value: value, ioc_source: source } = alert;
  if (typeof source === 'string' && source.toLowerCase() === 'noxys') return true;
  return type === 'domain' && typeof value === 'string' && domains.has(value.toLowerCase());
}

/** The domains of the destination's indicators and of the entries' platforms. */
function ownDomains({ config, context }: CaseTurn, items: readonly CanonicalEvent[]): ReadonlySet<string> {
  const configured = (config.indicators ?? []).map((one) => (typeof one === 'string' ? one : one.value));
  const platforms = items.flatMap(({ platform, detection }) => [
    ...(platform ? [platform.id] : []),
    ...(detection?.platforms ?? []),
  ]);
  const named = [...new Set([...configured, ...platforms])];
  const domains = named.flatMap((name) => [name, ...platformDomains(name, context.platforms.domains)]);
  return new Set(domains.map((domain) => domain.toLowerCase()));
}

/** Only what has to wait fails; the rest is told, and what an operator has to mend is not tried again for a while. */
function unread({ io }: CaseTurn, outcome: Failed): Result<HostAlerts, Outcome> {
  if (outcome.kind === 'retry' && outcome.reason === 'busy') return failure(outcome);
  if (outcome.kind === 'blocked') io.memory.put(UNREADABLE_KEY, outcome.detail, io.nowMs() + UNAVAILABLE_MS);
  return success(notRead(outcome.kind === 'rejected' ? outcome.excerpt : outcome.detail));
}

function notRead(why: string): HostAlerts {
  return { ids: [], severity: 0, note: `not read: ${why}` };
}

function foundText(count: number): string {
  if (count === 0) return 'none within 30 minutes';
  return `${count}${count === EVIDENCE_MAX ? ' or more' : ''} within 30 minutes`;
}

/** For the test of a destination: what the look for alerts needs to read. */
export const ALERT_READS = [
  { scope: 'devices:read', path: '/devices/queries/devices/v1?limit=1' },
  { scope: 'alerts:read', path: '/alerts/queries/alerts/v2?limit=1' },
] as const;

export const TAG_NOTE = `${scopeName('alerts:write')} can't be tested without changing an alert.`;
