/** What a destination may do: what its `actions` grant, as far as it has the credentials for it. Pure. */

import { FALCON_VERBS, type FalconVerb } from './falcon-config.ts';
import type { FalconConfig } from './tenant-config.ts';
import { DEFAULT_ACTIONS } from './verbs.ts';

/** The verbs that a Falcon destination grants. */
export function grantsOf({ actions, hec, client_id: clientId }: FalconConfig): readonly FalconVerb[] {
  if (actions) return actions;
  return FALCON_VERBS.filter(
    (verb) => DEFAULT_ACTIONS.includes(verb) && (verb === 'event' ? hec : clientId) !== undefined,
  );
}

/** Whether a Falcon destination grants a verb. */
export function canDo(destination: FalconConfig, verb: FalconVerb): boolean {
  return grantsOf(destination).includes(verb);
}
