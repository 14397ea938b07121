/** What is accepted of Falcon destinations but worth a word to the person who saved them. Pure; quotes no secret, and no host. */

import { formatPath } from '../domain/config-faults.ts';
import { canDo } from '../domain/grants.ts';
import { isAtLeast } from '../domain/severity.ts';
import type { FalconConfig, TenantConfig } from '../domain/tenant-config.ts';
import { nothingSpared } from './contain-warnings.ts';
import { indicatorWarnings } from './indicator-warnings.ts';

/** Of the 6,000 a minute that all API clients of a customer share. Source: gofalcon#364, read 2026-11. */
const SHARED_REQUESTS_HALF = 3000;
/** A case for an event: it is looked for, then opened or updated. */
const REQUESTS_PER_CASE = 2;

export function falconWarnings(
  { destinations, limits, platforms }: Pick<TenantConfig, 'destinations' | 'limits' | 'platforms'>,
  nowMs: number,
): string[] {
  return destinations.flatMap((destination, index) => {
    if (destination.type !== 'falcon') return [];
    const path = formatPath(['destinations', index]);
    return [
      ...nothingSpared(destination, path),
      ...manyCases(destination, path, limits.events_per_minute),
      ...largeShare(destination, path),
      ...indicatorWarnings(destination.indicators, path, { platforms, nowMs }),
    ];
  });
}

function manyCases(destination: FalconConfig, path: string, eventsPerMinute: number): string[] {
  const { cases, requests_per_minute: requests } = destination;
  const level = cases?.events_at_or_above;
  if (level === undefined || isAtLeast(level, 'high') || !canDo(destination, 'case')) return [];
  const casesPerMinute = Math.floor(requests / REQUESTS_PER_CASE);
  if (casesPerMinute >= eventsPerMinute) return [];
  return [
    `${path}.cases.events_at_or_above is ${level}, which most events are: requests_per_minute of ${requests} lets at most ${casesPerMinute} events a minute become cases, and limits.events_per_minute is ${eventsPerMinute}. Others wait.`,
  ];
}

function largeShare({ requests_per_minute: requests }: FalconConfig, path: string): string[] {
  if (requests <= SHARED_REQUESTS_HALF) return [];
  return [
    `${path}.requests_per_minute is ${requests}: all API clients of your Falcon account share 6,000, so other tools of yours may be refused.`,
  ];
}
