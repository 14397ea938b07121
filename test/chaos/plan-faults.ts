/** The faults of a run: windows per destination with calm stretches in between, kills, aborts, and faults of `accept`. Pure. */

import { integerBetween, pick, type Random } from '../simulators/random.ts';
import type { ChaosOptions } from './options.ts';
import {
  type Action,
  DESTINATIONS,
  FAULT_KINDS,
  type FaultKind,
  partOf,
  type PlannedTenant,
} from './plan-parts.ts';

/** How often each kind is drawn, and how long a window of it is, in milliseconds. */
const WINDOWS: Readonly<
  Record<FaultKind, { readonly weight: number; readonly minMs: number; readonly maxMs: number }>
> = {
  '503': { weight: 30, minMs: 2_000, maxMs: 5_000 },
  outage: { weight: 7, minMs: 4_000, maxMs: 10_000 },
  '429 Retry-After': { weight: 4, minMs: 2_000, maxMs: 4_000 },
  '429 epoch seconds': { weight: 4, minMs: 2_000, maxMs: 4_000 },
  '429 epoch milliseconds': { weight: 4, minMs: 2_000, maxMs: 4_000 },
  'answer withheld': { weight: 5, minMs: 1_000, maxMs: 1_000 },
  'closed before reading': { weight: 9, minMs: 2_000, maxMs: 4_000 },
  'closed after reading': { weight: 11, minMs: 2_000, maxMs: 4_000 },
  '200 with HTML': { weight: 4, minMs: 2_000, maxMs: 4_000 },
  '500 with garbage': { weight: 7, minMs: 2_000, maxMs: 4_000 },
  '401': { weight: 5, minMs: 2_000, maxMs: 5_000 },
  slow: { weight: 10, minMs: 3_000, maxMs: 6_000 },
};
const CALM_MS = { min: 1_500, max: 5_000 };
/** The local queue is in memory: before a kill it must be empty. */
const CALM_BEFORE_KILL_MS = 3_000;
const ABORT_EVERY_MS = 4_000;

export function planFaults(
  options: ChaosOptions,
  loadMs: number,
  tenants: readonly PlannedTenant[],
): Action[] {
  const kills = planKills(options, loadMs);
  return [
    ...tenants.flatMap((tenant) => planWindows(options.seed, loadMs, tenant)),
    ...kills,
    ...planAcceptFaults(options.seed, loadMs, kills),
    ...planPerTenant(options.seed, loadMs, tenants, 'abort'),
    ...planPerTenant(options.seed, loadMs, tenants, 'stray wake-up'),
  ];
}

function planWindows(seed: number, loadMs: number, { id: tenant, hasSpare }: PlannedTenant): Action[] {
  const actions: Action[] = [];
  for (const destination of DESTINATIONS) {
    if (destination === 'spare' && !hasSpare) continue;
    const random = partOf(seed, `faults ${tenant} ${destination}`);
    for (let atMs = integerBetween(random, 500, 4_000); atMs < loadMs;) {
      const fault = drawKind(random);
      const { minMs, maxMs } = WINDOWS[fault];
      const forMs = integerBetween(random, minMs, maxMs);
      const [waitSeconds, own] = [integerBetween(random, 1, 3), integerBetween(random, 1, 1_000_000)];
      actions.push({ atMs, kind: 'fault', tenant, destination, fault, forMs, seed: own, waitSeconds });
      atMs += forMs + integerBetween(random, CALM_MS.min, CALM_MS.max);
    }
  }
  return actions;
}

function drawKind(random: Random): FaultKind {
  const total = FAULT_KINDS.reduce((sum, kind) => sum + WINDOWS[kind].weight, 0);
  let left = random() * total;
  return FAULT_KINDS.find((kind) => (left -= WINDOWS[kind].weight) < 0) ?? '503';
}

/** One in each of as many equal parts of the load, in its later half. */
function planKills({ seed, kills }: ChaosOptions, loadMs: number): (Action & { kind: 'kill' })[] {
  const random = partOf(seed, 'kills');
  return Array.from({ length: kills }, (_, i) => ({
    kind: 'kill',
    atMs: Math.floor(((i + 0.4 + 0.6 * random()) / kills) * loadMs * 0.98),
    downMs: integerBetween(random, 100, 1_500),
  }));
}

function planAcceptFaults(seed: number, loadMs: number, kills: readonly Action[]): Action[] {
  const random = partOf(seed, 'accept');
  const actions: Action[] = [];
  for (let atMs = 1_000; atMs < loadMs;) {
    const endMs = atMs + integerBetween(random, 1_500, 4_000);
    const share = pick(random, [0.2, 0.4, 0.6]);
    const isNearKill = kills.some((kill) => kill.atMs > atMs && kill.atMs < endMs + CALM_BEFORE_KILL_MS);
    if (!isNearKill) {
      actions.push({ atMs, kind: 'accept faults', share }, { atMs: endMs, kind: 'accept faults', share: 0 });
    }
    atMs = isNearKill ? atMs + 1_000 : endMs + integerBetween(random, 1_000, 3_000);
  }
  return actions;
}

function planPerTenant(
  seed: number,
  loadMs: number,
  tenants: readonly PlannedTenant[],
  kind: 'abort' | 'stray wake-up',
): Action[] {
  const random = partOf(seed, kind);
  const count = Math.floor(loadMs / ABORT_EVERY_MS);
  return Array.from({ length: count }, () => ({
    kind,
    atMs: Math.floor(random() * loadMs),
    tenant: pick(random, tenants).id,
  }));
}
