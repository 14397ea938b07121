/** What keeps a workflow from being started, and what to change in Falcon's console. Pure. */

import type { Outcome } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';

export type WorkflowReference = NonNullable<FalconConfig['workflow']>;

type Blocked = Extract<Outcome, { kind: 'blocked' }>;

/** `"Isolate and tell"`, or `of the id 0123…`. */
export function nameOf({ name, id }: WorkflowReference): string {
  return id === undefined ? `"${name ?? ''}"` : `of the id ${id}`;
}

export function unknownWorkflow(workflow: WorkflowReference): Blocked {
  return notConfigured(
    `Falcon has no workflow ${nameOf(workflow)}: correct workflow in the config, or make it in the console under Fusion SOAR, Workflows`,
  );
}

export function disabledWorkflow(workflow: WorkflowReference): Blocked {
  return notConfigured(
    `the workflow ${nameOf(workflow)} is disabled: turn it on in the console under Fusion SOAR, Workflows`,
  );
}

export function otherTrigger(workflow: WorkflowReference): Blocked {
  return notConfigured(
    `the workflow ${nameOf(workflow)} can not be started on demand: give it the trigger "On demand" in the console under Fusion SOAR, Workflows`,
  );
}

/** Both faults are 412: the words of the answer tell them apart. Source: falcon-mcp tests/integration/test_fusion.py, read 2026-11. */
export function notStartable(workflow: WorkflowReference, text: string): Blocked {
  if (/disabled/i.test(text)) return disabledWorkflow(workflow);
  if (/on[- ]?demand/i.test(text)) return otherTrigger(workflow);
  return notConfigured(`Falcon does not start the workflow ${nameOf(workflow)}: ${text}`);
}

function notConfigured(detail: string): Blocked {
  return { kind: 'blocked', reason: 'not_configured', detail };
}
