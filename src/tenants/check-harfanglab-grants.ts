/**
 * Whether a HarfangLab destination has the mode for what its `actions` grant, grants what its blocks are about, and keeps of an event
 * what an action needs. Pure.
 */

import type { ConfigFault } from '../domain/fault.ts';
import { canDo, grantsOf, possibleGrants } from '../domain/grants.ts';
import {
  HARFANGLAB_GUIDE_VERBS,
  HARFANGLAB_NATIVE_VERBS,
  type HarfangLabAction,
} from '../domain/harfanglab-config.ts';
import type { HarfangLabConfig } from '../domain/tenant-config.ts';
import { reducedDevice } from './check-device.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

export function harfangLabGrantFaults(
  destination: HarfangLabConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  return [
    ...nothingGranted(destination, context),
    ...actionFaults(destination, context),
    ...blockingFaults(destination, context),
    ...blockFaults(destination, context),
    ...deviceFaults(destination, context),
  ];
}

function nothingGranted(destination: HarfangLabConfig, context: DestinationContext): readonly ConfigFault[] {
  if (grantsOf(destination).length > 0) return [];
  const possible = possibleGrants(destination).join(', ');
  const message = `is missing: mode ${destination.mode} does nothing that is not granted, so name what the relay may do there, of ${possible}`;
  return [{ path: pathIn(context, 'actions'), message }];
}

/** An action of the API that the mode leaves out. */
function actionFaults(
  { actions = [], mode }: HarfangLabConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  return actions.flatMap((action, index): ConfigFault[] => {
    const other = modeOf(action);
    if (mode === 'both' || mode === other) return [];
    const message = `${action} needs mode ${other} or both: mode is ${mode}, whose API can't do it`;
    return [{ path: pathIn(context, 'actions', index), message }];
  });
}

/** The mode whose API can do it. */
function modeOf(action: HarfangLabAction): 'events' | 'native' {
  return HARFANGLAB_GUIDE_VERBS.some((verb) => verb === action) ? 'events' : 'native';
}

/** `block` is about indicators, and an indicator may block with it only. */
function blockingFaults(
  { actions = [], indicators = [] }: HarfangLabConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const index = actions.indexOf('block');
  if (index !== -1 && !actions.includes('indicator')) {
    const message = 'block lets indicators block, and indicator is not granted: add it, or take block away';
    faults.push({ path: pathIn(context, 'actions', index), message });
  }
  if (index !== -1) return faults;
  const blocking = indicators.flatMap((indicator, at): ConfigFault[] => {
    if (typeof indicator === 'string' || indicator.action !== 'block') return [];
    const message = 'block needs the action block, too: add it to actions, or write alert';
    return [{ path: pathIn(context, 'indicators', at, 'action'), message }];
  });
  return [...faults, ...blocking];
}

/** The blocks that are about one verb each. */
const BLOCKS = [
  ['incidents', 'incident'],
  ['indicators', 'indicator'],
  ['endpoint_rules', 'rule'],
  ['contain', 'contain'],
] as const satisfies readonly (readonly [keyof HarfangLabConfig, HarfangLabAction])[];

/** A block alone grants nothing: whoever wrote it would wait in vain. */
function blockFaults(destination: HarfangLabConfig, context: DestinationContext): readonly ConfigFault[] {
  return BLOCKS.flatMap(([block, verb]): ConfigFault[] => {
    if (destination[block] === undefined || canDo(destination, verb)) return [];
    const actions = [...grantsOf(destination), verb].join(', ');
    const isOtherMode = destination.mode !== 'both' && destination.mode !== modeOf(verb);
    const mode = isOtherMode ? `mode: ${grantsOf(destination).length > 0 ? 'both' : modeOf(verb)} and ` : '';
    const message = `does nothing as ${verb} is not granted: write ${mode}actions: [${actions}]`;
    return [{ path: pathIn(context, block), message }];
  });
}

const NEEDS_DEVICE = HARFANGLAB_NATIVE_VERBS.filter((verb) => verb === 'contain' || verb === 'comment');

/** What needs to know the host: privacy may have taken it. */
function deviceFaults(destination: HarfangLabConfig, context: DestinationContext): readonly ConfigFault[] {
  const reduced = reducedDevice(destination, context);
  if (reduced === undefined) return [];
  return NEEDS_DEVICE.flatMap((verb): ConfigFault[] => {
    const index = (destination.actions ?? []).indexOf(verb);
    if (index === -1) return [];
    const message = `${verb} could never find the host as ${reduced}: set it to keep, or take ${verb} away`;
    return [{ path: pathIn(context, 'actions', index), message }];
  });
}
