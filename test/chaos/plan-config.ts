/** What the operator changes under load: each tenant's destinations go off and on, away and back, with other filters and tokens. Pure. */

import { integerBetween, pick } from '../simulators/random.ts';
import {
  type Action,
  type ConfigChange,
  type DestinationName,
  partOf,
  type PlannedTenant,
} from './plan-parts.ts';

/** Between two changes of one tenant. */
const PAUSE_MS = { min: 5_000, max: 12_000 };
/** How long a change lasts that another one takes back. */
const LASTING_MS = { min: 2_000, max: 6_000 };

/** Pairs: what is done, and what takes it back. */
const CHANGES: readonly (readonly [DestinationName, ConfigChange, ConfigChange?])[] = [
  ['edr', 'disable', 'enable'],
  ['falcon', 'disable', 'enable'],
  ['edr', 'narrow filter', 'widen filter'],
  ['edr', 'rotate token'],
  ['falcon', 'rotate token'],
  ['spare', 'remove', 'add'],
  ['spare', 'remove', 'add'],
  ['spare', 'disable', 'enable'],
];

export function planConfigChanges(seed: number, loadMs: number, tenants: readonly PlannedTenant[]): Action[] {
  return tenants.flatMap(({ id: tenant, hasSpare }) => {
    const random = partOf(seed, `config ${tenant}`);
    const possible = CHANGES.filter(([destination]) => hasSpare || destination !== 'spare');
    const actions: Action[] = [];
    for (let atMs = integerBetween(random, 1_000, 4_000); atMs < loadMs;) {
      const [destination, change, undo] = pick(random, possible);
      actions.push({ atMs, kind: 'config', tenant, destination, change });
      if (undo) {
        atMs += integerBetween(random, LASTING_MS.min, LASTING_MS.max);
        actions.push({ atMs, kind: 'config', tenant, destination, change: undo });
      }
      atMs += integerBetween(random, PAUSE_MS.min, PAUSE_MS.max);
    }
    return actions;
  });
}
