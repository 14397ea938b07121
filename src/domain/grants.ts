/** What a destination may do: what its `actions` grant, as far as it has the credentials or the mode for it. Pure. */

import { unreachable } from '../lib/result.ts';
import { FALCON_VERBS } from './falcon-config.ts';
import { HARFANGLAB_GUIDE_VERBS, HARFANGLAB_NATIVE_VERBS } from './harfanglab-config.ts';
import { MESSAGE_VERBS } from './messages-config.ts';
import type { DestinationConfig, FalconConfig, HarfangLabConfig } from './tenant-config.ts';
import { DEFAULT_ACTIONS, type Verb } from './verbs.ts';

/** What a destination may be granted; `block` lets an indicator block. */
export type Grant = Verb | 'block';

/** What a destination grants. */
export function grantsOf(destination: DestinationConfig): readonly Grant[] {
  return destination.actions ?? possibleGrants(destination).filter((verb) => DEFAULT_ACTIONS.includes(verb));
}

/** Whether a destination grants something. */
export function canDo(destination: DestinationConfig, grant: Grant): boolean {
  return grantsOf(destination).includes(grant);
}

/** What a destination could do as it is configured, granted or not. */
export function possibleGrants(destination: DestinationConfig): readonly Verb[] {
  switch (destination.type) {
    case 'harfanglab':
      return modeVerbs(destination);
    case 'falcon':
      return falconVerbs(destination);
    case 'slack':
    case 'teams':
    case 'webhook':
      return MESSAGE_VERBS;
    default:
      return unreachable(destination);
  }
}

function modeVerbs({ mode }: HarfangLabConfig): readonly Verb[] {
  return [
    ...(mode === 'native' ? [] : HARFANGLAB_GUIDE_VERBS),
    ...(mode === 'events' ? [] : HARFANGLAB_NATIVE_VERBS),
  ];
}

function falconVerbs({ hec, client_id: clientId }: FalconConfig): readonly Verb[] {
  return FALCON_VERBS.filter((verb) => (verb === 'event' ? hec : clientId) !== undefined);
}
