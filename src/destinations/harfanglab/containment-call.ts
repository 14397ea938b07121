/**
 * The request that isolates an agent or lets it back, and what its answer says: 200 in any case, and the body alone tells.
 * Sources: facts of XSOAR (`requested`, `unrequested`, `policy_not_allowed`), FORTI and SEKOIA (no body is sent), read 2026-11.
 */

import type { FailedOutcome } from '../../domain/outcome.ts';
import { isRecord } from '../../lib/record.ts';
import { unreachable } from '../../lib/result.ts';
import { cutText, oneLine } from '../../lib/short-text.ts';
import { type Agent, AGENTS_PATH, NOT_FOUND } from './agents.ts';
import type { HarfangLabAnswer, HarfangLabCall } from './api.ts';

const NAME_LENGTH_MAX = 60;

/** What became of an order: taken, not taken (it may be there already), forbidden by the agent's policy, for no known agent, or not told. */
export type OrderAnswer = 'requested' | 'unrequested' | 'policy_not_allowed' | 'unknown_agent' | 'not_told';

export type RefusedOrder = Exclude<OrderAnswer, 'requested' | 'not_told'>;

/** `id`: a UUID. */
export function orderCall(id: string, order: 'isolate' | 'deisolate'): HarfangLabCall {
  return {
    method: 'POST',
    path: `${AGENTS_PATH}${id}/${order}/`,
    permission: 'endpointsIsolate',
    answers: [NOT_FOUND],
  };
}

/** One agent was named: whatever a policy forbade was it. */
export function orderAnswer({ status, body }: HarfangLabAnswer, id: string): OrderAnswer {
  if (status === NOT_FOUND) return 'unknown_agent';
  const idsOf = (member: string): readonly unknown[] => {
    const ids = isRecord(body) ? body[member] : undefined;
    return Array.isArray(ids) ? ids : [];
  };
  const has = (member: string): boolean =>
    idsOf(member).some((named) => typeof named === 'string' && named.toLowerCase() === id);
  if (idsOf('policy_not_allowed').length > 0) return 'policy_not_allowed';
  if (has('requested')) return 'requested';
  return has('unrequested') ? 'unrequested' : 'not_told';
}

/** HarfangLab's refusal, in a sentence. `what` did not happen: "not isolated". */
export function orderRefused(what: string, answer: RefusedOrder, { policyName }: Agent): FailedOutcome {
  switch (answer) {
    case 'policy_not_allowed': {
      const name = policyName === undefined ? '' : ` "${cutText(oneLine(policyName), NAME_LENGTH_MAX)}"`;
      return refusal(what, 200, `the agent's policy${name} has isolation off (HTTP says 200)`);
    }
    case 'unrequested':
      return refusal(
        what,
        200,
        'HarfangLab did not take the order (HTTP says 200, the body unrequested): it may have such an order already',
      );
    case 'unknown_agent':
      return refusal(what, NOT_FOUND, 'HarfangLab knows the agent no more');
    default:
      return unreachable(answer);
  }
}

function refusal(what: string, status: number, why: string): FailedOutcome {
  return { kind: 'rejected', status, excerpt: `${what}: ${why}` };
}
