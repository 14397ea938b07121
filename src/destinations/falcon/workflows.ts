/**
 * Starts an on-demand Fusion SOAR workflow for a detection, once: the key of a start keeps Falcon from another one.
 * Never starts one for anything but a detection.
 * Source: vendor OpenAPI of Workflows, falcon-mcp `tests/integration/test_fusion.py`, PSFalcon's wiki, read 2026-11.
 */

import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { ApiFailure } from '../api-account.ts';
import type { Channel, ChannelContext } from '../destination.ts';
import { AuditedAction } from '../isolation/audited-action.ts';
import { type ApiAnswer, falconApi } from './api.ts';
import { errorText } from './error-text.ts';
import { executePath, workflowKey, workflowParameters } from './workflows-call.ts';
import { checkWorkflow } from './workflows-check.ts';
import { type WorkflowReference, notStartable, unknownWorkflow } from './workflows-words.ts';

const NO_DETECTION: Outcome = {
  kind: 'rejected',
  status: null,
  excerpt: 'not started: workflows are for detections',
};

/** The channel of a destination whose API client is open. */
export function falconWorkflows(
  config: FalconConfig & { readonly workflow: WorkflowReference },
  { tenant, publicUrl }: ChannelContext,
): Channel {
  const { workflow } = config;
  return {
    kind: 'workflows',
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS.workflow,
    async deliver([event], io) {
      if (!event?.detection) return NO_DETECTION;
      const key = workflowKey({ tenant, destination: config.name, detectionId: event.id });
      const action = new AuditedAction({ io, api: falconApi(config, tenant, io) }, 'workflow.started', event);
      const answer = await action.ask({
        method: 'POST',
        path: executePath(workflow, { key }),
        body: workflowParameters({ ...event, detection: event.detection }, publicUrl),
        scope: 'workflow:write',
        answers: [404, 412],
      });
      const outcome = answer.ok ? outcomeOf(answer.value, workflow) : failureOutcome(answer.error);
      if (answer.ok || !answer.error.mayBeDone)
        action.settle(outcome.kind === 'delivered' ? 'started' : 'failed');
      return outcome;
    },
    check: async (io) => checkWorkflow(falconApi(config, tenant, io), workflow),
  };
}

function outcomeOf(answer: ApiAnswer, workflow: WorkflowReference): Outcome {
  const { status, resources, errors } = answer;
  switch (status) {
    case 404:
      return unknownWorkflow(workflow);
    case 412:
      return notStartable(workflow, errorText(answer));
    default: {
      // A 2xx with errors alone has started nothing.
      const isStarted = errors.length === 0 || resources.length > 0;
      return isStarted ? { kind: 'delivered' } : { kind: 'rejected', status, excerpt: errorText(answer) };
    }
  }
}

/** Source: vendor OpenAPI, api.MFAResourceIDsResponse, read 2026-11. */
function failureOutcome({ outcome }: ApiFailure): Outcome {
  if (outcome.kind !== 'blocked' || outcome.reason !== 'unauthorized') return outcome;
  const detail = `${outcome.detail}; or the workflow asks for multi-factor authentication, which an API client can not give`;
  return { ...outcome, detail };
}
