/** HarfangLab's incidents and alerts at the end of a whole lane: with the object's own memory, its crashes and its dead letters. */

import { describe, expect, it } from 'vitest';

import type { Detection } from '../../src/domain/detection.ts';
import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { GuideEndpoints, type GuideOptions } from '../simulators/harfanglab-guide.ts';
import { responseOf, sentRequest } from './in-process.ts';
import { EDR, type Sent, Tenant, destination } from './tenant.ts';

const LANE = 'edr/incidents';

/** The simulator's endpoints of the guide, where nothing can listen. */
class Manager {
  readonly #guide: GuideEndpoints;
  readonly #tenant: Tenant;
  /** Every request for an incident, answered or not. */
  readonly keys: string[] = [];
  /** Does what it is asked for, so many times, and breaks the connection. */
  losses = 0;
  /** Answers in the manager's place. */
  fault: (sent: Sent) => Response | undefined = () => undefined;
  /** Does what it is asked for, and never answers. */
  isSilent = false;

  constructor(tenant: Tenant, options: GuideOptions = {}) {
    this.#tenant = tenant;
    const isAuthorized = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) =>
      headers['authorization'] === 'Token edr-token';
    this.#guide = new GuideEndpoints(options, { isAuthorized, isPermitted: () => true });
    tenant.destinations.answer(EDR, async (sent) => this.#answer(sent));
  }

  get incidents() {
    return this.#guide.incidents;
  }

  get alerts() {
    return this.#guide.alerts;
  }

  async #answer(sent: Sent): Promise<Response> {
    const request = sentRequest(sent, this.#tenant.nowMs);
    if (request.path.endsWith('/incidents')) this.keys.push(request.headers['idempotency-key'] ?? '');
    const faulty = this.fault(sent);
    if (faulty) return faulty;
    const answer = this.#guide.answer(request, this.#tenant.nowMs);
    if (this.losses > 0) {
      this.losses--;
      throw new Error('connection lost');
    }
    if (this.isSilent) return new Promise(() => undefined);
    return responseOf(answer ?? { status: 404, body: { detail: 'Not found.' } });
  }
}

function detection(tenant: Tenant, id: string, changes: Partial<Detection> = {}): CanonicalEvent {
  const at = new Date(tenant.nowMs).toISOString();
  const facts = detectionForTest({ id, firstAt: at, lastAt: at, groupKey: id, ...changes });
  return detectionEvent(facts, { tenant: tenant.id, receivedAt: at });
}

const isIdle = async (tenant: Tenant, delivered: number, name = LANE) => {
  const lane = await tenant.lane(name);
  return lane.delivered >= delivered && lane.undelivered === 0;
};
const memory = async (tenant: Tenant) =>
  tenant.inside((_relay, state) =>
    JSON.stringify([...state.storage.sql.exec('SELECT * FROM channel_memory')]),
  );
const row = async (tenant: Tenant) =>
  tenant.inside(
    (_relay, state) =>
      state.storage.sql
        .exec<{ cursor: number; state: string }>('SELECT cursor, state FROM lanes WHERE name = ?', LANE)
        .toArray()[0],
  );

