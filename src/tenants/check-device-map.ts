/**
 * What a tenant's map from users to hosts must fulfil beyond the schema: whole names of hosts, and privacy that keeps both sides of it.
 * Pure. Never quotes a user or a host: they name persons.
 */

import type { ConfigFault } from '../domain/fault.ts';
import { HIDDEN_VALUE } from '../domain/personal-fields.ts';
import type { PrivacyConfig, TenantConfig } from '../domain/tenant-config.ts';
import { type AgentIds, hostFault, plainHost } from './check-contain.ts';

type DeviceMap = TenantConfig['device_map'];

/** Of whichever product: the map is the tenant's. */
const ANY_AGENT_ID: AgentIds = {
  isOne: (text) => /^[\da-f-]{32,36}$/i.test(text),
  words: 'an agent id',
};

/** The hosts without the space around them. */
export function normaliseDeviceMap(map: DeviceMap): DeviceMap {
  return Object.fromEntries(Object.entries(map).map(([user, host]) => [user, plainHost(host)]));
}

/** `privacy`: undefined when it could not be read. */
export function deviceMapFaults(map: DeviceMap, privacy: PrivacyConfig | undefined): ConfigFault[] {
  const entries = Object.entries(map);
  if (entries.length === 0) return [];
  const reduced = (['user_id', 'device'] as const).flatMap((field): ConfigFault[] => {
    const level = privacy?.[field] ?? 'keep';
    if (level === 'keep') return [];
    const message = `can never be used as privacy.${field} is ${level}: set it to keep, or leave the map out`;
    return [{ path: 'device_map', message }];
  });
  return [
    ...reduced,
    ...entries.flatMap(([user, host], index) => entryFaults(user, plainHost(host), index)),
    ...sameUserFaults(Object.keys(map)),
  ];
}

/** A user is looked up whatever the case: of two such entries one would never be found. */
function sameUserFaults(users: readonly string[]): ConfigFault[] {
  const places = new Map<string, number>();
  return users.flatMap((user, index): ConfigFault[] => {
    const first = places.get(user.toLowerCase());
    if (first === undefined) {
      places.set(user.toLowerCase(), index);
      return [];
    }
    const message = `(entry ${index + 1}) is of the same user as entry ${first + 1}, in another case: leave one of them`;
    return [{ path: 'device_map', message }];
  });
}

/** An entry is named by its place: its key is a person. */
function entryFaults(user: string, host: string, index: number): ConfigFault[] {
  const place = `(entry ${index + 1})`;
  const fault = hostFault(host, ANY_AGENT_ID);
  return [
    ...(user === HIDDEN_VALUE || user.trim() !== user
      ? [{ path: 'device_map', message: `${place} ${userFault(user)}` }]
      : []),
    ...(fault === undefined ? [] : [{ path: 'device_map', message: `${place} ${fault}` }]),
  ];
}

function userFault(user: string): string {
  return user === HIDDEN_VALUE
    ? `is of a user whom viewers do not see: write the map itself`
    : 'has space around its user id, so that it would never be found: write the id alone';
}
