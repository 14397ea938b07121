/** Several writers of one tenant at the same moment, over the tenants' real objects; both places are one namespace with two sets of names. */

import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';

import { CLAIM_MS } from '../../../src/domain/claim.ts';
import type { TenantRelayRpc } from '../../../src/domain/rpc.ts';
import { isRecord } from '../../../src/lib/record.ts';
import { objectName } from '../../../src/residency.ts';
import type { Env, RelayNamespace } from '../../../src/settings.ts';
import { seededRandom } from '../../simulators/random.ts';
import { sampleDocument, sampleHarfangLab } from '../../tenants/sample.ts';
import type { OperatorAnswer } from '../operator.ts';
import { callOperator } from '../operator.ts';

type Ask = <K extends keyof TenantRelayRpc>(method: K) => Promise<void>;

/** A production deployment for both residencies. `before` is asked before each call of an object, and may hold it up. */
function deployment(before: Ask = async () => undefined): Env {
  const place = (prefix: string): RelayNamespace => ({
    jurisdiction: (jurisdiction) => place(`${jurisdiction} `),
    getByName: (name) => {
      const stub = env.TENANT_RELAY.getByName(prefix + name);
      return new Proxy(stub, {
        get: (_target, method: keyof TenantRelayRpc) => async (request: unknown) => {
          await before(method);
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever is asked is passed on
          return (stub[method] as (request: unknown) => Promise<unknown>)(request);
        },
      });
    },
  });
  return {
    ...env,
    TENANT_RELAY: place('base '),
    RELAY_ENV: 'production',
    RELAY_RESIDENCY: 'global',
    RELAY_EGRESS_ALLOW: 'harfanglab.acme.fr',
  };
}

async function versionIn(place: 'base' | 'eu', tenant: string): Promise<number | null> {
  const stub = env.TENANT_RELAY.getByName(`${place} ${objectName(tenant)}`);
  const stored: unknown = await stub.readConfig();
  return isRecord(stored) ? Number(stored['version']) : null;
}

function withBurst(id: string, burst: number, residency = 'eu') {
  return { ...sampleDocument(), id, residency, limits: { burst } };
}

async function put(
  on: Env,
  document: { readonly id: string; readonly [key: string]: unknown },
  headers: Record<string, string> = {},
): Promise<OperatorAnswer> {
  return callOperator(on, 'PUT', `/api/v1/tenants/${document.id}`, { body: document, headers });
}

const statuses = (answers: readonly OperatorAnswer[]) =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);

let tenants = 0;
let id: string;
beforeEach(() => {
  id = `writers-${++tenants}`;
});

describe('concurrent PUTs', () => {
  it('with If-Match of the same version: exactly one wins', async () => {
    const on = deployment();
    await put(on, withBurst(id, 600));
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => put(on, withBurst(id, 1000 + i), { 'if-match': '"1"' })),
    );
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    const won = answers.findIndex(({ status }) => status === 200);
    const shown = await callOperator(on, 'GET', `/api/v1/tenants/${id}`);
    expect(shown.body).toMatchObject({ version: 2, config: { limits: { burst: 1000 + won } } });
    for (const { status, body } of answers.filter((answer) => answer.status !== 200))
      expect([status, body.version]).toEqual([412, 2]);
  });

  it('without If-Match: each is saved on top of the version that it read, or gets 409', async () => {
    const on = deployment();
    await put(on, withBurst(id, 600));
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => put(on, withBurst(id, 1000 + i))),
    );
    const saved = answers.filter(({ status }) => status === 200);
    expect(saved.length + answers.filter(({ status }) => status === 409).length).toBe(20);
    // Each version was written once, by one of them.
    const versions = saved.map(({ body }) => Number(body.version)).toSorted((a, b) => a - b);
    expect(versions).toEqual(saved.map((_, i) => i + 2));
    const shown = await callOperator(on, 'GET', `/api/v1/tenants/${id}`);
    const last = saved.find(({ body }) => body.version === saved.length + 1);
    expect(shown.body.version).toBe(saved.length + 1);
    expect(shown.body.config).toEqual(last?.body.config);
  });

  it('that create, with If-None-Match: exactly one wins', async () => {
    const on = deployment();
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => put(on, withBurst(id, 1000 + i), { 'if-none-match': '*' })),
    );
    expect(statuses(answers)).toEqual([201, ...Array<number>(9).fill(412)]);
  });

  it('and rotations, reseals and removals at once: what is answered 200 was not undone by another', async () => {
    const on = deployment();
    await put(on, { ...withBurst(id, 600), destinations: [sampleHarfangLab()] });
    const path = `/api/v1/tenants/${id}`;
    const rotation = { path: 'destinations.edr.token', value: 'rotated' };
    const [saved, rotated] = await Promise.all([
      put(on, withBurst(id, 700)),
      callOperator(on, 'POST', `${path}/secrets`, { body: rotation }),
      callOperator(on, 'POST', `${path}/reseal`),
    ]);
    expect(statuses([saved, rotated])).toEqual([200, 409]);
    const [removed, late] = await Promise.all([
      callOperator(on, 'DELETE', path),
      put(on, withBurst(id, 800), { 'if-match': '"2"' }),
    ]);
    expect([removed.status, late.status]).toEqual(removed.status === 200 ? [200, 412] : [409, 200]);
    const shown = await callOperator(on, 'GET', path);
    expect(shown.status).toBe(removed.status === 200 ? 404 : 200);
  });
});

