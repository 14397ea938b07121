/** What a lane that tells people loses of detections is told by the other one, and the two tell of each other no further. */

import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { TOLD, noticeEntries, teller, withTellers } from './own-entries.ts';
import { Tenant } from './tenant.ts';

const HOUR_MS = 3_600_000;
const NO_DIGEST = { daily: 'off', weekly: 'off' };
const both = (keys: object = {}) =>
  withTellers([teller('soc'), teller('ops')], { digest: NO_DIGEST, ...keys });
const LOSSES = ['dead_letters', 'events_expired', 'retention_near'];

function critical(tenant: Tenant, id: string) {
  const lastAt = new Date(tenant.nowMs).toISOString();
  return detectionEvent(detectionForTest({ id, level: 'critical', lastAt, user: { id } }), {
    tenant: tenant.id,
    receivedAt: lastAt,
  });
}

async function passHours(tenant: Tenant, hours: number): Promise<void> {
  const untilMs = tenant.nowMs + hours * HOUR_MS;
  while (tenant.nowMs < untilMs) {
    tenant.nowMs += HOUR_MS;
    await tenant.alarm();
    await scheduler.wait(1);
  }
}

const toldSince = async (tenant: Tenant, fromMs = 0) =>
  (await noticeEntries(tenant))
    .filter(({ occurredAt }) => Date.parse(occurredAt) >= fromMs)
    .map(({ notice }) => notice);

describe('critical detections that a lane loses', () => {
  it.each([
    [401, 'events_expired'],
    [503, 'events_expired'],
    [400, 'dead_letters'],
  ])(
    'are told by the other one, where its destination answers %i',
    async (status, kind) => {
      const tenant = await Tenant.create(both());
      tenant.destinations.answer(
        TOLD,
        ({ url }) => new Response(null, { status: url.endsWith('/soc') ? status : 204 }),
      );
      await tenant.accept(critical(tenant, 'det-1'), critical(tenant, 'det-2'));
      await passHours(tenant, 60);
      const losses = (await toldSince(tenant)).filter((notice) => notice.kind === kind);
      expect(new Set(losses.map(({ lane }) => lane))).toEqual(new Set(['soc/messages']));
      expect(losses.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(2);
      const heard = tenant.destinations.sent.filter(({ url }) => url.endsWith('/ops'));
      expect(heard.some(({ body }) => body.includes(kind))).toBe(true);
    },
    60_000,
  );

  it.each([401, 503, 400])(
    'are told for as long as there are any, and nothing follows from it, where both answer %i for days',
    async (status) => {
      const tenant = await Tenant.create(both({ retention: { events: 1 } }));
      tenant.destinations.answer(TOLD, () => new Response(null, { status }));
      for (let n = 0; n < 12; n++) {
        await tenant.accept(critical(tenant, `det-${n}`));
        await passHours(tenant, 6);
      }
      const losses = async () => (await toldSince(tenant)).filter(({ kind }) => LOSSES.includes(kind));
      expect((await losses()).length).toBeGreaterThan(0);
      // No more than each lane's detections.
      await passHours(tenant, 48);
      expect((await losses()).length).toBeLessThanOrEqual(2 * 12);
      const calmMs = tenant.nowMs;
      await passHours(tenant, 72);
      expect(await toldSince(tenant, calmMs)).toEqual([]);
    },
    120_000,
  );
});
