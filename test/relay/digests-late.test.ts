/** What arrives after its hour was told in a digest stands in the next one: once, whatever its delay, retention or restarts. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import type { DigestFacts, DigestTotals } from '../../src/domain/digest.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { digestEntries, teller, withTellers } from './own-entries.ts';
import { Tenant } from './tenant.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DIGEST = { daily: '08:00', weekly: 'off', time_zone: 'Europe/Paris' };
/** The first time that a digest is due. */
const FIRST_MS = Date.parse('2096-11-23T07:00:00Z');

const telling = (keys: Record<string, unknown> = {}) => withTellers([teller()], { digest: DIGEST, ...keys });
const dayMs = (day: number) => FIRST_MS + day * DAY_MS;
const digests = async (tenant: Tenant) => (await digestEntries(tenant)).map(({ digest }) => digest);
const last = async (tenant: Tenant) => (await digests(tenant)).at(-1);

async function wakeAt(tenant: Tenant, atMs: number): Promise<void> {
  tenant.nowMs = atMs;
  await tenant.alarm();
}

/** Comes now, and is of another time. */
async function arrive(tenant: Tenant, id: string, occurredAtMs: number, platform = 'grok'): Promise<void> {
  const occurredAt = new Date(occurredAtMs).toISOString();
  await tenant.accept(tenant.event(id, { occurredAt, platform: { id: platform, name: platform } }));
}

describe('what arrives after its hour was told', () => {
  it.each(['high', 'critical'] as const)(
    'is in the next digest, as a %s detection of the last second is, and in no other',
    async (level) => {
      const tenant = await Tenant.create(telling());
      await wakeAt(tenant, dayMs(0));
      const lastAt = new Date(dayMs(0) - 1).toISOString();
      const receivedAt = new Date(dayMs(0) + 1_000).toISOString();
      const detection = detectionForTest({ id: 'late', level, lastAt });
      await tenant.accept(detectionEvent(detection, { tenant: tenant.id, receivedAt }));
      for (const day of [1, 2]) await wakeAt(tenant, dayMs(day));
      expect((await digests(tenant)).map(({ totals }) => totals.detections.length)).toEqual([0, 1, 0]);
    },
  );

  it('is counted where roll-ups of its hour are gone by then, and where the object restarts meanwhile', async () => {
    const tenant = await Tenant.create(telling({ retention: { events: 1, rollups: 1 } }));
    await wakeAt(tenant, dayMs(0) - HOUR_MS);
    for (const n of [1, 2, 3]) await arrive(tenant, `evt-${n}`, tenant.nowMs);
    await wakeAt(tenant, dayMs(0));
    tenant.nowMs += HOUR_MS;
    await arrive(tenant, 'evt-late', dayMs(0) - 5 * HOUR_MS);
    await wakeAt(tenant, tenant.nowMs + 2 * 60_000);
    await tenant.crash();
    await arrive(tenant, 'evt-later', dayMs(0) - 6 * HOUR_MS);
    await tenant.evict();
    tenant.nowMs = dayMs(1) - HOUR_MS;
    await arrive(tenant, 'evt-4', tenant.nowMs);
    await wakeAt(tenant, dayMs(1));
    expect(await last(tenant)).toMatchObject({ totals: { events: 3 }, before: { events: 3 } });
    await wakeAt(tenant, dayMs(2));
    expect(await last(tenant)).toMatchObject({ totals: { events: 0 }, before: { events: 3 } });
  });

  it('is told by the most frequent names, and the rest in one, without losing any', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, dayMs(0));
    for (let n = 0; n < 60; n++) await arrive(tenant, `evt-${n}`, dayMs(0) - HOUR_MS, `platform-${n}`);
    await wakeAt(tenant, tenant.nowMs + 2 * 60_000);
    for (let n = 60; n < 65; n++) await arrive(tenant, `evt-${n}`, dayMs(0) - HOUR_MS, '2048');
    await wakeAt(tenant, dayMs(1));
    const { events = 0, byPlatform = {} } = (await last(tenant))?.totals ?? {};
    expect([events, sumOf(byPlatform)]).toEqual([65, 65]);
    expect(byPlatform).toMatchObject({ '2048': 5, '…': 11 });
  });

  it('is not told twice after a clock has gone back', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, dayMs(10));
    await wakeAt(tenant, dayMs(0) - HOUR_MS);
    await arrive(tenant, 'evt-1', tenant.nowMs);
    await wakeAt(tenant, dayMs(0));
    expect(await last(tenant)).toMatchObject({ totals: { events: 1 } });
    await wakeAt(tenant, dayMs(1));
    expect(await last(tenant)).toMatchObject({ totals: { events: 0 } });
  });

  it('costs a row per turn of roll-ups, whatever the number of events', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, dayMs(0));
    const rowsOf = async (count: number, from: number) => {
      tenant.nowMs += HOUR_MS;
      for (let n = 0; n < count; n++) await arrive(tenant, `evt-${from + n}`, dayMs(0) - HOUR_MS);
      await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is delivered');
      const before = await tenant.inside((relay) => relay.rowsWritten);
      await wakeAt(tenant, tenant.nowMs + 2 * 60_000);
      return (await tenant.inside((relay) => relay.rowsWritten)) - before;
    };
    await rowsOf(1, 0);
    const few = await rowsOf(1, 100);
    expect(Math.abs((await rowsOf(40, 200)) - few)).toBeLessThan(4);
  });
});

