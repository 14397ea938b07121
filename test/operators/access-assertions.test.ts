import { beforeAll, describe, expect, it } from 'vitest';

import { AccessAssertions } from '../../src/operators/access-assertions.ts';
import { AccessSimulator } from '../simulators/access.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const HOUR_MS = 3_600_000;

let access: AccessSimulator;
let assertions: AccessAssertions;
beforeAll(async () => {
  access = await AccessSimulator.create(undefined, () => NOW_MS, 'RS256');
  const { origin, audience } = access;
  assertions = new AccessAssertions({ origin, audience, rules: [] }, access.fetch);
});

async function verify(claims: Readonly<Record<string, unknown>>, nowMs = NOW_MS) {
  return assertions.verify(await access.assertion({ claims }), nowMs);
}

describe('AccessAssertions', () => {
  it('know a person by the address, in lower case', async () => {
    expect(await verify({ email: 'Ops@MSSP.eu' })).toEqual({
      ok: true,
      value: { name: 'ops@mssp.eu', email: 'ops@mssp.eu', groups: [], expiresAtMs: NOW_MS + HOUR_MS },
    });
  });

  it('know a service token by its client id', async () => {
    expect(await verify({ email: undefined, sub: '', common_name: 'e3f.access' })).toEqual({
      ok: true,
      value: { name: 'e3f.access', service: 'e3f.access', groups: [], expiresAtMs: NOW_MS + HOUR_MS },
    });
  });

  it('take a person for a person, also one with a certificate', async () => {
    const identity = await verify({ common_name: 'e3f.access' });
    expect(identity).toMatchObject({ ok: true, value: { name: 'ops@mssp.eu' } });
    expect(identity).not.toHaveProperty('value.service');
  });

  it.each([
    [{ groups: ['soc', 'it'] }, ['soc', 'it']],
    [{ groups: 'soc' }, ['soc']],
    [{ custom: { groups: ['soc'] } }, ['soc']],
    [{ custom: { groups: 'soc' }, groups: ['it'] }, ['it', 'soc']],
    [{ groups: [1, null, { name: 'soc' }, 'it'] }, ['it']],
    [{ groups: { name: 'soc' } }, []],
    [{ custom: 'soc' }, []],
  ])('read the groups of %j', async (claims, groups) => {
    expect(await verify(claims)).toMatchObject({ ok: true, value: { groups } });
  });

  it.each([
    ['ops@mssp.eu@evil.example'],
    ['ops'],
    [''],
    [['ops@mssp.eu']],
    ['ops@mssp.eu\n'],
    ['\u212Aevin@mssp.eu'],
    ['ops@\u212A.eu'],
    ['@mssp.eu'],
    ['jos\u00e9@mssp.eu'],
    [`${'a'.repeat(250)}@mssp.eu`],
  ])('do not take %j for an address', async (email) => {
    expect(await verify({ email })).toEqual({ ok: false, error: 'nameless' });
  });

  it('do not take a service for the person whom a wrong address hides', async () => {
    expect(await verify({ email: 'ops', common_name: 'e3f.access' })).toEqual({
      ok: false,
      error: 'nameless',
    });
  });

  it('allow for five seconds between two clocks, and no more', async () => {
    expect(await verify({}, NOW_MS - 5_000)).toMatchObject({ ok: true });
    expect(await verify({}, NOW_MS - 6_000)).toEqual({ ok: false, error: 'claim_nbf' });
    expect(await verify({}, NOW_MS + HOUR_MS + 4_000)).toMatchObject({ ok: true });
    expect(await verify({}, NOW_MS + HOUR_MS + 5_000)).toEqual({ ok: false, error: 'expired' });
  });

  it('ask for no keys for what could not be verified anyway', async () => {
    const { origin, audience } = access;
    const fresh = new AccessAssertions({ origin, audience, rules: [] }, access.fetch);
    const asked = access.requests.length;
    for (const text of ['', 'x', 'a.b.c', `e30.e30.${'x'.repeat(20_000)}`, 'eyJhbGciOiJub25lIn0.e30.'])
      expect((await fresh.verify(text, NOW_MS)).ok).toBe(false);
    expect(access.requests).toHaveLength(asked);
  });
});
