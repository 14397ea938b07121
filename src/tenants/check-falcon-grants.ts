/**
 * Whether a Falcon destination has the credentials for what its `actions` grant, grants what its blocks are about, and keeps of an
 * event what an action needs. Pure.
 */

import type { FalconVerb } from '../domain/falcon-config.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { canDo, grantsOf } from '../domain/grants.ts';
import type { FalconConfig } from '../domain/tenant-config.ts';
import { reducedDevice } from './check-device.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

const HEC_WORDS = 'hec (url and token of a Next-Gen SIEM HEC connector)';
const CLIENT_WORDS = 'client_id and client_secret (an API client of the Falcon console)';

export function grantFaults(destination: FalconConfig, context: DestinationContext): readonly ConfigFault[] {
  const credentials = credentialFaults(destination, context);
  // Without any credential, each action would only say the same again.
  if (!hasHec(destination) && !hasClient(destination)) return credentials;
  return [
    ...credentials,
    ...actionFaults(destination, context),
    ...blockFaults(destination, context),
    ...deviceFaults(destination, context),
  ];
}

function credentialFaults(destination: FalconConfig, context: DestinationContext): readonly ConfigFault[] {
  const { client_id: id, client_secret: secret } = destination;
  if (!hasHec(destination) && !hasClient(destination)) {
    const message = `has no credentials: ${HEC_WORDS} sends events; ${CLIENT_WORDS} opens cases, keeps indicators, isolates hosts and starts workflows; either is enough`;
    return [{ path: pathIn(context), message }];
  }
  if (id !== undefined && secret === undefined)
    return [{ path: pathIn(context, 'client_secret'), message: 'is missing: it belongs to client_id' }];
  if (id === undefined && secret !== undefined)
    return [{ path: pathIn(context, 'client_id'), message: 'is missing: it belongs to client_secret' }];
  return [];
}

function hasHec({ hec }: FalconConfig): boolean {
  return hec !== undefined;
}

/** Or half of one, which is a fault of its own. */
function hasClient({ client_id: id, client_secret: secret }: FalconConfig): boolean {
  return id !== undefined || secret !== undefined;
}

function actionFaults(destination: FalconConfig, context: DestinationContext): readonly ConfigFault[] {
  return (destination.actions ?? []).flatMap((verb, index): ConfigFault[] => {
    const lacking = whatLacks(destination, verb);
    return lacking === undefined
      ? []
      : [{ path: pathIn(context, 'actions', index), message: `${verb} needs ${lacking}` }];
  });
}

/** What a verb can't do without; undefined: it is there. */
function whatLacks(destination: FalconConfig, verb: FalconVerb): string | undefined {
  if (verb === 'event') return hasHec(destination) ? undefined : HEC_WORDS;
  if (!hasClient(destination)) return CLIENT_WORDS;
  if (verb === 'workflow' && !destination.workflow)
    return 'workflow: the name or the id of an on-demand Fusion workflow';
  return undefined;
}

/** The blocks that are about one verb each. */
const BLOCKS = [
  ['cases', 'case'],
  ['indicators', 'indicator'],
  ['contain', 'contain'],
  ['workflow', 'workflow'],
] as const satisfies readonly (readonly [keyof FalconConfig, FalconVerb])[];

/** A block alone grants nothing: whoever wrote it would wait in vain. */
function blockFaults(destination: FalconConfig, context: DestinationContext): readonly ConfigFault[] {
  return BLOCKS.flatMap(([block, verb]): ConfigFault[] => {
    if (destination[block] === undefined || canDo(destination, verb)) return [];
    const path = pathIn(context, block);
    // Half a client is reported where the other half is missing.
    if (!hasClient(destination)) return [{ path, message: `needs ${CLIENT_WORDS}` }];
    if (verb === 'case' && !destination.actions) return [];
    const actions = [...grantsOf(destination), verb].join(', ');
    return [{ path, message: `does nothing as ${verb} is not granted: write actions: [${actions}]` }];
  });
}

/** What needs to know the host by its name or id: privacy may have taken both. */
function deviceFaults(destination: FalconConfig, context: DestinationContext): readonly ConfigFault[] {
  const reduced = reducedDevice(destination, context);
  if (reduced === undefined) return [];
  const faults: ConfigFault[] = [];
  const index = (destination.actions ?? []).indexOf('contain');
  if (index !== -1) {
    const message = `contain could never find the host as ${reduced}: set it to keep, or take contain away`;
    faults.push({ path: pathIn(context, 'actions', index), message });
  }
  if ((destination.cases?.alerts ?? 'off') !== 'off') {
    const message = `could never find the host's alerts as ${reduced}: set it to keep, or alerts to off`;
    faults.push({ path: pathIn(context, 'cases', 'alerts'), message });
  }
  return faults;
}
