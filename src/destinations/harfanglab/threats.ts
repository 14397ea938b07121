/**
 * The threats of a manager: which is open at an agent, and a comment for it. No public source has a filter by agent, so a threat's
 * own list of agents decides. Source: XSOAR Hurukai.py, SEKOIA threat_actions.py and threat_critical.json, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { unreadable } from './agents.ts';
import { type HarfangLabApi, hasNextPage, resultsIn } from './api.ts';

export const THREATS_PATH = '/api/data/alert/alert/Threat/';
const OPEN_STATUSES = ['new', 'investigating'];
const PAGE = 100;
const PAGES_MAX = 5;
const FIELDS = 'id,status,last_seen,agents';
const NOT_FOUND = 404;

/** The id of the threat of this agent that was seen last, since `fromMs`, and is open; undefined: there is none. */
export async function openThreatOf(
  api: HarfangLabApi,
  agentId: string,
  fromMs: number,
): Promise<Result<string | undefined, ApiFailure>> {
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({
      status: OPEN_STATUSES.join(','),
      ordering: '-last_seen',
      fields: FIELDS,
      limit: String(PAGE),
      offset: String(page * PAGE),
    });
    const path = `${THREATS_PATH}?${query.toString()}`;
    const answer = await api.request({ method: 'GET', path, permission: 'threatsView' });
    if (!answer.ok) return answer;
    const threats = resultsIn(answer.value);
    if (!threats) return failure(unreadable(answer.value));
    const recent = threats.filter((threat) => !isBefore(threat, fromMs));
    const found = recent.find((threat) => isOpen(threat) && hasAgent(threat, agentId));
    const id = found && idOf(found);
    if (id !== undefined) return success(id);
    // The newest first: those that follow an older one are older, too.
    if (recent.length < threats.length || !hasNextPage(answer.value)) break;
  }
  return success(undefined);
}

/** Adds a comment. One that is not there any more needs none. */
export async function commentOn(
  api: HarfangLabApi,
  threatId: string,
  comment: string,
): Promise<Result<undefined, ApiFailure>> {
  const answer = await api.request({
    method: 'POST',
    path: `${THREATS_PATH}${encodeURIComponent(threatId)}/comment/`,
    body: { comment },
    permission: 'threatsEdit',
    answers: [NOT_FOUND],
  });
  return answer.ok ? success(undefined) : answer;
}

type Threat = Readonly<Record<PropertyKey, unknown>>;

/** A number until 2024, a UUID in newer samples. */
function idOf({ id }: Threat): string | undefined {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

/** A manager may not know the filter. */
function isOpen({ status }: Threat): boolean {
  return typeof status === 'string' && OPEN_STATUSES.includes(status);
}

function isBefore({ last_seen: lastSeen }: Threat, fromMs: number): boolean {
  return typeof lastSeen === 'string' && Date.parse(lastSeen) < fromMs;
}

function hasAgent({ agents }: Threat, agentId: string): boolean {
  return (
    Array.isArray(agents) &&
    agents.some((agent: unknown) => isRecord(agent) && String(agent['agent_id']).toLowerCase() === agentId)
  );
}
