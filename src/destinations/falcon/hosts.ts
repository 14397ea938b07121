/**
 * Finds hosts that Falcon knows: by agent id, or by their whole name.
 * Never guesses: that there is none an answer must say, a name is compared again with the one asked for, and a name with a domain is another one than without.
 * Source: vendor OpenAPI of Hosts, falcon-mcp `resources/hosts.py`, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HostReference } from '../destination.ts';
import type { ApiAnswer, FalconApi } from './api.ts';
import { failureInside } from './error-text.ts';
import { fqlValue } from './fql.ts';

/** Two are ambiguous already; a few more tell an operator how ambiguous. Where there are as many, there may be others. */
const FOUND_MAX = 10;
const FIELDS = 'device_id,hostname,status,product_type_desc,last_seen';
/** The status, or the code of an error, that says no more than that. */
const UNKNOWN_ID = 404;
const AGENT_ID_PATTERN = /^[0-9a-f]{32}$/i;
/** DNS allows 253, Windows far fewer. */
const HOSTNAME_LENGTH_MAX = 253;

export interface Host {
  /** The agent id: 32 hex digits, lower case. */
  readonly deviceId: string;
  /** Undefined: Falcon tells none. */
  readonly hostname: string | undefined;
  /** `normal`, `containment_pending`, `contained`, `lift_containment_pending`; undefined: Falcon tells none. */
  readonly status: string | undefined;
  /** `Workstation`, `Server`, `Domain Controller`; undefined: Falcon tells none. */
  readonly productType: string | undefined;
  /** ISO 8601 UTC. */
  readonly lastSeen: string | undefined;
}

export type HostSearchFailure =
  /** Nothing was asked: no host can be called so, or it is not safe to ask for it. The sentence goes on from "the host". */
  | { readonly kind: 'unusable'; readonly detail: string }
  /** A full page: whether one of the name is not on it can't be told. */
  | { readonly kind: 'too_many' }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

export type HostsFound = Result<readonly Host[], HostSearchFailure>;

/** Whether it is the id of a Falcon agent: Noxys may number devices in its own way. */
export function isAgentId(text: string): boolean {
  return AGENT_ID_PATTERN.test(text);
}

/**
 * The hosts of this id or name, the one seen last first, fewer than ten. One request. Needs `Hosts: Read`.
 * What is found by name comes from the search index, which lags behind: look again by id before acting on a status.
 */
export async function findHosts(api: FalconApi, reference: HostReference): Promise<HostsFound> {
  if ('deviceId' in reference) return readHost(api, reference.deviceId);
  const filter = hostnameFilter(reference.hostname);
  if (!filter.ok) return filter;
  const found = await searchHosts(api, filter.value);
  if (!found.ok) return found;
  const named = found.value.filter(({ hostname }) => isSameName(hostname, reference.hostname));
  return success(named.toSorted((a, b) => (b.lastSeen ?? '').localeCompare(a.lastSeen ?? '')));
}

/** Not the exact form (`['…']`), which tells upper from lower case: host names do not. */
function hostnameFilter(hostname: string): Result<string, HostSearchFailure> {
  if (hostname.trim() === '' || hostname.length > HOSTNAME_LENGTH_MAX)
    return unusable(`name must have 1 to ${HOSTNAME_LENGTH_MAX} characters`);
  const value = fqlValue(hostname);
  if (!value.ok) return unusable('name must have no quote, asterisk, backslash or control character');
  return success(`hostname:${value.value}`);
}

/** Of each record only what is needed: a whole one has several KiB. */
async function searchHosts(api: FalconApi, filter: string): Promise<HostsFound> {
  const query = new URLSearchParams({
    filter,
    sort: 'last_seen.desc',
    limit: String(FOUND_MAX),
    fields: FIELDS,
  });
  const answer = await api.request({
    method: 'GET',
    path: `/devices/combined/devices/v1?${query.toString()}`,
    scope: 'devices:read',
  });
  if (!answer.ok) return failed(answer.error);
  const { errors, hasResources } = answer.value;
  // One that is not shown would be the second of its name.
  if (errors.length > 0 || !hasResources) return failed(failureInside(answer.value));
  return answer.value.resources.length < FOUND_MAX
    ? success(hostsIn(answer.value))
    : failure({ kind: 'too_many' });
}

/** The record itself, as it is now. An id that Falcon does not know is left out, whether it answers 200 or 404. */
async function readHost(api: FalconApi, id: string): Promise<HostsFound> {
  if (!isAgentId(id)) return unusable('id must be 32 hex digits, as Falcon writes them');
  const deviceId = id.toLowerCase();
  const answer = await api.request({
    method: 'POST',
    path: '/devices/entities/devices/v2',
    body: { ids: [deviceId] },
    scope: 'devices:read',
    answers: [404],
  });
  if (!answer.ok) return failed(answer.error);
  const { status, errors, hasResources } = answer.value;
  const isToldUnknown = status === UNKNOWN_ID || errors.length > 0;
  if (errors.some(({ code }) => code !== UNKNOWN_ID) || !(hasResources || isToldUnknown))
    return failed(failureInside(answer.value));
  return success(hostsIn(answer.value).filter((host) => host.deviceId === deviceId));
}

function hostsIn({ resources }: ApiAnswer): Host[] {
  return resources.map(hostOf).filter((host) => host !== undefined);
}

function hostOf(resource: unknown): Host | undefined {
  if (!isRecord(resource)) return undefined;
  const deviceId = textOf(resource['device_id']);
  if (deviceId === undefined || !isAgentId(deviceId)) return undefined;
  return {
    deviceId: deviceId.toLowerCase(),
    hostname: textOf(resource['hostname']),
    status: textOf(resource['status']),
    productType: textOf(resource['product_type_desc']),
    lastSeen: textOf(resource['last_seen']),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The same but for upper and lower case. A name that is not told is none. */
export function isSameName(known: string | undefined, asked: string): boolean {
  return known !== undefined && known.toLowerCase() === asked.toLowerCase();
}

function failed(error: ApiFailure): Result<never, HostSearchFailure> {
  return failure({ kind: 'failed', failure: error });
}

function unusable(detail: string): Result<never, HostSearchFailure> {
  return failure({ kind: 'unusable', detail });
}
