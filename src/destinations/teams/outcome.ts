/**
 * What a workflow's answer means. Pure: the time is passed in.
 * 202 says that the workflow has the card, not that it stands in the channel: what fails later shows in the workflow's own run history.
 * Sources, read 2026-11: error codes of Power Automate's HTTP trigger as users report them (`WorkflowTriggerIsNotEnabled` with 400,
 * `DirectApiAuthorizationRequired` with 401, `WorkflowNotFound` with 404); Microsoft publishes no list.
 */

import type { BlockedReason, Outcome } from '../../domain/outcome.ts';
import type { HttpAnswer, HttpFailure } from '../../lib/http.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import type { Result } from '../../lib/result.ts';
import { outcomeOf } from '../outcome.ts';

const OFF =
  'the workflow is turned off or was deleted: turn it on in the Workflows app of Teams, or make it anew and set url to its new address';
const SIGNED_IN_ONLY =
  'the workflow takes signed-in callers only, or the address lacks its sig: set "Who can trigger the flow?" to Anyone and copy the whole address into url';

const WORDS: Readonly<Partial<Record<BlockedReason, string>>> = {
  unauthorized:
    'the signature (sig) in the address is wrong or was renewed: copy the whole address of the workflow into url',
  forbidden:
    "the workflow may not be started: its address was renewed, its owner left, or the organisation's policy for Power Automate forbids it",
  no_such_endpoint:
    'there is no such workflow any more: make it anew and set url to its new address, and give it a second owner',
};

export function teamsOutcome(result: Result<HttpAnswer, HttpFailure>, nowMs: number): Outcome {
  const outcome = outcomeOf(result, nowMs);
  if (!result.ok) return outcome;
  const code = errorCode(result.value);
  if (outcome.kind === 'rejected' && /^Workflow(?:TriggerIsNotEnabled|Disabled)/.test(code)) {
    return { kind: 'blocked', reason: 'not_configured', detail: OFF };
  }
  if (outcome.kind !== 'blocked') return outcome;
  const words = code === 'DirectApiAuthorizationRequired' ? SIGNED_IN_ONLY : WORDS[outcome.reason];
  return words === undefined ? outcome : { ...outcome, detail: `${words} (${outcome.detail})` };
}

function errorCode({ body }: HttpAnswer): string {
  const answer = jsonIn(body);
  const error = isRecord(answer) ? answer['error'] : undefined;
  return isRecord(error) && typeof error['code'] === 'string' ? error['code'] : '';
}
