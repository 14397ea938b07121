/** What a viewer, who sees pseudonyms, is not shown, and an operator is. */

import { beforeEach, describe, expect, it } from 'vitest';

import type { Role } from '../../../src/domain/principal.ts';
import type { DeadLetterView, LaneView } from '../../../src/domain/lane-view.ts';
import { sampleDocument, sampleFalcon, sampleFalconApi, sampleHarfangLab } from '../../tenants/sample.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { callAs } from '../principal.ts';

const AT = '2026-11-22T00:00:00.000Z';
const SAID = 'HTTP 403: {"detail":"user alice.martin@acme.fr may not"}';
const MACHINE_MADE = 'evt_01JD0000000000000000000001';
const LANE: LaneView = {
  lane: 'edr/events',
  state: 'blocked',
  undelivered: 1,
  delivered: 3,
  deadLettered: 0,
  expired: 0,
  parked: 0,
  discarded: 0,
  erased: 0,
  tries: 2,
  blocked: { reason: 'forbidden', detail: SAID, since: AT },
  lastFailure: { reason: 'forbidden', detail: SAID, at: AT },
};
const LETTER: DeadLetterView = {
  id: 10,
  lane: 'edr/events',
  eventId: 'alice.martin@acme.fr-2026',
  eventType: 'interaction.high_risk',
  reason: 'rejected',
  status: 403,
  excerpt: SAID,
  attempts: 1,
  at: AT,
};

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
  acme.relay.lanes = async () => [LANE, { ...LANE, lane: 'falcon/events', state: 'idle' }];
  acme.relay.deadLetters = async () => [LETTER, { ...LETTER, id: 9, eventId: MACHINE_MADE }];
});

const ask = async (role: Role, path: string) =>
  callAs(
    acme.world.env,
    { id: 'token:t-1', grants: [{ role, tenant: 'acme' }] },
    'GET',
    `/api/v1/tenants/acme${path}`,
  );

describe('a viewer', () => {
  it('sees no answer of a destination in lanes, health and dead letters, and an operator does', async () => {
    for (const path of ['/lanes', '/health', '/dead-letters', '/dead-letters/10']) {
      const [viewer, operator] = [await ask('viewer', path), await ask('operator', path)];
      expect([path, viewer.status, viewer.text.includes('alice')]).toEqual([path, 200, false]);
      expect([path, operator.status, operator.text.includes('alice')]).toEqual([path, 200, true]);
    }
    expect((await ask('viewer', '/lanes')).body).toMatchObject({
      lanes: [
        {
          ...LANE,
          blocked: { reason: 'forbidden', detail: '…', since: AT },
          lastFailure: { reason: 'forbidden', detail: '…', at: AT },
        },
        { lane: 'falcon/events' },
      ],
    });
  });

  it('sees the id of an event where a machine has made it', async () => {
    expect((await ask('viewer', '/dead-letters')).body).toMatchObject({
      deadLetters: [
        { ...LETTER, eventId: '…', excerpt: '…' },
        { id: 9, eventId: MACHINE_MADE, excerpt: '…' },
      ],
    });
  });

  it('sees which fields a filter is on, and not which persons', async () => {
    const where = {
      user_id: 'alice.martin',
      'event.data.user.email': ['alice.martin@acme.fr', 'bob@acme.fr'],
      'data.device.id': 'alice-1',
      hostname: ['PC-ALICE'],
      urlHost: 'alice.pages.example',
      platform_id: ['grok'],
      'risk_score|gte': 0.5,
    };
    const privacy = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
    const destinations = [{ ...sampleHarfangLab(), where }, sampleFalcon()];
    const put = await acme.call('PUT', 'acme', { ...sampleDocument(), privacy, destinations });
    expect(put.status).toBe(200);
    const viewer = await ask('viewer', '');
    expect(viewer.text).not.toMatch(/alice|bob@/i);
    expect(viewer.body).toMatchObject({
      config: {
        destinations: [
          {
            where: {
              user_id: '<hidden>',
              'event.data.user.email': ['<hidden>', '<hidden>'],
              'data.device.id': '<hidden>',
              hostname: ['<hidden>'],
              urlHost: '<hidden>',
              platform_id: ['grok'],
              'risk_score|gte': 0.5,
            },
          },
          {},
        ],
      },
    });
    expect((await ask('operator', '')).body).toMatchObject({ config: { destinations: [{ where }, {}] } });
  });
});

describe('hosts that are never isolated', () => {
  const falcon = (never: string[]) => ({ ...sampleFalconApi(), actions: ['contain'], contain: { never } });

  it('are shown to operators alone', async () => {
    const destinations = [falcon(['PC-ALICE', 'DC-01'])];
    expect((await acme.call('PUT', 'acme', { ...sampleDocument(), destinations })).status).toBe(200);
    const viewer = await ask('viewer', '');
    expect(viewer.body).toMatchObject({
      config: { destinations: [{ contain: { never: ['<hidden>', '<hidden>'] } }] },
    });
    expect(viewer.text).not.toMatch(/alice|dc-01/i);
    const operator = await ask('operator', '');
    expect(operator.body).toMatchObject({
      config: { destinations: [{ contain: { never: ['PC-ALICE', 'DC-01'] } }] },
    });
  });

  it('are not saved as a viewer saw them', async () => {
    const destinations = [falcon(['<hidden>'])];
    expect(await acme.call('PUT', 'acme', { ...sampleDocument(), destinations })).toMatchObject({
      status: 422,
      body: { faults: [{ path: 'destinations[0].contain.never[0]' }] },
    });
  });
});

describe('the users and hosts of the device map', () => {
  const device_map = { alice: 'PC-ALICE' };

  it('are shown to operators alone, and to nobody as a change', async () => {
    const planned = await acme.call('POST', 'acme/plan', { ...sampleDocument(), device_map });
    expect(planned.body).toMatchObject({ changes: [{ path: 'device_map', to: expect.any(String) }] });
    expect(JSON.stringify(planned.body)).not.toMatch(/alice/i);
    expect((await acme.call('PUT', 'acme', { ...sampleDocument(), device_map })).status).toBe(200);
    const viewer = await ask('viewer', '');
    expect(viewer.body).toMatchObject({ config: { device_map: { '<hidden>': '<hidden>' } } });
    expect(viewer.text).not.toMatch(/alice/i);
    expect((await ask('operator', '')).body).toMatchObject({ config: { device_map } });
    expect(acme.relay.configured.at(-1)).toMatchObject({ changedPaths: ['device_map'] });
  });

  it('are not saved as a viewer saw them', async () => {
    const hidden = { ...sampleDocument(), device_map: { '<hidden>': '<hidden>' } };
    expect((await acme.call('PUT', 'acme', hidden)).status).toBe(422);
  });
});

it('what a viewer saw is not saved as a filter', async () => {
  const destinations = [{ ...sampleHarfangLab(), where: { user_id: ['<hidden>'] } }];
  expect(await acme.call('PUT', 'acme', { ...sampleDocument(), destinations })).toMatchObject({
    status: 422,
    body: { faults: [{ path: 'destinations[0].where.user_id' }] },
  });
});