describe("HarfangLab's incidents", () => {
  it('are opened for detections, alerts beside them for grave ones, and events go their own way', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant);
    const grave = detection(tenant, 'det-2', { level: 'critical' });
    await tenant.accept(detection(tenant, 'det-1'), grave, tenant.event('evt-1'));
    await tenant.until(async () => isIdle(tenant, 2), 'the incidents are there');
    await tenant.until(async () => isIdle(tenant, 1, 'edr/alerts'), 'the alert is there');
    expect(manager.incidents.map(({ id }) => id)).toEqual(['relay.detection:det-1', 'relay.detection:det-2']);
    expect(manager.alerts.map(({ key }) => key)).toEqual(['alert:relay.detection:det-2']);
    expect(tenant.destinations.ids(EDR)).toContain('evt-1');
  });

  it("are opened for Noxys' events from the level on that the destination names, once for what is alike", async () => {
    const tenant = await Tenant.create(destination('edr', { incidents: { events_at_or_above: 'high' } }));
    const manager = new Manager(tenant);
    const others = tenant.event('evt-9', { user: { id: 'user-2' } });
    await tenant.accept(...tenant.events(5), tenant.event('evt-low', { severity: 'low' }), others);
    await tenant.until(async () => isIdle(tenant, 6), 'all are settled');
    expect(manager.incidents.map(({ body }) => body['event_ids'])).toEqual([['evt-1'], ['evt-9']]);
    expect(manager.keys).toHaveLength(2);
  });

  it('are one when the object crashes between the answer and its cursor', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant, { honoursIdempotencyKey: false });
    await tenant.accept(detection(tenant, 'det-0'));
    await tenant.until(async () => isIdle(tenant, 1), 'the first is there');
    await tenant.evict();
    const before = await row(tenant);
    await tenant.accept(detection(tenant, 'det-1'), detection(tenant, 'det-2'));
    await tenant.until(async () => isIdle(tenant, 3), 'the others are there');
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec(
        'UPDATE lanes SET cursor = ?, state = ? WHERE name = ?',
        before?.cursor ?? 0,
        before?.state ?? '',
        LANE,
      );
    });
    await tenant.crash();
    expect(await tenant.lane(LANE)).toMatchObject({ undelivered: 2 });
    await tenant.passTimeUntil(async () => isIdle(tenant, 2), 'the lane has gone on');
    expect(manager.keys).toHaveLength(3);
    expect(manager.incidents).toHaveLength(3);
  });

  it('are one when the manager makes it, never answers, and the object crashes: the key is honoured', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant);
    manager.isSilent = true;
    await tenant.accept(detection(tenant, 'det-1'));
    await tenant.until(() => manager.incidents.length === 1, 'it is made');
    await tenant.crash();
    manager.isSilent = false;
    await tenant.passTimeUntil(async () => isIdle(tenant, 1), 'it is delivered');
    expect(manager.incidents).toHaveLength(1);
    expect(manager.keys.length).toBeGreaterThan(1);
    expect(new Set(manager.keys).size).toBe(1);
  });

  it('are one after ten lost answers, with one key', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant);
    manager.losses = 10;
    await tenant.accept(detection(tenant, 'det-1'));
    await tenant.passTimeUntil(async () => isIdle(tenant, 1), 'it is delivered');
    expect(manager.keys).toHaveLength(11);
    expect(new Set(manager.keys).size).toBe(1);
    expect(manager.incidents).toHaveLength(1);
  });

  it('are one when the same detection is accepted again, at once and later', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant, { honoursIdempotencyKey: false });
    const twice = detection(tenant, 'det-1');
    await tenant.accept(twice, twice);
    await tenant.until(async () => isIdle(tenant, 1), 'it is delivered');
    expect(await tenant.accept(twice)).toMatchObject({ accepted: 0, duplicates: 1 });
    await tenant.accept(detection(tenant, 'det-2'));
    await tenant.until(async () => isIdle(tenant, 2), 'the next is delivered');
    expect(manager.incidents).toHaveLength(2);
  });

  it('that the manager refuses are dead letters, and one after they were redriven, however often', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant, { honoursIdempotencyKey: false });
    manager.fault = ({ body }) =>
      body.includes('det-2') ? Response.json({ title: ['bad'] }, { status: 422 }) : undefined;
    await tenant.accept(...['det-1', 'det-2', 'det-3'].map((id) => detection(tenant, id)));
    await tenant.until(
      async () => (await tenant.stub.deadLetters({ limit: 10 })).length === 1,
      'one is refused',
    );
    await tenant.until(async () => isIdle(tenant, 2), 'the others are there');
    manager.fault = () => undefined;
    for (let i = 0; i < 2; i++) {
      await tenant.stub.redrive({ v: 1, select: { id: 1 } });
      await tenant.until(async () => isIdle(tenant, 3), 'it is delivered');
    }
    expect(manager.incidents.map(({ id }) => id)).toEqual([1, 3, 2].map((n) => `relay.detection:det-${n}`));
  });

  it('name the first of their group after a restart of the object, and the memory names nobody', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant);
    const user = { id: 'person-secret' };
    const device = { id: 'dev-secret-7', hostname: 'HOST-SECRET-7' };
    await tenant.accept(detection(tenant, 'det-1', { groupKey: user.id, user, device }));
    await tenant.until(async () => isIdle(tenant, 1), 'the first is there');
    await tenant.evict();
    await tenant.accept(detection(tenant, 'det-2', { groupKey: user.id, user, device }));
    await tenant.until(async () => isIdle(tenant, 2), 'the second is there');
    expect(manager.incidents[1]?.body['related_incident']).toEqual({
      id: 'relay.detection:det-1',
      number: 2,
    });
    expect(await memory(tenant)).toContain('written:');
    expect(await memory(tenant)).not.toMatch(/secret/i);
  });

  it('name nobody where the destination drops users and devices', async () => {
    const privacy = { user_id: 'drop', user_email: 'drop', device: 'drop' };
    const tenant = await Tenant.create(destination('edr', { privacy }));
    const manager = new Manager(tenant);
    const user = { id: 'person-secret', email: 'person-secret@acme.fr' };
    const device = { id: 'dev-secret-7', hostname: 'HOST-SECRET-7' };
    const title = 'Violations by person-secret';
    await tenant.accept(detection(tenant, 'det-1', { groupKey: user.id, user, device, title }));
    await tenant.until(async () => isIdle(tenant, 1), 'it is there');
    expect(JSON.stringify(manager.incidents)).not.toMatch(/secret/i);
  });

  it('wait, and no event with them, while the manager has no such endpoint, until its path is set', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant, { incidentsPath: '/soc/incidents' });
    await tenant.accept(detection(tenant, 'det-1'), tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane(LANE)).state === 'blocked', 'the lane is blocked');
    await tenant.untilTaken(EDR, 1);
    expect((await tenant.lane(LANE)).blocked).toMatchObject({
      reason: 'no_such_endpoint',
      detail: expect.stringContaining('use mode: native, or set incidents_path'),
    });
    await tenant.configure(destination('edr', { incidents_path: '/soc/incidents' }));
    await tenant.passTimeUntil(async () => isIdle(tenant, 1), 'it is delivered');
    expect(manager.incidents).toHaveLength(1);
  });

  it('of last week are opened no more, and that is told', async () => {
    const tenant = await Tenant.create();
    const manager = new Manager(tenant);
    const old = detection(tenant, 'det-old');
    tenant.nowMs += 7 * 24 * 3_600_000 + 1;
    await tenant.accept(old, detection(tenant, 'det-new'));
    await tenant.until(async () => isIdle(tenant, 1), 'the new one is there');
    expect(manager.incidents.map(({ id }) => id)).toEqual(['relay.detection:det-new']);
    expect(await tenant.lane(LANE)).toMatchObject({ expired: 1 });
  });
});