describe('the digest before', () => {
  it('is shown as it was told, with what came late for the one before it', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, dayMs(0));
    await arrive(tenant, 'evt-1', dayMs(0) - HOUR_MS);
    await wakeAt(tenant, dayMs(1));
    await arrive(tenant, 'evt-2', dayMs(0) + HOUR_MS);
    await wakeAt(tenant, dayMs(2));
    expect(await digests(tenant)).toMatchObject([
      { totals: { events: 0 } },
      { totals: { events: 1 }, before: { events: 0 } },
      { totals: { events: 1 }, before: { events: 1 } },
    ]);
  });

  it('is counted anew over as many hours where it told of fewer', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, dayMs(0) - 30 * HOUR_MS);
    await arrive(tenant, 'evt-1', tenant.nowMs);
    await wakeAt(tenant, dayMs(0));
    await wakeAt(tenant, dayMs(2));
    expect(await last(tenant)).toMatchObject({ totals: { events: 0 }, before: { events: 1 } });
  });
});

describe('over weeks of arrivals that are late by up to six days', () => {
  const DAYS = 24;
  const arrivals = fc.array(
    fc.record({
      /** Hours after the first digest. */
      atHours: fc.double({ min: -24, max: (DAYS + 1) * 24, noNaN: true }),
      lateHours: fc.oneof(
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 144, noNaN: true }),
      ),
      platform: fc.constantFrom('grok', '7', 'constructor'),
    }),
    { minLength: 40, maxLength: 80 },
  );

  it('every event that came before the last digest is told once, daily and weekly', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async (drawn) => {
        const tenant = await Tenant.create(telling({ digest: { ...DIGEST, weekly: 'saturday' } }));
        const all = drawn
          .map((arrival, n) => {
            const atMs = FIRST_MS + Math.floor(arrival.atHours * HOUR_MS);
            const occurredAtMs = atMs - Math.floor(arrival.lateHours * HOUR_MS);
            return { id: `evt-${n}`, atMs, occurredAtMs, platform: arrival.platform };
          })
          .toSorted((a, b) => a.atMs - b.atMs);
        for (let day = 0; day <= DAYS; day++) {
          for (const { id, atMs, occurredAtMs, platform } of all) {
            if (atMs >= dayMs(day) || atMs < dayMs(day - 1)) continue;
            tenant.nowMs = atMs;
            await arrive(tenant, id, occurredAtMs, platform);
          }
          await wakeAt(tenant, dayMs(day));
        }
        for (const period of ['daily', 'weekly'] as const) {
          const made = (await digests(tenant)).filter((digest) => digest.period === period);
          const expected = all.filter((arrival) => isTold(arrival, made));
          expect(made.reduce((sum, { totals }) => sum + totals.events, 0)).toBe(expected.length);
          for (const platform of ['grok', '7', 'constructor'])
            expect(made.reduce((sum, { totals }) => sum + countOf(totals, platform), 0)).toBe(
              expected.filter((arrival) => arrival.platform === platform).length,
            );
        }
        await tenant.retire();
      }),
      { numRuns: 5 },
    );
  }, 120_000);

  /** What came before the first one is told of its own hours alone: there was none before it. */
  function isTold(
    { atMs, occurredAtMs }: { readonly atMs: number; readonly occurredAtMs: number },
    made: readonly DigestFacts[],
  ): boolean {
    const [firstFromMs, firstToMs] = [Date.parse(made[0]?.from ?? ''), Date.parse(made[0]?.to ?? '')];
    const endMs = Date.parse(made.at(-1)?.to ?? '');
    return atMs < endMs && occurredAtMs < endMs && (atMs >= firstToMs || occurredAtMs >= firstFromMs);
  }
});

function countOf({ byPlatform }: DigestTotals, platform: string): number {
  return Object.hasOwn(byPlatform, platform) ? (byPlatform[platform] ?? 0) : 0;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
