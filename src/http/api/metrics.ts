/**
 * `GET /metrics?tenant=`: a tenant's health for Prometheus. Nothing personal is in it, and no text that a destination wrote.
 * A scrape asks one object once: KV says where it is, and what the object answers counts.
 */

import type { LaneView } from '../../domain/lane-view.ts';
import type { ObjectHealth } from '../../domain/object-health.ts';
import type { Residency } from '../../domain/tenant-config.ts';
import { causeFields } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { findTenant, relayStub, residenciesAsked } from '../../residency.ts';
import { readIngestConfig } from '../../tenants/ingest-config.ts';
import type { AdminRoute, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import { versionOf } from '../bindings.ts';
import type { RequestFailure } from '../request-failure.ts';
import { UNAVAILABLE, unavailable } from './existing.ts';
import type { Metric, Sample } from './metrics-text.ts';
import { METRICS_CONTENT_TYPE, metricsText } from './metrics-text.ts';
import { tenantId } from './values.ts';

interface Parameters {
  readonly tenant: string;
}

export const metricsRoutes: readonly AdminRoute[] = [
  adminRoute<Parameters>({
    method: 'GET',
    path: '/metrics',
    role: 'metrics',
    scope: 'tenant_in_query',
    query: { tenant: tenantId },
    handle: async (call) => {
      const health = await scrape(call, call.query.tenant ?? '');
      if (!health.ok) return health;
      const { versionId = '' } = versionOf(call.c.env);
      return success({
        body: metricsText(metricsOf(health.value, versionId)),
        headers: { 'content-type': METRICS_CONTENT_TYPE },
      });
    },
  }),
];

async function scrape(call: Call<Parameters>, tenant: string): Promise<Result<ObjectHealth, RequestFailure>> {
  const { c, deployment } = call;
  const { settings } = deployment;
  const places = residenciesAsked(settings);
  const residency = places.length === 1 ? places[0] : await publishedResidency(call, tenant);
  try {
    if (residency) {
      const stub = relayStub(c.env.TENANT_RELAY, settings, { tenant, residency });
      const health = stub.ok ? await stub.value.health() : null;
      if (health) return success(health);
      if (places.length === 1) return failure({ kind: 'tenant_not_found' });
    }
    // KV does not know it yet, or can't be read: every place is asked, as other routes do.
    const found = await findTenant(c.env.TENANT_RELAY, settings, tenant);
    if (!found.ok) return failure(UNAVAILABLE);
    const health = (await found.value?.stub.health()) ?? null;
    return health ? success(health) : failure({ kind: 'tenant_not_found' });
  } catch (error) {
    return unavailable(c, { tenant, ...causeFields(error) });
  }
}

async function publishedResidency({ c }: Call<Parameters>, tenant: string): Promise<Residency | undefined> {
  const published = await readIngestConfig(c.env.RELAY_KV, tenant);
  return published.ok ? published.value?.residency : undefined;
}

/** Counters only where the object never counts back, across restarts too. What was answered 429 is not among them: a restart forgets some. */
function metricsOf(health: ObjectHealth, versionId: string): Metric[] {
  const { lanes, lastWebhook, version, publishedVersion, rules = [] } = health;
  const of = (value: (lane: LaneView) => number): Sample[] =>
    lanes.map((lane) => ({ labels: { lane: lane.lane }, value: value(lane) }));
  return [
    gauge('build_info', "Always 1; the label is the Worker version's id, if the deployment tells it.", [
      { labels: { version_id: versionId }, value: 1 },
    ]),
    gauge('config_version', "Version of the tenant's config.", [{ value: version }]),
    gauge('config_published', '1 when the edge has the newest config, else 0.', [
      { value: publishedVersion === version ? 1 : 0 },
    ]),
    counter('events_accepted_total', 'Events that were accepted, duplicates not counted.', [
      { value: health.eventsAccepted },
    ]),
    gauge(
      'last_webhook_timestamp_seconds',
      'When the last authentic webhook came, whether anything of it was forwarded or not.',
      lastWebhook ? [{ value: secondsOf(lastWebhook.at) }] : [],
    ),
    gauge('storage_bytes', "Size of the tenant's storage.", [{ value: health.storageBytes }]),
    counter(
      'lane_delivered_total',
      'Events that the destination took.',
      of(({ delivered }) => delivered),
    ),
    counter(
      'lane_expired_total',
      'Events that were gone before they were delivered, dead letters included.',
      of(({ expired }) => expired),
    ),
    counter(
      'lane_discarded_total',
      'Events that a resume from now gave up.',
      of(({ discarded }) => discarded),
    ),
    counter(
      'lane_erased_total',
      'Events of a person whose data were erased before they were delivered, dead letters included.',
      of(({ erased }) => erased),
    ),
    gauge(
      'lane_dead_lettered',
      'Dead letters that wait now.',
      of(({ deadLettered }) => deadLettered),
    ),
    gauge(
      'lane_undelivered',
      'Events that are not settled yet, wanted by the lane or not.',
      of(({ undelivered }) => undelivered),
    ),
    gauge(
      'lane_parked',
      'Events that are retried alone now.',
      of(({ parked }) => parked),
    ),
    gauge(
      'lane_blocked',
      '1 while nothing passes until an operator acts, with the reason; else 0, with the reason none.',
      lanes.map(({ lane, state, blocked }) => ({
        labels: { lane, reason: (state === 'blocked' && blocked?.reason) || 'none' },
        value: state === 'blocked' ? 1 : 0,
      })),
    ),
    gauge(
      'lane_enabled',
      '1 unless the destination is disabled or removed.',
      of(({ state }) => (state === 'disabled' || state === 'removed' ? 0 : 1)),
    ),
    gauge(
      'lane_last_delivered_timestamp_seconds',
      'When the destination took an event last; absent when it never did.',
      lanes.flatMap(({ lane, lastDeliveredAt }) =>
        lastDeliveredAt === undefined ? [] : [{ labels: { lane }, value: secondsOf(lastDeliveredAt) }],
      ),
    ),
    counter(
      'rule_detections_total',
      'Detections of a rule of the config; those of dry runs apart.',
      rules.flatMap(({ rule, level, detections, dryRuns }) => [
        { labels: { rule, level, dry_run: 'false' }, value: detections },
        { labels: { rule, level, dry_run: 'true' }, value: dryRuns },
      ]),
    ),
    counter(
      'rule_failures_total',
      'Events that a rule failed on.',
      rules.map(({ rule, failures }) => ({ labels: { rule }, value: failures })),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `noxys_relay_${name}`, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name: `noxys_relay_${name}`, type: 'counter', help, samples };
}

function secondsOf(iso: string): number {
  return Date.parse(iso) / 1000;
}
