/** Secrets are replaced while webhooks flow: every accepted event arrives, and nothing that is rightly signed is refused. */

import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { Flow } from './flow.ts';
import { newMasterKey, Stage } from './stage.ts';
import { until, untilMoment } from './until.ts';

const PER_SECOND = 7;
/** How long an isolate uses the config that it knows; KV itself is up to date at once here. Source: docs/architecture.md, "KV". */
const PROPAGATION_MS = 31_000;
const ARRIVAL_MS_MAX = 15_000;
/** Deliveries whose answers a stop of the relay may cut off: what is under way to both destinations. */
const REPEATED_PER_STOP_MAX = 8;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function expectSaved({ status, body }: Answer, version: number): void {
  expect([status, body]).toEqual([200, expect.objectContaining({ version })]);
}

/** That both destinations have every accepted event, and no other. */
async function expectAll(stage: Stage, { accepted }: Flow): Promise<void> {
  const expected = accepted.toSorted();
  await until(
    'every accepted event is in both simulators',
    () =>
      [stage.edr, stage.falcon].every((simulator) => new Set(simulator.idsInOrder()).size >= expected.length),
    { withinMs: ARRIVAL_MS_MAX },
  );
  for (const simulator of [stage.edr, stage.falcon])
    expect([...new Set(simulator.idsInOrder())].toSorted()).toEqual(expected);
}

describe.concurrent('a rotation', () => {
  it('replaces the webhook secret and both destination tokens under load, and loses and repeats nothing', async () => {
    await using stage = await Stage.open();
    const tenant = await stage.addTenant('rotated');
    const path = `/api/v1/tenants/${tenant.id}/secrets`;
    let { sender } = tenant;
    const flow = new Flow(PER_SECOND, () => sender);
    await flow.untilMore(10);

    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    expectSaved(await stage.admin.post(path, { path: 'webhook.secrets', value: secret }), 2);
    const isEverywhereAtMs = Date.now() + PROPAGATION_MS;

    const edrToken = randomBytes(24).toString('hex');
    stage.edr.rotateToken(edrToken, { isOldTaken: true });
    await flow.untilMore(20);
    expectSaved(await stage.admin.post(path, { path: 'destinations.edr.token', value: edrToken }), 3);
    await flow.untilMore(5);
    stage.edr.rotateToken(edrToken);

    const hecKey = randomBytes(24).toString('hex');
    stage.falcon.rotateHecKey(hecKey, { isOldTaken: true });
    await flow.untilMore(20);
    expectSaved(await stage.admin.post(path, { path: 'destinations.falcon.hec.token', value: hecKey }), 4);
    await flow.untilMore(5);
    stage.falcon.rotateHecKey(hecKey);

    await untilMoment(isEverywhereAtMs);
    sender = stage.senderTo(tenant.id, secret);
    await flow.untilMore(20);
    const last = { path: 'webhook.secrets', value: secret, previous: 'drop' };
    expectSaved(await stage.admin.post(path, last), 5);
    await flow.untilMore(10);
    await flow.stop();

    await stage.untilDone(tenant.id, { withinMs: ARRIVAL_MS_MAX });
    await expectAll(stage, flow);
    expect(flow.statuses).toEqual({ 202: flow.accepted.length });
    expect([stage.edr.duplicates(), stage.falcon.duplicates()]).toEqual([[], []]);
    expect(await stage.lanes(tenant.id)).toEqual(
      ['edr/alerts', 'edr/events', 'edr/incidents', 'falcon/events'].map((lane) =>
        expect.objectContaining({ lane, state: 'idle', deadLettered: 0, parked: 0 }),
      ),
    );
    const { body } = await stage.admin.get(path);
    expect((body as { secrets: { path: string }[] }).secrets.map((shown) => shown.path)).toEqual([
      'webhook.secrets[0]',
      'destinations.edr.token',
      'destinations.falcon.hec.token',
      'pseudonym_key',
    ]);
    for (const value of [secret, edrToken, hecKey, tenant.secret])
      expect(stage.logs.some((line) => line.includes(value))).toBe(false);
    console.info(`rotation of webhook secret and tokens: ${flow.accepted.length} accepted, all arrived once`);
  });

  it('replaces the master key under load, restart by restart, and loses nothing', async () => {
    await using stage = await Stage.open();
    const tenant = await stage.addTenant('rekeyed');
    const path = `/api/v1/tenants/${tenant.id}`;
    const flow = new Flow(3 * PER_SECOND, () => tenant.sender);
    await flow.untilMore(40);
    const before = await secretsOf(stage, path);

    // Readable everywhere, then primary, then alone: each step is a deployment.
    const [old, renewed] = [stage.masterKeys.primary, newMasterKey()];
    const restart = async (keys: Stage['masterKeys']): Promise<void> => {
      await stage.stopRelay();
      stage.masterKeys = keys;
      await stage.startRelay();
      await flow.untilMore(50);
    };
    await restart({ primary: old, previous: renewed });
    await restart({ primary: renewed, previous: old });
    const waiting = await secretsOf(stage, path);
    expect(waiting.every(({ opens, isPrimaryKey }) => opens && !isPrimaryKey)).toBe(true);
    const resealed = await stage.admin.post(`${path}/reseal`);
    expect(resealed).toMatchObject({ status: 200, body: { version: 2, resealed: 4 } });
    expect((await stage.admin.post(`${path}/reseal`)).body).toEqual({
      version: 2,
      resealed: 0,
      unopened: 0,
      isComplete: true,
    });
    await flow.untilMore(20);
    await restart({ primary: renewed });
    await flow.stop();

    await stage.untilDone(tenant.id, { withinMs: ARRIVAL_MS_MAX });
    await expectAll(stage, flow);
    expect(Object.keys(flow.statuses).filter((status) => status !== '0' && status !== '202')).toEqual([]);
    for (const simulator of [stage.edr, stage.falcon])
      expect(simulator.duplicates().length).toBeLessThanOrEqual(3 * REPEATED_PER_STOP_MAX);
    const after = await secretsOf(stage, path);
    expect(after).toEqual(before);
    console.info(
      `rotation of the master key: ${flow.accepted.length} accepted over three restarts, all arrived, ` +
        `${stage.edr.duplicates().length} and ${stage.falcon.duplicates().length} twice`,
    );
  });
});

interface Shown {
  readonly fingerprint: string | null;
  readonly setAt: string | null;
  readonly opens: boolean;
  readonly isPrimaryKey: boolean;
}

async function secretsOf(stage: Stage, path: string): Promise<Shown[]> {
  const { body } = await stage.admin.get(`${path}/secrets`);
  return (body as { secrets: Shown[] }).secrets;
}
