/** What is accepted of HarfangLab destinations but worth a word to the person who saved them. Pure; quotes no secret, and no host. */

import { formatPath } from '../domain/config-faults.ts';
import { canDo } from '../domain/grants.ts';
import type { HarfangLabConfig, TenantConfig } from '../domain/tenant-config.ts';
import { nothingSpared } from './contain-warnings.ts';
import { indicatorWarnings } from './indicator-warnings.ts';

const GUIDE_PATHS = [
  ['event', 'events_path'],
  ['incident', 'incidents_path'],
  ['alert', 'alerts_path'],
] as const;

export function harfangLabWarnings(
  { destinations, platforms, privacy, device_map: map }: TenantConfig,
  nowMs: number,
): string[] {
  return [
    ...destinations.flatMap((destination, index) => {
      if (destination.type !== 'harfanglab') return [];
      const path = formatPath(['destinations', index]);
      return [
        ...samePaths(destination, path),
        ...nothingSpared(destination, path),
        ...noLogons(destination, path, privacy),
        ...indicatorWarnings(destination.indicators, path, { platforms, nowMs }),
      ];
    }),
    ...unusedMap(destinations, map),
  ];
}

/** The manager could not tell an incident from an event. */
function samePaths(destination: HarfangLabConfig, path: string): string[] {
  const used = GUIDE_PATHS.flatMap(([verb, key]) => (canDo(destination, verb) ? [key] : []));
  return used.flatMap((key, index) => {
    const first = used.slice(0, index).find((other) => destination[other] === destination[key]);
    return first === undefined
      ? []
      : [
          `${path}.${key} is the same as ${path}.${first}: whatever is there gets both, and has to tell them apart.`,
        ];
  });
}

/** Whose machine it is, where an event does not say, is looked up by the user: privacy may have taken them. */
function noLogons(destination: HarfangLabConfig, path: string, privacy: TenantConfig['privacy']): string[] {
  const own = destination.privacy.user_id ?? 'keep';
  const isOwn = privacy.user_id === 'keep';
  const level = isOwn ? own : privacy.user_id;
  if (!canDo(destination, 'contain') || level === 'keep') return [];
  const setting = isOwn ? `${path}.privacy.user_id` : 'privacy.user_id';
  return [
    `${path} grants contain, and ${setting} is ${level}: where an event names no device, the host can't be found by who has logged on to it, and nothing is done.`,
  ];
}

/** Only what acts on hosts asks for them. */
function unusedMap(destinations: TenantConfig['destinations'], map: TenantConfig['device_map']): string[] {
  const isUsed = destinations.some(
    (destination) => canDo(destination, 'contain') || canDo(destination, 'comment'),
  );
  if (isUsed || Object.keys(map).length === 0) return [];
  return [
    'device_map is not used: no destination grants contain or comment. It names persons, so leave it out until one does.',
  ];
}
