import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET …/lanes', () => {
  it("shows the tenant's lanes as its object does", async () => {
    expect(await acme.call('GET', 'acme/lanes')).toMatchObject({
      status: 200,
      body: { lanes: await acme.relay.lanes() },
    });
    expect((await acme.relay.lanes())[0]).toHaveProperty('parked');
  });

  it('answers 404 for a tenant that does not exist', async () => {
    expect((await acme.call('GET', 'nobody/lanes')).status).toBe(404);
  });
});
