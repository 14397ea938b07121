/**
 * Tests whether a workflow can be started, without starting any: looks its definition up, and asks for one that does not exist.
 * Source: falcon-mcp `tests/integration/test_fusion.py`, read 2026-11.
 */

import type { Outcome } from '../../domain/outcome.ts';
import { isRecord } from '../../lib/record.ts';
import type { Checked } from '../destination.ts';
import type { FalconApi } from './api.ts';
import { failureInside } from './error-text.ts';
import { fqlValue } from './fql.ts';
import { executePath } from './workflows-call.ts';
import {
  type WorkflowReference,
  disabledWorkflow,
  nameOf,
  otherTrigger,
  unknownWorkflow,
} from './workflows-words.ts';

/** No definition has it: 404 tells that the scope is there, and nothing runs. */
const NO_WORKFLOW = { id: 'f'.repeat(32) };
/** `Scheduled` ones can be started, too. */
const STARTABLE_PATTERN = /on[- _]?demand|schedule/i;

const NOT_BY_ID = 'The workflow could not be looked up, as Falcon does not search by id: it was not tested.';

type Found = { readonly outcome: Outcome; readonly note?: string };

/** Both scopes are tried, so that one test names all that are missing. */
export async function checkWorkflow(api: FalconApi, workflow: WorkflowReference): Promise<Checked> {
  const read = await checkDefinition(api, workflow);
  const isOver = read.outcome.kind !== 'delivered' && !isScopeMissing(read.outcome);
  const write = isOver ? undefined : await checkScope(api);
  const notes = [read.note, write?.note].filter((note) => note !== undefined);
  if (!write || write.outcome.kind === 'delivered') return { outcome: read.outcome, notes };
  return { outcome: both(read.outcome, write.outcome), notes };
}

async function checkDefinition(api: FalconApi, workflow: WorkflowReference): Promise<Found> {
  const { name, id } = workflow;
  const value = fqlValue(id ?? name ?? '');
  if (!value.ok) {
    const note =
      'The workflow could not be looked up, as its name has a quote or another character that a search can not hold.';
    return { outcome: { kind: 'delivered' }, note };
  }
  // `name` finds nothing: the exact name is in `name.raw`.
  const filter = `${id === undefined ? 'name.raw' : 'id'}:${value.value}`;
  const answer = await api.request({
    method: 'GET',
    path: `/workflows/combined/definitions/v1?${new URLSearchParams({ filter, limit: '2' }).toString()}`,
    scope: 'workflow:read',
  });
  if (!answer.ok) {
    const { outcome } = answer.error;
    // Only the search by name is known to work everywhere. Source: falcon-mcp, as above.
    const isUnsearchable = id !== undefined && outcome.kind === 'rejected';
    return isUnsearchable ? { outcome: { kind: 'delivered' }, note: NOT_BY_ID } : { outcome };
  }
  if (answer.value.errors.length > 0) return { outcome: failureInside(answer.value).outcome };
  const definition = answer.value.resources.find(isRecord);
  return definition ? stateOf(definition, workflow) : { outcome: unknownWorkflow(workflow) };
}

function stateOf(definition: Record<PropertyKey, unknown>, workflow: WorkflowReference): Found {
  if (definition['enabled'] === false) return { outcome: disabledWorkflow(workflow) };
  const { trigger } = definition;
  const type = isRecord(trigger) ? trigger['type'] : undefined;
  if (typeof type === 'string' && !STARTABLE_PATTERN.test(type)) return { outcome: otherTrigger(workflow) };
  return {
    outcome: { kind: 'delivered' },
    note: `The workflow ${nameOf(workflow)} exists and is enabled; it was not started, so that its parameters are not tested.`,
  };
}

async function checkScope(api: FalconApi): Promise<Found> {
  const answer = await api.request({
    method: 'POST',
    path: executePath(NO_WORKFLOW, {}),
    body: {},
    scope: 'workflow:write',
    answers: [404],
  });
  if (!answer.ok) return { outcome: answer.error.outcome };
  return { outcome: { kind: 'delivered' }, note: 'Workflows may be started.' };
}

/** The first that is wrong; of two missing scopes the detail names both. */
function both(read: Outcome, write: Outcome): Outcome {
  if (read.kind === 'delivered') return write;
  if (read.kind !== 'blocked' || write.kind !== 'blocked' || !isScopeMissing(write)) return read;
  return { ...read, detail: `${read.detail}; ${write.detail}` };
}

function isScopeMissing(outcome: Outcome): boolean {
  return outcome.kind === 'blocked' && outcome.reason === 'scope_missing';
}
