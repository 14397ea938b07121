/** Falcon's cases at the end of a whole lane: with the object's own memory, its crashes, its rate and its dead letters. */

import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { DETECTION_JUDGED_TYPE } from '../../src/domain/verdict.ts';
import { API, detectionOf, falconAnswer, falconDocument, falconTenant } from './falcon-cloud.ts';
import { erased } from './erasing.ts';
import { rowsOf } from './rules-for-test.ts';
import { Tenant } from './tenant.ts';

const LANE = 'falcon/cases';
const CASES_ONLY = {
  hec: undefined,
  actions: ['case'],
  indicators: [],
  workflow: undefined,
  contain: undefined,
};

interface Case {
  readonly id: string;
  readonly tags: readonly string[];
  readonly body: string;
  readonly madeAtMs: number;
}

/** A Falcon that makes a case for every PUT, and whose search shows it after a while. */
class CaseCloud {
  readonly cases: Case[] = [];
  /** What cases were changed to, as it was sent. */
  readonly changes: string[] = [];
  readonly #tenant: Tenant;
  readonly #lagMs: number;
  /** Does what it is asked for, and never answers. */
  isSilent = false;
  /** Does what it is asked for, so many times, and breaks the connection. */
  losses = 0;
  /** Refuses a case whose body has this. */
  refused: string | undefined;
  /** And fails over one that has this. */
  failing: string | undefined;
  /** Takes so many cases, and answers the next one with a 429 that asks for a minute. */
  busyAfter = Infinity;
  /** Before the answer to each case that was made. */
  onCase: (count: number) => Promise<unknown> = async () => undefined;

  constructor(tenant: Tenant, lagMs = 0) {
    this.#tenant = tenant;
    this.#lagMs = lagMs;
    this.attach();
  }

  attach(): void {
    this.#tenant.destinations.answer(API, (sent) => this.#answer(sent));
  }