describe('two first PUTs with different residencies at the same moment', () => {
  it('never make two tenants, however their steps interleave', async () => {
    // Every order of the steps in which one of them is held up before one of its calls.
    const steps = ['readConfig', 'makeRoom', 'configure'] as const;
    for (const heldUp of ['eu', 'global'])
      for (const step of steps) {
        const tenant = `${id}-${heldUp}-${step.toLowerCase()}`;
        let goOn = () => undefined as void;
        const gate = new Promise<void>((resolve) => (goOn = resolve));
        const slow = deployment(async (method) => (method === step ? gate : undefined));
        const other = heldUp === 'eu' ? 'global' : 'eu';
        const first = put(slow, withBurst(tenant, 600, heldUp));
        await scheduler.wait(10);
        const second = await put(deployment(), withBurst(tenant, 600, other));
        goOn();
        const answers = [await first, second];
        const there = [await versionIn('eu', tenant), await versionIn('base', tenant)];
        const made = answers.filter(({ status }) => status === 201).length;
        expect([tenant, there.filter((version) => version !== null).length]).toEqual([tenant, made]);
        expect(made).toBeLessThanOrEqual(1);
        for (const { status } of answers) expect([201, 409]).toContain(status);
      }
  });

  it('never make two tenants in a race without any order', async () => {
    const random = seededRandom(4);
    for (let i = 0; i < 15; i++) {
      const tenant = `${id}-race-${i}`;
      const jitter = deployment(async () => scheduler.wait(random() * 4));
      const answers = await Promise.all(
        ['eu', 'global', 'eu', 'global'].map(async (residency) =>
          put(jitter, withBurst(tenant, 600, residency)),
        ),
      );
      const there = [await versionIn('eu', tenant), await versionIn('base', tenant)];
      expect(there.filter((version) => version !== null).length).toBeLessThanOrEqual(1);
      expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
      for (const { status } of answers) expect([200, 201, 409]).toContain(status);
    }
  });

  it('do not make a second one when the first was slow, however long: it is refused', async () => {
    let goOn = () => undefined as void;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const slow = deployment(async (method) => (method === 'configure' ? gate : undefined));
    let nowMs = Date.now() - 11_000;
    const path = `/api/v1/tenants/${id}`;
    const first = callOperator(slow, 'PUT', path, { body: withBurst(id, 600), nowMs: () => nowMs });
    await scheduler.wait(10);
    nowMs += 11_000;
    goOn();
    expect(await first).toMatchObject({ status: 409, body: { version: null } });
    expect(await versionIn('eu', id)).toBeNull();
  });

  it('leave an id that is free again once the claim is over, and say when that is', async () => {
    const on = deployment();
    expect((await put(on, withBurst(id, 600, 'global'))).status).toBe(201);
    expect((await callOperator(on, 'DELETE', `/api/v1/tenants/${id}`)).status).toBe(200);
    const refused = await put(on, withBurst(id, 600, 'eu'));
    expect(refused.status).toBe(409);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(CLAIM_MS / 1000 - 10);
    expect(seconds).toBeLessThanOrEqual(CLAIM_MS / 1000);
    expect((await put(on, withBurst(id, 600, 'global'))).status).toBe(201);
  });
});
