/** The one host that is meant: what can't be told apart is refused. Never takes the newest of several. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { PrivacyLevel } from '../../domain/destination-base.ts';
import { type Result, failure, success, unreachable } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HostReference } from '../destination.ts';
import type { FalconApi } from './api.ts';
import { type Host, type HostSearchFailure, findHosts, isAgentId, isSameName } from './hosts.ts';

export type HostRefusal =
  /** A clause without a full stop. */
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'failed'; readonly failure: ApiFailure };

/** The form of the relay's pseudonyms; no host name has an underscore there. */
const PSEUDONYM_PATTERN = /^p_[A-Za-z0-9_-]{22}$/;

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

/**
 * The host that a detection is about: by its device id where that is one of Falcon's, else by its name.
 * `privacy` is the destination's, for the words.
 */
export async function hostOfDetection(
  api: FalconApi,
  { device }: CanonicalEvent,
  privacy: PrivacyLevel | undefined,
): Promise<Result<Host, HostRefusal>> {
  const { id, hostname } = device ?? {};
  const isHidden = [id, hostname].some((text) => text !== undefined && PSEUDONYM_PATTERN.test(text));
  if (isHidden) return refused('the detection names no device: privacy.device must be keep, and hides it');
  if (id === undefined && hostname === undefined)
    return refused(`the detection names no device${why(privacy)}`);
  if (id !== undefined && isAgentId(id)) {
    const byId = await oneHost(api, { deviceId: id });
    if (byId.ok && isOtherName(byId.value.hostname, hostname))
      return refused('the device id and the host name of the detection belong to different hosts');
    if (byId.ok || byId.error.kind === 'failed' || hostname === undefined) return byId;
  }
  if (hostname === undefined)
    return refused(
      'the detection has no host name, and its device id is none of Falcon, which has 32 hex digits',
    );
  return oneHost(api, { hostname });
}

/** Whether two names may be of one host: the same, or one of them without its domain. The case does not count. */
export function isLikeName(name: string, other: string): boolean {
  const [a, b] = [name.toLowerCase(), other.toLowerCase()];
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

/** A name that is not told contradicts none. */
function isOtherName(known: string | undefined, other: string | undefined): boolean {
  return known !== undefined && other !== undefined && !isLikeName(known, other);
}

function why(privacy: PrivacyLevel | undefined): string {
  return privacy === undefined || privacy === 'keep'
    ? '; where the tenant has privacy.device: drop, none does'
    : `: privacy.device of the destination is ${privacy}`;
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
