/**
 * Finds the host of an entry, and the alerts that Falcon raised for it around some moments. Decides nothing about cases.
 * Source: vendor OpenAPI of Alerts (`detects.Alert`), falconpy _endpoint/_alerts.py, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { platformDomains } from '../../domain/platforms.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { isOtherName } from '../isolation/host-names.ts';
import type { ApiAnswer } from './api.ts';
import { EVIDENCE_MAX, partialFailure } from './case-calls.ts';
import type { CaseTurn } from './case-turn.ts';
import { fqlValue } from './fql.ts';
import { type Host, findHosts } from './hosts.ts';
import type { FalconScope } from './scopes.ts';

/** Before and after. */
const AROUND_MS = 30 * 60_000;
const SEVERAL_HOSTS = 'several hosts of Falcon have this name';
const DIFFERENT_HOSTS = "the device's id and name belong to different hosts";
/** A whole alert has several KiB, and an answer is read up to 1 MiB. */
const READ_AT_ONCE_MAX = 50;
/** Of a backlog whose entries lie far apart, so many stretches of time are looked at. */
const PERIODS_MAX = 3;
const SCOPE = 'alerts:read';

export interface Alert {
  readonly id: string;
  readonly severity: number;
  readonly isOfOwnIndicator: boolean;
}

export interface Failed {
  readonly outcome: ApiFailure['outcome'];
  /** What the call needed. */
  readonly scope: FalconScope;
}

export interface AlertsFound {
  /** Gravest first, EVIDENCE_MAX at most. */
  readonly alerts: readonly Alert[];
  /** Whether there may be more around the times that were looked at. */
  readonly isFull: boolean;
  /** Times were left out, as there were too many. */
  readonly isNewestOnly: boolean;
}

/** The one host; a sentence where there is not exactly one. By its id where it has one of Falcon's, else by its name. */
export async function hostOf(
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
      if (found.error.kind === 'failed')
        return failure({ outcome: found.error.failure.outcome, scope: 'devices:read' });
      if (found.error.kind === 'too_many') return success(SEVERAL_HOSTS);
      continue;
    }
    const [host, ...others] = found.value;
    if (others.length > 0) return success(SEVERAL_HOSTS);
    if (host) return success(isOtherName(host.hostname, hostname) ? DIFFERENT_HOSTS : host);
  }
  return success('Falcon knows no such host');
}

interface Around {
  readonly host: Host;
  readonly times: readonly number[];
  /** Whose indicators are the relay's own. */
  readonly domains: ReadonlySet<string>;
}

/** The alerts of a host within half an hour of one of the times, gravest first, without those of the relay's own indicators. */
export async function alertsAround(
  turn: CaseTurn,
  { host, times, domains }: Around,
): Promise<Result<AlertsFound, Failed>> {
  const all = periodsAround(times);
  const periods = all.slice(-PERIODS_MAX);
  const limit = Math.floor(EVIDENCE_MAX / periods.length);
  const ids: string[] = [];
  let isFull = false;
  for (const period of periods) {
    const found = await alertIds(turn, host, { period, limit });
    if (!found.ok) return found;
    isFull ||= found.value.length >= limit;
    ids.push(...found.value);
  }
  const read = await readAlerts(turn, ids, domains);
  if (!read.ok) return read;
  const alerts = read.value
    .filter(({ isOfOwnIndicator }) => !isOfOwnIndicator)
    .toSorted((a, b) => b.severity - a.severity);
  return success({ alerts, isFull, isNewestOnly: periods.length < all.length });
}

async function readAlerts(
  { api }: CaseTurn,
  ids: readonly string[],
  domains: ReadonlySet<string>,
): Promise<Result<readonly Alert[], Failed>> {
  const alerts: Alert[] = [];
  for (let from = 0; from < ids.length; from += READ_AT_ONCE_MAX) {
    const answer = await api.request({
      method: 'POST',
      path: '/alerts/entities/alerts/v2',
      body: { composite_ids: ids.slice(from, from + READ_AT_ONCE_MAX) },
      scope: SCOPE,
    });
    if (!answer.ok) return failure({ outcome: answer.error.outcome, scope: SCOPE });
    const { resources } = answer.value;
    // One that went meanwhile is an error beside the others.
    if (resources.length === 0) return partial(answer.value);
    alerts.push(
      ...resources.map((resource) => alertIn(resource, domains)).filter((alert) => alert !== undefined),
    );
  }
  return success(alerts);
}

function partial(answer: ApiAnswer): Result<never, Failed> {
  return failure({ outcome: partialFailure(answer).outcome, scope: SCOPE });
}

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Half an hour before and after each of the times, those that meet as one, oldest first. */
function periodsAround(times: readonly number[]): readonly Period[] {
  const periods: Period[] = [];
  for (const ms of times.toSorted((a, b) => a - b)) {
    const { fromMs, toMs } = { fromMs: ms - AROUND_MS, toMs: ms + AROUND_MS };
    const last = periods.at(-1);
    if (last && fromMs <= last.toMs) periods[periods.length - 1] = { ...last, toMs };
    else periods.push({ fromMs, toMs });
  }
  return periods;
}

async function alertIds(
  { api }: CaseTurn,
  host: Host,
  { period, limit }: { readonly period: Period; readonly limit: number },
): Promise<Result<readonly string[], Failed>> {
  const from = new Date(period.fromMs).toISOString();
  const to = new Date(period.toMs).toISOString();
  const device = fqlValue(host.deviceId);
  if (!device.ok) return success([]);
  const query = new URLSearchParams({
    filter: `device.device_id:${device.value}+created_timestamp:>='${from}'+created_timestamp:<='${to}'`,
    sort: 'severity|desc',
    limit: String(limit),
  });
  const answer = await api.request({
    method: 'GET',
    path: `/alerts/queries/alerts/v2?${query.toString()}`,
    scope: SCOPE,
  });
  if (!answer.ok) return failure({ outcome: answer.error.outcome, scope: SCOPE });
  const { resources, hasResources, errors } = answer.value;
  if (errors.length > 0 || !hasResources) return partial(answer.value);
  return success(resources.filter((id) => typeof id === 'string'));
}

function alertIn(resource: unknown, domains: ReadonlySet<string>): Alert | undefined {
  if (!isRecord(resource) || typeof resource['composite_id'] !== 'string') return undefined;
  const { composite_id: id, severity } = resource;
  return {
    id,
    severity: typeof severity === 'number' ? Math.min(100, Math.max(0, Math.round(severity))) : 0,
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
export function ownDomains(
  { config, context }: CaseTurn,
  items: readonly CanonicalEvent[],
): ReadonlySet<string> {
  const configured = (config.indicators ?? []).map((one) => (typeof one === 'string' ? one : one.value));
  const platforms = items.flatMap(({ platform, detection }) => [
    ...(platform ? [platform.id] : []),
    ...(detection?.platforms ?? []),
  ]);
  const named = [...new Set([...configured, ...platforms])];
  const domains = named.flatMap((name) => [name, ...platformDomains(name, context.platforms.domains)]);
  return new Set(domains.map((domain) => domain.toLowerCase()));
}
