/**
 * Finds agents that HarfangLab knows: by agent id, or by host name.
 * A host name is not unique: what an answer shows is compared again, all of it is read or none counts, and nothing is guessed.
 * Sources: facts of XSOAR (`DC-01` twice), FORTI and SEKOIA (a bare list), read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabAnswer, HarfangLabApi } from './api.ts';
import { allResults } from './pages.ts';

export const AGENTS_PATH = '/api/data/endpoint/Agent/';
/** The status of an id that is not known. */
export const NOT_FOUND = 404;
const AGENT_ID_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** DNS allows 253, Windows far fewer. */
const HOSTNAME_LENGTH_MAX = 253;
/** Whatever a list may take for a pattern or for two words is no name. */
const NAME_PATTERN = /^[^\s*?%,\\/\p{Cc}]+$/u;
const SERVER_PATTERN = /server|domain controller/i;
const CLIENT_PATTERN = /^windows (?:xp|vista|7|8|8\.1|10|11)(?: |$)/i;
/** Of a list, only what tells agents apart: a whole record has several KiB. */
const FIELDS = 'id,hostname,domainname,dnsdomainname,status,lastseen,machine_serial';
const UNCLEAR =
  "HarfangLab's list of agents does not add up, or holds what can not be read: which agent is meant can not be told";
/** Stays as it is while the pages are read. */
const ORDERING = 'firstseen';

export interface Agent {
  /** A UUID in lower case, or what a list shows in its place: that is acted on by nobody. */
  readonly id: string;
  /** Here as in what follows: undefined where HarfangLab does not tell. */
  readonly hostname: string | undefined;
  /** NetBIOS or DNS. */
  readonly domain: string | undefined;
  readonly dnsDomain: string | undefined;
  readonly serial: string | undefined;
  /** `online`, `offline`, … */
  readonly status: string | undefined;
  readonly lastSeenMs: number | undefined;
  readonly isIsolated: boolean | undefined;
  /** `workstation`, `server`. */
  readonly productType: string | undefined;
  /** `Windows 11 Pro`. */
  readonly osProductType: string | undefined;
  readonly policyName: string | undefined;
  /** After so long an agent that is online has heard of its orders. */
  readonly sleepMs: number | undefined;
}

export type AgentSearchFailure =
  /** A clause without a full stop: nothing was asked, or there is too much to look through. */
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

/** Whether it is the id of a HarfangLab agent: Noxys may number devices in its own way, and as a UUID, too. */
export function isAgentId(text: string): boolean {
  return AGENT_ID_PATTERN.test(text);
}

/** The record of an id as it is now; undefined: HarfangLab knows none. */
export async function readAgent(
  api: HarfangLabApi,
  id: string,
): Promise<Result<Agent | undefined, AgentSearchFailure>> {
  if (!isAgentId(id)) return refused('the id of the agent is no UUID, as those of HarfangLab are');
  const path = `${AGENTS_PATH}${id.toLowerCase()}/`;
  const answer = await api.request({
    method: 'GET',
    path,
    permission: 'endpointsView',
    answers: [NOT_FOUND],
  });
  if (!answer.ok) return failure({ kind: 'failed', failure: answer.error });
  if (answer.value.status === NOT_FOUND) return success(undefined);
  const { body } = answer.value;
  const agent = isRecord(body) ? agentOf(body) : undefined;
  if (agent?.id === id.toLowerCase()) return success(agent);
  return failure({ kind: 'failed', failure: unreadable(answer.value) });
}

/**
 * All agents of a name, with or without its domain. The exact filter tells upper from lower case, host names do not: the search, which
 * does not tell them apart, finds the others, as far as there are few enough to look through. What may be one of them and can't be read
 * is not left out: nobody is found then.
 */
