/** The one host that is meant: what can't be told apart is refused. Never takes the newest of several. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { PrivacyLevel } from '../../domain/destination-base.ts';
import { type Result, failure, success, unreachable } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { EntryRecords, HostReference } from '../destination.ts';
import { isOtherName, isPseudonym } from '../isolation/host-names.ts';
import { whyNoDevice } from '../isolation/refusals.ts';
import type { FalconApi } from './api.ts';
import { type Host, type HostSearchFailure, findHosts, isAgentId, isSameName } from './hosts.ts';

export type HostRefusal =
  /** A clause without a full stop. */
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

/** The host of a reference, as its record is now. */
export async function oneHost(api: FalconApi, reference: HostReference): Promise<Result<Host, HostRefusal>> {
  const isById = 'deviceId' in reference;
  const found = await findHosts(api, reference);
  if (!found.ok) return notFound(found.error);
  const [host, ...others] = found.value;
  const what = isById ? 'with this agent id' : 'of this name';
  if (!host) return refused(`Falcon knows no host ${what}`);
  if (others.length > 0) return refused(severalHosts(`${others.length + 1} hosts ${what}`));
  if (isById) return success(host);
  // The search index may lag behind: a host of another name or status by now.
  const record = await oneHost(api, { deviceId: host.deviceId });
  if (record.ok && !isSameName(record.value.hostname, reference.hostname))
    return refused("Falcon's search is behind: the host that it shows has another name by now");
  return record;
}

function severalHosts(hosts: string): string {
  return `Falcon knows ${hosts}: which one is meant can not be told`;
}

/** A host, and the name that it was looked for by; undefined: by its id alone. */
export interface MeantHost {
  readonly host: Host;
  readonly told: string | undefined;
}

/**
 * The host that a detection is about: by its device id where that is one of Falcon's, else by its name; where it has no device, by
 * the name that the tenant's `device_map` has for its user. `privacy` is the destination's, for the words.
 */
export async function hostOfDetection(
  api: FalconApi,
  event: CanonicalEvent,
  { records, privacy }: { readonly records: EntryRecords; readonly privacy: PrivacyLevel | undefined },
): Promise<Result<MeantHost, HostRefusal>> {
  const { id, hostname } = event.device ?? {};
  if (isPseudonym(id) || isPseudonym(hostname))
    return refused('the detection names no device: privacy.device must be keep, and hides it');
  if (id !== undefined && isAgentId(id)) {
    const byId = await oneHost(api, { deviceId: id });
    if (byId.ok && isOtherName(byId.value.hostname, hostname))
      return refused('the device id and the host name of the detection belong to different hosts');
    if (byId.ok) return success({ host: byId.value, told: hostname });
    if (byId.error.kind === 'failed' || hostname === undefined) return byId;
  }
  const told = hostname ?? records.mappedHost(event);
  if (told === undefined)
    return refused(
      id === undefined
        ? `the detection names no device${whyNoDevice(privacy)}`
        : 'the detection has no host name, and its device id is none of Falcon, which has 32 hex digits',
    );
  const byName = await oneHost(api, { hostname: told });
  return byName.ok ? success({ host: byName.value, told }) : byName;
}

function notFound(error: HostSearchFailure): Result<never, HostRefusal> {
  switch (error.kind) {
    case 'failed':
      return failure(error);
    case 'too_many':
      return refused(severalHosts('ten hosts of this name or more'));
    case 'unusable':
      return refused(`the host's ${error.detail}`);
    default:
      return unreachable(error);
  }
}

function refused(detail: string): Result<never, HostRefusal> {
  return failure({ kind: 'refused', detail });
}
