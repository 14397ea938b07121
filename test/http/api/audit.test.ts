import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET …/audit', () => {
  it('shows one page, and where the next one begins only when there may be one', async () => {
    expect(await acme.call('GET', 'acme/audit?limit=1')).toMatchObject({
      status: 200,
      body: { entries: [{ id: 3, action: 'config.saved', by: 'bootstrap' }], nextBefore: 3 },
    });
    expect((await acme.call('GET', 'acme/audit?before=4')).body).not.toHaveProperty('nextBefore');
    expect(acme.relay.pages).toEqual([{ limit: 1 }, { before: 4, limit: 50 }]);
  });

  it.each(['limit=0', 'limit=201', 'before=x'])('answers 400 with the path to %s', async (query) => {
    expect(await acme.call('GET', `acme/audit?${query}`)).toMatchObject({
      status: 400,
      body: { path: query.split('=')[0] },
    });
  });
});
