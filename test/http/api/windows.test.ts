import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { asViewer } from '../viewer.ts';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET …/windows', () => {
  it('asks for a page of a rule, from where the last one ended', async () => {
    const { status, body } = await acme.call('GET', 'acme/windows?rule=r&after=sealed-place&limit=3');
    expect([status, body]).toMatchObject([200, { windows: [{ value: 4 }], nextAfter: 'sealed-place' }]);
    expect(acme.relay.asked).toEqual([{ v: 1, rule: 'r', after: 'sealed-place', limit: 3 }]);
  });

  it('is for viewers: it names nobody', async () => {
    expect((await asViewer(acme, 'GET', 'acme/windows')).status).toBe(200);
    expect(acme.relay.asked).toEqual([{ v: 1, limit: 50 }]);
  });

  it.each([
    [{ kind: 'not_found' } as const, 404],
    [{ kind: 'place_unknown' } as const, 400],
    [{ kind: 'busy', retryAfterSeconds: 3 } as const, 429],
    [{ kind: 'unavailable', reason: 'object_fault' } as const, 503],
  ])('answers %j with %i', async (answer, status) => {
    acme.relay.ruleAnswers.windows = answer;
    expect((await acme.call('GET', 'acme/windows?after=x')).status).toBe(status);
  });

  it('takes no user in its query', async () => {
    expect((await acme.call('GET', 'acme/windows?user_id=u-1')).status).toBe(400);
    expect(acme.relay.asked).toEqual([]);
  });
});

describe('POST …/windows/search', () => {
  it('looks for one user, for an operator', async () => {
    await acme.call('POST', 'acme/windows/search', { user_id: 'u-1', after: 'sealed-place' });
    expect(acme.relay.asked).toEqual([{ v: 1, user: { id: 'u-1' }, after: 'sealed-place', limit: 50 }]);
    expect((await asViewer(acme, 'POST', 'acme/windows/search', { user_id: 'u-1' })).status).toBe(403);
  });

  it('needs exactly one user', async () => {
    expect((await acme.call('POST', 'acme/windows/search', { rule: 'r' })).status).toBe(422);
  });
});