export async function findAgents(
  api: HarfangLabApi,
  hostname: string,
): Promise<Result<readonly Agent[], AgentSearchFailure>> {
  if (hostname.length > HOSTNAME_LENGTH_MAX || !NAME_PATTERN.test(hostname))
    return refused(
      `the host's name must have 1 to ${HOSTNAME_LENGTH_MAX} characters, and no space, comma, slash or wildcard`,
    );
  const short = hostname.split('.')[0] ?? hostname;
  const found = new Map<string, Agent>();
  const queries = [{ search: short }, ...[...new Set([hostname, short])].map((name) => ({ hostname: name }))];
  for (const query of queries) {
    const filters = { ...query, fields: FIELDS, ordering: ORDERING };
    const listed = await allResults(api, { path: AGENTS_PATH, filters, permission: 'endpointsView' });
    if (!listed.ok) return failure({ kind: 'failed', failure: listed.error });
    if (listed.value === 'too_many') {
      if ('search' in query) continue;
      return refused('HarfangLab shows more agents of this name than can be looked through');
    }
    if (listed.value === 'unclear') return refused(UNCLEAR);
    for (const record of listed.value) {
      const agent = agentOf(record);
      if (agent.hostname !== undefined && !isNamed(agent, hostname)) continue;
      if (agent.hostname === undefined || agent.id === '') return refused(UNCLEAR);
      found.set(agent.id, agent);
    }
  }
  return success([...found.values()]);
}

/** Whether an agent has the name that was asked for: the same, or one of the two without its domain, and no other domain. */
export function isNamed({ hostname, domain, dnsDomain }: Agent, asked: string): boolean {
  if (hostname === undefined) return false;
  const [known, wanted] = [split(hostname), split(asked)];
  if (known.label !== wanted.label) return false;
  // A domain without a dot is a NetBIOS name, which can't be compared with a DNS one.
  const domains = [known.domain, dnsDomain, domain].filter((text) => text?.includes('.'));
  const [told] = domains;
  return wanted.domain === '' || told === undefined || told.toLowerCase() === wanted.domain;
}

/** Whether it is a workstation, and HarfangLab's word for what it is. A manager that tells the system alone is believed where that is no server's. */
export function productOf({ productType, osProductType }: Agent): {
  readonly isWorkstation: boolean;
  readonly productType: string | undefined;
} {
  if (osProductType !== undefined && SERVER_PATTERN.test(osProductType))
    return { isWorkstation: false, productType: osProductType };
  const isWorkstation =
    productType === undefined
      ? osProductType !== undefined && CLIENT_PATTERN.test(osProductType)
      : productType.toLowerCase() === 'workstation';
  return { isWorkstation, productType: productType ?? osProductType };
}

function split(name: string): { readonly label: string; readonly domain: string } {
  const [label = '', ...domain] = name.toLowerCase().split('.');
  return { label, domain: domain.join('.') };
}

/** With an empty id where it has none that can be read. */
function agentOf(record: Readonly<Record<PropertyKey, unknown>>): Agent {
  const policy = isRecord(record['policy']) ? record['policy'] : {};
  const [isIsolated, sleepSeconds] = [record['isolation_state'], policy['sleeptime']];
  const lastSeenMs = Date.parse(textOf(record['lastseen']) ?? '');
  return {
    id: textOf(record['id'])?.toLowerCase() ?? '',
    hostname: textOf(record['hostname']),
    domain: textOf(record['domainname']),
    dnsDomain: textOf(record['dnsdomainname']),
    serial: textOf(record['machine_serial']),
    status: textOf(record['status']),
    lastSeenMs: Number.isNaN(lastSeenMs) ? undefined : lastSeenMs,
    isIsolated: typeof isIsolated === 'boolean' ? isIsolated : undefined,
    productType: textOf(record['producttype']),
    osProductType: textOf(record['osproducttype']),
    policyName: textOf(policy['name']),
    sleepMs: typeof sleepSeconds === 'number' && sleepSeconds > 0 ? sleepSeconds * 1000 : undefined,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A 200 that is not what was asked for says nothing: it may be better the next time. */
export function unreadable({ status }: HarfangLabAnswer): ApiFailure {
  const detail = `HTTP ${status} with a body that is not what was asked for`;
  return { outcome: { kind: 'retry', reason: 'server_error', detail, status }, mayBeDone: true };
}

function refused(detail: string): Result<never, AgentSearchFailure> {
  return failure({ kind: 'refused', detail });
}
