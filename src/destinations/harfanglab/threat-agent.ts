/**
 * Which agent of a manager an entry is about: by its id, by its host's name, or by the host that the tenant's map names for its user.
 * Never guesses: two agents of a name, or an id and a name that do not agree, are none.
 * Source: FORTI, XSOAR (`DC-01` was the name of two agents), SEKOIA, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { EntryRecords } from '../destination.ts';
import { type HarfangLabApi, hasNextPage, resultsIn } from './api.ts';

export const AGENTS_PATH = '/api/data/endpoint/Agent/';
/** Two are ambiguous already; of a search, names that only resemble it are in it. */
const FOUND_MAX = 50;
const NOT_FOUND = 404;
const UUID_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The agent's id, lower case; undefined: there is not exactly one. Three requests at most. */
export async function agentOf(
  api: HarfangLabApi,
  event: CanonicalEvent,
  records: EntryRecords,
): Promise<Result<string | undefined, ApiFailure>> {
  const { id, hostname = id === undefined ? records.mappedHost(event) : undefined } = event.device ?? {};
  if (id !== undefined && UUID_PATTERN.test(id)) {
    const known = await readAgent(api, id.toLowerCase());
    if (!known.ok) return known;
    if (known.value) return success(isOtherHost(known.value.hostname, hostname) ? undefined : known.value.id);
  }
  return hostname === undefined || hostname.trim() === ''
    ? success(undefined)
    : findAgent(api, hostname.trim());
}

interface Agent {
  /** Lower case. */
  readonly id: string;
  readonly hostname: string | undefined;
}

/** Undefined: the manager has none of this id, as Noxys may number devices in its own way. */
async function readAgent(api: HarfangLabApi, id: string): Promise<Result<Agent | undefined, ApiFailure>> {
  const path = `${AGENTS_PATH}${id}/`;
  const answer = await api.request({
    method: 'GET',
    path,
    permission: 'endpointsView',
    answers: [NOT_FOUND],
  });
  if (!answer.ok) return answer;
  const agent = answer.value.status === NOT_FOUND ? undefined : agentIn(answer.value.body);
  return success(agent?.id === id ? agent : undefined);
}

/** The exact filter tells upper from lower case and a name from one with its domain, host names do not: the search is asked, too. */
async function findAgent(
  api: HarfangLabApi,
  hostname: string,
): Promise<Result<string | undefined, ApiFailure>> {
  const ids = new Set<string>();
  for (const filter of [{ hostname }, { search: hostname.split('.')[0] ?? hostname }]) {
    const query = new URLSearchParams({ ...filter, limit: String(FOUND_MAX) });
    const path = `${AGENTS_PATH}?${query.toString()}`;
    const answer = await api.request({ method: 'GET', path, permission: 'endpointsView' });
    if (!answer.ok) return answer;
    const results = resultsIn(answer.value);
    if (!results) return failure(unreadable(answer.value.status));
    // A full page may hide another one of the name.
    if (hasNextPage(answer.value) || results.length >= FOUND_MAX) return success(undefined);
    for (const agent of results.map(agentIn))
      if (agent?.hostname !== undefined && !isOtherHost(agent.hostname, hostname)) ids.add(agent.id);
  }
  const [only, ...others] = ids;
  return success(others.length === 0 ? only : undefined);
}

/** Of a list without a list in it. */
export function unreadable(status: number): ApiFailure {
  const detail = `HTTP ${status} without a list of what was asked for`;
  return { outcome: { kind: 'retry', reason: 'server_error', detail, status }, mayBeDone: false };
}

function agentIn(record: unknown): Agent | undefined {
  if (!isRecord(record) || typeof record['id'] !== 'string') return undefined;
  const { id, hostname } = record;
  return { id: id.toLowerCase(), hostname: typeof hostname === 'string' ? hostname : undefined };
}

/** A name that is not told contradicts none; with and without its domain it is the same. */
function isOtherHost(known: string | undefined, told: string | undefined): boolean {
  if (known === undefined || told === undefined) return false;
  const [a, b] = [known.toLowerCase(), told.toLowerCase()];
  return a !== b && !a.startsWith(`${b}.`) && !b.startsWith(`${a}.`);
}
