/** An authentic webhook may hold anything: it is refused with its place, or taken with its faults named, and nothing breaks. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readStoredEvents } from './at-rest.ts';
import { makeEvent } from './events.ts';
import { CANARY, MALFORMED_BODIES } from './malformed-bodies.ts';
import { Stage, type TestTenant } from './stage.ts';

const REFUSED = MALFORMED_BODIES.flatMap(({ refused, ...rest }) => (refused ? [{ ...rest, refused }] : []));
const TAKEN = MALFORMED_BODIES.flatMap(({ taken, ...rest }) => (taken ? [{ ...rest, taken }] : []));

describe('a signed webhook with an odd body', () => {
  let stage: Stage;
  let tenant: TestTenant;
  beforeAll(async () => {
    stage = await Stage.open();
    tenant = await stage.addTenant('acme', { limits: { burst: 2_000 } });
  });
  afterAll(async () => stage.close());

  it.each(REFUSED)('is refused with a path and a reason: $what', async ({ body, refused }) => {
    const answer = await tenant.sender.send(body);
    expect(answer.status).toBe(refused.status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    const { status, path, detail } = answer.body as Readonly<Record<string, unknown>>;
    expect({ status, path }).toEqual({ status: refused.status, path: refused.path });
    expect(detail).toMatch(refused.detail);
    expect(JSON.stringify(answer.body)).not.toContain(CANARY);
  });

  it.each(TAKEN)('is taken with its faults named: $what', async ({ body, taken }) => {
    const webhookId = `msg_${crypto.randomUUID()}`;
    const answer = await tenant.sender.send(body, { webhookId });
    expect(answer.status).toBe(202);
    expect(JSON.stringify(answer.body)).not.toContain(CANARY);
    expect(answer.body).toMatchObject({ accepted: taken.accepted, duplicates: 0, filtered: 0 });
    const { rejected } = answer.body as { readonly rejected: readonly unknown[] };
    expect(rejected).toHaveLength(taken.rejected);
    const stored = (await readStoredEvents(stage)).slice(-taken.accepted);
    const paths = stored.flatMap(({ faults }) => faults.map(({ path }) => path));
    expect(paths.toSorted()).toEqual(taken.faults.toSorted());
  });

  it('breaks nothing: every event that was taken is delivered, and a good one after it', async () => {
    const good = makeEvent();
    expect((await tenant.sender.send(good.body)).body).toMatchObject({ accepted: 1 });
    await stage.untilDone(tenant.id, { withinMs: 10_000 });
    const count = (await readStoredEvents(stage)).length;
    expect(count).toBeGreaterThan(TAKEN.length);
    expect(await stage.lanes(tenant.id)).toMatchObject([
      { lane: 'edr/alerts', delivered: 0, deadLettered: 0 },
      { lane: 'edr/events', delivered: count, deadLettered: 0 },
      { lane: 'edr/incidents', delivered: 0, deadLettered: 0 },
      { lane: 'falcon/events', delivered: count, deadLettered: 0 },
    ]);
    expect(stage.edr.idsInOrder()).toContain(good.id);
    expect(stage.falcon.idsInOrder()).toContain(good.id);
  });
});
