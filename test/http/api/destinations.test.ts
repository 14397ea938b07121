import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

const RESUME = 'acme/destinations/edr/resume';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('POST …/destinations/{name}/pause', () => {
  it('pauses the destination, and answers with the new version as PUT does', async () => {
    const answer = await acme.call('POST', 'acme/destinations/edr/pause');
    expect([answer.status, answer.headers.get('etag'), answer.body]).toEqual([
      200,
      '"2"',
      { version: 2, published: true, discarded: 0 },
    ]);
    expect(acme.relay.asked).toEqual([{ v: 1, destination: 'edr' }]);
  });
});

describe('POST …/destinations/{name}/resume', () => {
  it.each([
    ['no body', undefined, 'backlog'],
    ['an empty body', '', 'backlog'],
    ['no keys', {}, 'backlog'],
    ['backlog', { from: 'backlog' }, 'backlog'],
    ['now', { from: 'now' }, 'now'],
  ])('with %s', async (_case, body, from) => {
    expect((await acme.call('POST', RESUME, body)).status).toBe(200);
    expect(acme.relay.asked).toEqual([{ v: 1, destination: 'edr', from }]);
  });

  it('says how many events it gave up, and that the edge waits', async () => {
    acme.relay.resumes = { kind: 'saved', version: 7, isPublished: false, discarded: 12 };
    const answer = await acme.call('POST', RESUME, { from: 'now' });
    expect(answer.body).toEqual({ version: 7, published: false, discarded: 12 });
  });

  it.each<[unknown, string, string]>([
    [{ from: 'nwo' }, 'from', 'must be one of now, backlog: did you mean now?'],
    [{ form: 'now' }, 'form', 'is not a known key: did you mean from?'],
  ])('answers 422 with path and words to %j, and resumes nothing', async (body, path, message) => {
    expect(await acme.call('POST', RESUME, body)).toMatchObject({
      status: 422,
      body: { faults: [{ path, message }] },
    });
    expect(acme.relay.asked).toEqual([]);
  });
});

describe.each(['pause', 'resume'])('POST …/destinations/{name}/%s', (verb) => {
  it('answers 404 to a destination that is not there, and names those there are', async () => {
    acme.relay.resumes = { kind: 'unknown_destination' };
    const { status, body } = await acme.call('POST', `acme/destinations/erd/${verb}`);
    expect(status).toBe(404);
    expect(body).toEqual({
      type: 'urn:noxys-relay:problem:destination-not-found',
      title: 'No such destination',
      status: 404,
      detail: 'The tenant has no destination of this name: it has edr, falcon.',
      requestId: 'req-1',
    });
  });

  it.each([{ kind: 'unknown_tenant' } as const, undefined])(
    'answers 404 to a tenant that is not there: %j',
    async (answer) => {
      if (answer) acme.relay.resumes = answer;
      const { body } = await acme.call('POST', `${answer ? 'acme' : 'nobody'}/destinations/edr/${verb}`);
      expect(body).toMatchObject({ status: 404, type: 'urn:noxys-relay:problem:tenant-not-found' });
    },
  );

  it('answers 503 with Retry-After while the object can not save', async () => {
    acme.relay.resumes = { kind: 'unavailable', reason: 'object_fault' };
    const { status, headers } = await acme.call('POST', `acme/destinations/edr/${verb}`);
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
  });
});
