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
/** Two are ambiguous already. */
const FOUND_MAX = 10;
const NOT_FOUND = 404;
const UUID_PATTERN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The agent's id, lower case; undefined: there is not exactly one. Two requests at most. */
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

/** A full page may hide another one of the name. */
async function findAgent(
  api: HarfangLabApi,
  hostname: string,
): Promise<Result<string | undefined, ApiFailure>> {
  const query = new URLSearchParams({ hostname, limit: String(FOUND_MAX) });
  const path = `${AGENTS_PATH}?${query.toString()}`;
  const answer = await api.request({ method: 'GET', path, permission: 'endpointsView' });
  if (!answer.ok) return answer;
  const results = resultsIn(answer.value);
  if (!results) return failure(unreadable(answer.value.status));
  const agents = results.map(agentIn).filter((agent) => agent !== undefined);
  const named = agents.filter((agent) => agent.hostname?.toLowerCase() === hostname.toLowerCase());
  const isWhole = !hasNextPage(answer.value) && results.length < FOUND_MAX;
  const [only, ...others] = named;
  return success(isWhole && others.length === 0 ? only?.id : undefined);
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
