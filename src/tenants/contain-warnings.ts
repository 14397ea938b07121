/** What is accepted of destinations that isolate hosts but worth a word to the person who saved them. Pure; quotes no host. */

import { canDo } from '../domain/grants.ts';
import type { FalconConfig, HarfangLabConfig } from '../domain/tenant-config.ts';

/** `path` is that of the destination. */
export function nothingSpared(destination: FalconConfig | HarfangLabConfig, path: string): string[] {
  if (!canDo(destination, 'contain') || (destination.contain?.never.length ?? 0) > 0) return [];
  return [
    `${path} may isolate hosts, and ${path}.contain.never spares none: name there those that must stay reachable, such as the machines of your administrators.`,
  ];
}