  async #answer(sent: { readonly url: string; readonly body: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(sent.url);
    if (pathname === '/cases/queries/cases/v1') {
      const tag = /tags:'([^']+)'/.exec(searchParams.get('filter') ?? '')?.[1] ?? '';
      const shown = this.cases.filter(({ madeAtMs }) => madeAtMs + this.#lagMs <= this.#tenant.nowMs);
      return this.#resources(shown.filter(({ tags }) => tags.includes(tag)).map(({ id }) => id));
    }
    if (pathname !== '/cases/entities/cases/v2') return falconAnswer(sent);
    const body = JSON.parse(sent.body) as { name?: string; tags?: string[]; id?: string; ids?: string[] };
    const known = body.id ?? body.ids?.[0];
    if (body.id !== undefined) this.changes.push(sent.body);
    if (known !== undefined) return this.#resources([{ id: known, version: 1, severity: 75, status: 'new' }]);
    if (this.refused !== undefined && sent.body.includes(this.refused))
      return Response.json({ errors: [{ code: 400, message: 'refused' }], resources: null }, { status: 400 });
    if (this.failing !== undefined && sent.body.includes(this.failing))
      return Response.json({ errors: [{ code: 500, message: 'oops' }] }, { status: 500 });
    if (this.cases.length >= this.busyAfter) {
      this.busyAfter = Infinity;
      const headers = { 'x-ratelimit-retryafter': String(this.#tenant.nowMs + 60_000) };
      return Response.json({ errors: null }, { status: 429, headers });
    }
    const id = `case-${this.cases.length + 1}`;
    this.cases.push({ id, tags: body.tags ?? [], body: sent.body, madeAtMs: this.#tenant.nowMs });
    if (this.losses-- > 0) throw new Error('connection lost');
    if (this.isSilent) return new Promise(() => undefined);
    await this.onCase(this.cases.length);
    return this.#resources([{ id, version: 1, severity: 75, status: 'new' }]);
  }

  #resources(resources: readonly unknown[]): Response {
    const headers = { 'x-cs-region': 'eu-1' };
    return Response.json(
      { meta: {}, errors: null, resources: resources.length === 0 ? null : resources },
      { headers },
    );
  }
}

const ofUser = (tenant: Tenant, i: number, changes: Partial<CanonicalEvent> = {}): CanonicalEvent =>
  tenant.event(`evt-${i}`, { user: { id: `user-${i}` }, ...changes });
/** The most cases that were opened in any minute. */
const busiestMinute = ({ cases }: CaseCloud): number =>
  Math.max(
    ...cases.map(
      ({ madeAtMs: from }) =>
        cases.filter(({ madeAtMs }) => madeAtMs >= from && madeAtMs < from + 60_000).length,
    ),
  );
const isIdle = async (tenant: Tenant, delivered: number) => {
  const lane = await tenant.lane(LANE);
  return lane.delivered >= delivered && lane.undelivered === 0;
};

describe("Falcon's cases", () => {
  it('are opened for detections, and for events from the level on that the destination names', async () => {
    const tenant = await falconTenant({ ...CASES_ONLY, cases: { events_at_or_above: 'high' } });
    const cloud = new CaseCloud(tenant);
    await tenant.accept(
      ofUser(tenant, 1, { severity: 'medium' }),
      ofUser(tenant, 2, { severity: 'high' }),
      detectionOf(tenant, 'det-1'),
    );
    await tenant.until(() => cloud.cases.length === 2, 'two cases are there');
    expect(cloud.cases[0]?.body).toContain('evt-2');
    expect(cloud.cases[1]?.body).toContain('detection');
  });

  it.each([
    [true, ['"status":"closed"']],
    [false, []],
  ])(
    'are closed by the verdict on their detection where close_with_verdict is %s',
    async (isWanted, changes) => {
      const tenant = await falconTenant({ ...CASES_ONLY, cases: { close_with_verdict: isWanted } });
      const cloud = new CaseCloud(tenant);
      const detection = detectionOf(tenant, 'det-1');
      await tenant.accept(detection);
      await tenant.until(async () => isIdle(tenant, 1), 'the case is there');
      tenant.nowMs += 60_000;
      const receivedAt = new Date(tenant.nowMs).toISOString();
      const verdict = { detectionId: 'det-1', verdict: 'false_positive' } as const;
      await tenant.accept({
        ...detection,
        id: 'verdict-1',
        type: DETECTION_JUDGED_TYPE,
        occurredAt: receivedAt,
        receivedAt,
        judged: verdict,
      });
      await tenant.until(async () => isIdle(tenant, isWanted ? 2 : 1), 'the verdict is settled');
      const closing = cloud.changes.flatMap((body) => /"status":"\w+"/.exec(body) ?? []);
      expect(closing).toEqual(changes);
      expect(cloud.cases).toHaveLength(1);
    },
  );

  it.each(['keep', 'pseudonymise'])(
    'are forgotten with their verdicts when their user is erased, where the destination has user ids as %s',
    async (level) => {
      const privacy = { user_id: level, user_email: level, device: 'keep' };
      const cases = { close_with_verdict: true, events_at_or_above: 'high' };
      const tenant = await falconTenant({ ...CASES_ONLY, cases, privacy });
      const cloud = new CaseCloud(tenant);
      const detection = detectionOf(tenant, 'det-1');
      await tenant.accept(
        detection,
        ofUser(tenant, 1, { severity: 'high' }),
        ofUser(tenant, 2, { severity: 'high' }),
      );
      await tenant.until(async () => isIdle(tenant, 3), 'the cases are there');
      tenant.nowMs += 60_000;
      const receivedAt = new Date(tenant.nowMs).toISOString();
      const judged = { detectionId: 'det-1', verdict: 'false_positive' } as const;
      await tenant.accept({
        ...detection,
        id: 'verdict-1',
        type: DETECTION_JUDGED_TYPE,
        occurredAt: receivedAt,
        receivedAt,
        judged,
      });
      await tenant.until(async () => isIdle(tenant, 4), 'the verdict is settled');
      const kept = async () =>
        (await rowsOf<{ key: string }>(tenant, 'SELECT key FROM channel_memory ORDER BY key')).map(
          ({ key }) => key,
        );
      expect(cloud.cases).toHaveLength(3);
      expect((await kept()).filter((key) => key.startsWith('case:'))).toHaveLength(3);
      await erased(tenant, { id: detection.user?.id ?? '' });
      await erased(tenant, { id: 'user-1' });
      expect((await kept()).filter((key) => key.startsWith('case:'))).toHaveLength(1);
    },
  );

  it('are one case when Falcon makes it, does not answer, and the object crashes meanwhile', async () => {
    const tenant = await falconTenant(CASES_ONLY);
    const cloud = new CaseCloud(tenant, 30_000);
    cloud.isSilent = true;
    await tenant.accept(ofUser(tenant, 1, { severity: 'high' }));
    await tenant.until(() => cloud.cases.length === 1, 'the case is made');
    await tenant.crash();
    cloud.isSilent = false;
    await tenant.passTimeUntil(async () => isIdle(tenant, 1), 'the case is known');
    expect(cloud.cases).toHaveLength(1);
  });

  it('name nobody where the destination drops users and devices, nor does what the object remembers of them', async () => {
    const privacy = { user_id: 'drop', user_email: 'drop', device: 'drop' };
    const tenant = await falconTenant({ ...CASES_ONLY, privacy });
    const cloud = new CaseCloud(tenant);
    const device = { id: 'dev-secret-7', hostname: 'HOST-SECRET-7' };
    const user = { id: 'person-secret', email: 'person-secret@acme.fr' };
    await tenant.accept(ofUser(tenant, 1, { user, device, severity: 'high' }), {
      ...detectionOf(tenant, 'det-1'),
      user,
      device,
    });
    await tenant.until(async () => isIdle(tenant, 2), 'both are there');
    expect(cloud.cases).toHaveLength(2);
    const memory = await tenant.inside((_relay, state) =>
      JSON.stringify([...state.storage.sql.exec('SELECT * FROM channel_memory')]),
    );
    expect(memory).toContain('case:');
    const sent = tenant.destinations.sent.map(({ url, body }) => `${url} ${body}`).join('\n');
    expect(`${sent}${memory}`).not.toMatch(/secret-7|person-secret/i);
  });

  it('that Falcon refuses are dead letters, one by one, and the others are opened', async () => {
    const tenant = await falconTenant(CASES_ONLY);
    const cloud = new CaseCloud(tenant);
    cloud.refused = 'evt-3';
    await tenant.accept(...Array.from({ length: 6 }, (_, i) => ofUser(tenant, i + 1, { severity: 'high' })));
    await tenant.until(async () => isIdle(tenant, 5), 'the others are opened');
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 5, deadLettered: 1 });
    expect(cloud.cases.map(({ body }) => /evt-\d/.exec(body)?.[0])).toEqual([
      'evt-1',
      'evt-2',
      'evt-4',
      'evt-5',
      'evt-6',
    ]);
  });

  it('wait as long as a 429 in the midst of a batch asks, and repeat nothing', async () => {
    const tenant = await falconTenant(CASES_ONLY);
    const cloud = new CaseCloud(tenant);
    cloud.busyAfter = 5;
    await tenant.accept(...Array.from({ length: 9 }, (_, i) => ofUser(tenant, i + 1, { severity: 'high' })));
    await tenant.passTimeUntil(async () => isIdle(tenant, 9), 'all are opened');
    expect(cloud.cases).toHaveLength(9);
    const [before = 0, next = 0] = cloud.cases.slice(4, 6).map(({ madeAtMs }) => madeAtMs);
    expect(next - before).toBeGreaterThanOrEqual(60_000);
  });

  it('are opened no more once an operator pauses the destination in the midst of a batch', async () => {
    const tenant = await falconTenant(CASES_ONLY);
    const cloud = new CaseCloud(tenant);
    // The first of a batch of four.
    cloud.onCase = async (count) => count === 4 && tenant.stub.pause({ v: 1, destination: 'falcon' });
    await tenant.accept(...Array.from({ length: 9 }, (_, i) => ofUser(tenant, i + 1, { severity: 'high' })));
    await tenant.until(async () => (await tenant.lane(LANE)).delivered === 4, 'the batch ends');
    await tenant.alarm();
    expect(cloud.cases).toHaveLength(4);
    await tenant.stub.resume({ v: 1, destination: 'falcon', from: 'backlog' });
    await tenant.passTimeUntil(async () => isIdle(tenant, 9), 'the others are opened');
    expect(cloud.cases).toHaveLength(9);
  });

  it('above the cap go on within minutes when Falcon fails over one of them', async () => {
    const cases = { events_at_or_above: 'low', per_hour_max: 2 };
    const tenant = await falconTenant({ ...CASES_ONLY, cases });
    const cloud = new CaseCloud(tenant);
    cloud.failing = 'POISON';
    await tenant.accept(ofUser(tenant, 1), ofUser(tenant, 2));
    await tenant.until(async () => isIdle(tenant, 2), 'two are open');
    const startedAtMs = tenant.nowMs;
    const poison = ofUser(tenant, 3, { classifications: ['POISON'] });
    await tenant.accept(poison, ...Array.from({ length: 20 }, (_, i) => ofUser(tenant, i + 4)));
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).delivered >= 22, 'the others are in');
    expect(tenant.nowMs - startedAtMs).toBeLessThan(10 * 60_000);
    expect(await tenant.lane(LANE)).toMatchObject({ deadLettered: 0, parked: 1 });
    expect(cloud.cases).toHaveLength(3);
  });

  it('by the thousand keep to the rate of the API client, and none is lost or opened twice', async () => {
    const tenant = await falconTenant({
      ...CASES_ONLY,
      requests_per_minute: 600,
      cases: { events_at_or_above: 'low', per_hour_max: 10_000 },
    });
    const cloud = new CaseCloud(tenant);
    const startedAtMs = tenant.nowMs;
    for (let from = 1; from <= 1_000; from += 100)
      await tenant.accept(...Array.from({ length: 100 }, (_, i) => ofUser(tenant, from + i)));
    await tenant.passTimeUntil(async () => isIdle(tenant, 1_000), 'all are opened', 1_000);
    expect(cloud.cases).toHaveLength(1_000);
    expect(new Set(cloud.cases.map(({ tags }) => tags[0])).size).toBe(1_000);
    const last = cloud.cases.at(-1)?.madeAtMs ?? 0;
    // A sixth of a minute's requests may go at once.
    expect(last - startedAtMs).toBeGreaterThanOrEqual(((1_000 - 100) / 600) * 60_000 - 1_000);
    expect(busiestMinute(cloud)).toBeLessThanOrEqual(600);
  });

  it('are one case when an answer is lost after a minute of waiting for a turn', async () => {
    const fast = { ...CASES_ONLY, cases: { events_at_or_above: 'low', per_hour_max: 1_000 } };
    const tenant = await falconTenant({ ...fast, requests_per_minute: 6_000 });
    const cloud = new CaseCloud(tenant, 30_000);
    await tenant.accept(...Array.from({ length: 60 }, (_, i) => ofUser(tenant, i)));
    await tenant.until(async () => isIdle(tenant, 60), 'sixty are open');
    await tenant.configure((document) => {
      document['destinations'] = [falconDocument({ ...fast, requests_per_minute: 30 })];
    });
    cloud.losses = 1;
    await tenant.accept(ofUser(tenant, 99));
    await tenant.passTimeUntil(async () => isIdle(tenant, 61), 'the last is open');
    expect(cloud.cases).toHaveLength(61);
  });

  it('of two destinations of one account keep to the smaller rate of the two', async () => {
    const cases = { events_at_or_above: 'low', per_hour_max: 1_000 } as const;
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [
        falconDocument({ ...CASES_ONLY, cases, requests_per_minute: 600 }),
        falconDocument({ ...CASES_ONLY, cases, requests_per_minute: 30, name: 'slow', enabled: false }),
      ];
    });
    const cloud = new CaseCloud(tenant);
    await tenant.accept(...Array.from({ length: 60 }, (_, i) => ofUser(tenant, i)));
    await tenant.passTimeUntil(async () => isIdle(tenant, 60), 'sixty are open', 1_000);
    expect(busiestMinute(cloud)).toBeLessThanOrEqual(30);
  });

  it('keep to the rate when the object goes in the middle', async () => {
    const cases = { events_at_or_above: 'low', per_hour_max: 1_000 };
    const tenant = await falconTenant({ ...CASES_ONLY, cases, requests_per_minute: 60 });
    const cloud = new CaseCloud(tenant);
    await tenant.accept(...Array.from({ length: 150 }, (_, i) => ofUser(tenant, i)));
    for (const count of [25, 50, 75]) {
      await tenant.passTimeUntil(() => cloud.cases.length >= count, `${count} are open`, 1_000);
      await tenant.crash();
    }
    await tenant.passTimeUntil(async () => isIdle(tenant, 150), 'all are open', 1_000);
    expect(busiestMinute(cloud)).toBeLessThanOrEqual(60);
  });

  it('above the cap are one case, across restarts of the object', async () => {
    const tenant = await falconTenant({
      ...CASES_ONLY,
      cases: { events_at_or_above: 'low', per_hour_max: 3 },
    });
    const cloud = new CaseCloud(tenant);
    await tenant.accept(...[1, 2].map((i) => ofUser(tenant, i)));
    await tenant.until(async () => isIdle(tenant, 2), 'two are open');
    await tenant.evict();
    await tenant.accept(...[3, 4, 5, 6].map((i) => ofUser(tenant, i)));
    await tenant.until(async () => isIdle(tenant, 6), 'all are in cases');
    expect(cloud.cases).toHaveLength(4);
    expect(cloud.cases[3]?.body).toContain('more than 3 new cases in an hour');
  });
});
