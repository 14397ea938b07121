/**
 * Reduces what names a person, a device or a page to what the tenant allows, before anything is stored or sent.
 * Pure. Raw classification values, spans and prompt text never get this far: the parser does not read them.
 */

import type { DetectionFacts } from '../domain/detection-facts.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { PrivacyLevel } from '../domain/destination-base.ts';
import type { DestinationConfig, PrivacyConfig } from '../domain/tenant-config.ts';
import { PRIVACY_LEVELS } from '../domain/destination-base.ts';
import { isWithin } from '../domain/domain-name.ts';
import { platformDomains } from '../domain/platforms.ts';
import { namesOfHost, namesOfUser } from '../domain/without-name.ts';
import { leaveOutNames } from './leave-out-names.ts';
import type { ParsedEvent, PersonalFields } from './parse-event.ts';
import { present } from './present.ts';
import { type PseudonymKind, pseudonymOf, pseudonymOfStored } from './pseudonym.ts';

/** What becomes of one value of a kind at a level. */
type Replace = (value: string, kind: PseudonymKind) => string;

/**
 * The event as it may be stored: each personal field kept, replaced by a keyed pseudonym, or dropped; what is not kept
 * is left out of the event's texts, too.
 */
export function minimise(
  event: ParsedEvent,
  privacy: PrivacyConfig,
  pseudonymKey: Uint8Array,
): CanonicalEvent {
  const { personal, ...rest } = event;
  const replace: Replace = (value, kind) => pseudonymOf(value, kind, pseudonymKey);
  const reduced: CanonicalEvent = { ...rest, ...reduce(personal, privacy, replace), source: 'noxys' };
  return leaveOutNames(reduced, namesNotKept(personal, privacy, reduced.platform));
}

/**
 * The event as one destination may see it: each field at the stricter of the destination's level and the tenant's.
 * The tenant's level counts too, because the event may have been stored before the tenant became stricter.
 */
export function reduceFurther(
  event: CanonicalEvent,
  destinationPrivacy: DestinationConfig['privacy'],
  tenantPrivacy: PrivacyConfig,
  pseudonymKey: Uint8Array,
): CanonicalEvent {
  const { user, device, urlHost, detection, ...rest } = event;
  const personal: PersonalFields = {
    ...present('userId', user?.id),
    ...present('userEmail', user?.email),
    ...present('deviceId', device?.id),
    ...present('hostname', device?.hostname),
    ...present('urlHost', urlHost),
  };
  const privacy = stricterPrivacy(tenantPrivacy, destinationPrivacy);
  const replace: Replace = (value, kind) => pseudonymOfStored(value, kind, tenantPrivacy, pseudonymKey);
  const reduced = {
    ...rest,
    ...reduce(personal, privacy, replace),
    ...(detection && { detection: reduceGroup(detection, privacy.user_id, replace) }),
  };
  return leaveOutNames(reduced, namesNotKept(personal, privacy, reduced.platform));
}

/** What a destination may see: of each field the stricter level. */
export function stricterPrivacy(
  tenant: PrivacyConfig,
  destination: DestinationConfig['privacy'],
): PrivacyConfig {
  return {
    user_id: stricter(tenant.user_id, destination.user_id),
    user_email: stricter(tenant.user_email, destination.user_email),
    device: stricter(tenant.device, destination.device),
    url: stricter(tenant.url, destination.url),
  };
}

/** What a rule groups by is often the user, and never told apart from one. */
function reduceGroup(
  { groupKey, ...rest }: DetectionFacts,
  level: PrivacyLevel,
  replace: Replace,
): DetectionFacts {
  if (groupKey === undefined || level === 'drop') return rest;
  return { ...rest, groupKey: level === 'keep' ? groupKey : replace(groupKey, 'user_id') };
}

function reduce(
  personal: PersonalFields,
  privacy: PrivacyConfig,
  replace: Replace,
): Pick<CanonicalEvent, 'user' | 'device' | 'urlHost'> {
  const at = (level: PrivacyLevel, kind: PseudonymKind, value: string | undefined): string | undefined => {
    if (value === undefined || level === 'drop') return undefined;
    return level === 'keep' ? value : replace(value, kind);
  };
  const user = {
    ...present('id', at(privacy.user_id, 'user_id', personal.userId)),
    ...present('email', at(privacy.user_email, 'user_email', personal.userEmail)),
  };
  const device = {
    ...present('id', at(privacy.device, 'device_id', personal.deviceId)),
    ...present('hostname', at(privacy.device, 'hostname', personal.hostname)),
  };
  const urlHost = at(privacy.url, 'url_host', personal.urlHost);
  return {
    ...(Object.keys(user).length > 0 ? { user } : {}),
    ...(Object.keys(device).length > 0 ? { device } : {}),
    ...present('urlHost', urlHost),
  };
}

/** The raw names that a level does not keep. */
function namesNotKept(
  { userId = '', userEmail = '', deviceId = '', hostname = '', urlHost = '' }: PersonalFields,
  privacy: PrivacyConfig,
  platform: CanonicalEvent['platform'],
): readonly string[] {
  return [
    ...(privacy.user_id === 'keep' ? [] : namesOfUser(userId)),
    ...(privacy.user_email === 'keep' ? [] : namesOfUser(userEmail)),
    ...(privacy.device === 'keep' ? [] : [...namesOfHost(deviceId), ...namesOfHost(hostname)]),
    ...(privacy.url === 'keep' || urlHost === '' || isOfPlatform(urlHost, platform) ? [] : [urlHost]),
  ];
}

/** A platform's own domain tells no more than the platform, which stays. */
export function isOfPlatform(host: string, platform: CanonicalEvent['platform']): boolean {
  if (!platform) return false;
  const { id, name } = platform;
  return [id, name.toLowerCase(), ...platformDomains(id, {})].some((domain) => isWithin(host, domain));
}

function stricter<L extends PrivacyLevel>(a: L, b: L | undefined): L {
  return b !== undefined && PRIVACY_LEVELS.indexOf(b) > PRIVACY_LEVELS.indexOf(a) ? b : a;
}
