/**
 * Everything that a run will do, drawn from the seed: who sends which events when, what fails when, and what the operator changes.
 * The same options give the same plan. Pure: no clock, no I/O.
 */

import { createHash } from 'node:crypto';

import { FORWARDED_TYPES } from '../simulators/noxys-events.ts';
import { integerBetween, pick, type Random } from '../simulators/random.ts';
import type { ChaosOptions } from './options.ts';
import { planConfigChanges } from './plan-config.ts';
import { planFaults } from './plan-faults.ts';
import {
  partOf,
  type Plan,
  type PlannedTenant,
  type PlannedWebhook,
  type SpoiltEvent,
} from './plan-parts.ts';

export function makePlan(options: ChaosOptions): Plan {
  const loadMs = Math.ceil((options.events / options.rate) * 1000);
  const tenants = Array.from({ length: options.tenants }, (_, i) => planTenant(options, loadMs, i));
  const spoilt = planSpoilt(options, tenants);
  const actions = [
    ...planFaults(options, loadMs, tenants),
    ...planConfigChanges(options.seed, loadMs, tenants),
  ].toSorted((a, b) => a.atMs - b.atMs);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify({ tenants, spoilt, actions }))
    .digest('hex')
    .slice(0, 12);
  return { options, loadMs, tenants, spoilt, actions, fingerprint };
}

/** The last tenant sends more than it may. Every other one, from the first, has the spare destination. */
function planTenant(options: ChaosOptions, loadMs: number, index: number): PlannedTenant {
  const { seed, tenants } = options;
  const id = `chaos-${index + 1}`;
  const random = partOf(seed, `webhooks ${id}`);
  const share = Math.floor(options.events / tenants) + (index < options.events % tenants ? 1 : 0);
  const isLimited = index === tenants - 1;
  const perMinute = Math.ceil((share / loadMs) * 60_000);
  const limits = isLimited
    ? { events_per_minute: Math.min(60_000, Math.ceil(perMinute * 1.2)), burst: 100 }
    : { events_per_minute: 60_000, burst: 60_000 };
  return {
    id,
    hasSpare: index % 2 === 0,
    residency: index === 1 ? 'eu' : 'global',
    limits,
    isLimited,
    webhooks: planWebhooks(random, id, share, loadMs),
  };
}

/** Mostly small webhooks, now and then a full one, spread over the time of the load. */
function planWebhooks(random: Random, tenant: string, events: number, loadMs: number): PlannedWebhook[] {
  const webhooks: PlannedWebhook[] = [];
  for (let sent = 0; sent < events;) {
    const drawn = random() < 0.1 ? 100 : integerBetween(random, 1, 20);
    const size = Math.min(drawn, events - sent);
    const list = Array.from({ length: size }, (_, i) => ({
      id: `${tenant}-${String(sent + i).padStart(6, '0')}`,
      type: pick(random, FORWARDED_TYPES),
    }));
    webhooks.push({ atMs: Math.floor((sent / events) * loadMs), events: list, isRepeated: random() < 0.03 });
    sent += size;
  }
  return webhooks;
}

/** In the first two thirds, so that later deliveries prove that the destination takes others. */
function planSpoilt(options: ChaosOptions, tenants: readonly PlannedTenant[]): SpoiltEvent[] {
  const random = partOf(options.seed, 'spoilt');
  const chosen = new Set<string>();
  return Array.from({ length: options.poison + options.refused }, (_, i): SpoiltEvent => {
    const tenant = pick(random, tenants);
    const events = tenant.webhooks.flatMap((webhook) => webhook.events);
    const destination = i % 2 === 0 ? 'edr' : 'falcon';
    for (;;) {
      const { id } = pick(random, events.slice(0, Math.ceil((events.length * 2) / 3)));
      if (chosen.has(id)) continue;
      chosen.add(id);
      return { tenant: tenant.id, destination, id, status: i < options.poison ? 500 : 400 };
    }
  });
}
