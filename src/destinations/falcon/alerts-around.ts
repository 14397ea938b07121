/**
 * Finds the host of an entry, and the alerts that Falcon raised for it around some moments. Decides nothing about cases.
 * Source: vendor OpenAPI of Alerts (`detects.Alert`), falconpy _endpoint/_alerts.py, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { platformDomains } from '../../domain/platforms.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { EVIDENCE_MAX } from './case-calls.ts';
import type { CaseTurn } from './case-turn.ts';
import { fqlValue } from './fql.ts';
import { type Host, findHosts } from './hosts.ts';

/** Before and after. */
const AROUND_MS = 30 * 60_000;
const SEVERAL_HOSTS = 'several hosts of Falcon have this name';
/** A whole alert has several KiB, and an answer is read up to 1 MiB. */
const READ_AT_ONCE_MAX = 50;

export interface Alert {
  readonly id: string;
  readonly severity: number;
  readonly createdAtMs: number;
  readonly isOfOwnIndicator: boolean;
}

export type Failed = ApiFailure['outcome'];

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
      if (found.error.kind === 'failed') return failure(found.error.failure.outcome);
      if (found.error.kind === 'too_many') return success(SEVERAL_HOSTS);
      continue;
    }
    const [host, ...others] = found.value;
    if (others.length > 0) return success(SEVERAL_HOSTS);
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

/** The alerts of a host within half an hour of one of the times, gravest first, without those of the relay's own indicators. */
export async function alertsAround(
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
