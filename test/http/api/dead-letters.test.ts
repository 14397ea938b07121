import { beforeEach, describe, expect, it } from 'vitest';

import type { RedriveAnswer } from '../../../src/domain/rpc.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

const REDRIVE = 'acme/dead-letters/redrive';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET …/dead-letters', () => {
  const list = async (query: string) => acme.call('GET', `acme/dead-letters${query}`);

  it('shows one page, and where the next one begins only when there may be one', async () => {
    expect(await list('?limit=2')).toMatchObject({
      status: 200,
      body: { deadLetters: [{ id: 10 }, { id: 9 }], nextBefore: 9 },
    });
    expect((await list('?before=9')).body).not.toHaveProperty('nextBefore');
    expect(acme.relay.pages).toEqual([{ limit: 2 }, { before: 9, limit: 50 }]);
  });

  it('asks for one reason and one lane', async () => {
    await list('?reason=attempts_exhausted&lane=edr/events');
    expect(acme.relay.pages).toEqual([{ limit: 50, reason: 'attempts_exhausted', lane: 'edr/events' }]);
  });

  it.each([
    ['limit=0', 'limit must be from 1 to 200.'],
    ['limit=201', 'limit must be from 1 to 200.'],
    ['limit=x', 'limit must be from 1 to 200.'],
    ['limit=-1', 'limit must be from 1 to 200.'],
    ['before=x', 'before must be the nextBefore of a page.'],
    ['before=1.5', 'before must be the nextBefore of a page.'],
    [
      'reason=reject',
      'reason must be one of rejected, attempts_exhausted, destination_removed: did you mean rejected?',
    ],
    ['reason=zzzzzzzzzzzz', 'reason must be one of rejected, attempts_exhausted, destination_removed.'],
    ['reason=', 'reason must be one of rejected, attempts_exhausted, destination_removed.'],
    ['reason=toString', 'reason must be one of rejected, attempts_exhausted, destination_removed.'],
    ['lane=edr', 'lane must be the name of a lane, such as edr/events.'],
    ['lane=', 'lane must be the name of a lane, such as edr/events.'],
  ])('answers 400 with path and words to %s', async (query, detail) => {
    expect(await list(`?${query}`)).toMatchObject({
      status: 400,
      body: { type: 'urn:noxys-relay:problem:parameter-invalid', path: query.split('=')[0], detail },
    });
    expect(acme.relay.pages).toEqual([]);
  });

  it('answers 404 for a tenant that does not exist', async () => {
    expect((await acme.call('GET', 'nobody/dead-letters')).status).toBe(404);
  });
});

const NO_SUCH_LETTER = { status: 404, body: { type: 'urn:noxys-relay:problem:dead-letter-not-found' } };

describe('GET …/dead-letters/{letter}', () => {
  it('shows one dead letter', async () => {
    expect(await acme.call('GET', 'acme/dead-letters/10')).toMatchObject({
      status: 200,
      body: { id: 10, eventId: 'evt_0', reason: 'rejected' },
    });
  });

  it.each(['11', '0', '-1', '1.5', 'evt_1', '9'.repeat(30), '%20'])(
    'answers 404 to %s, which is none',
    async (id) => {
      expect(await acme.call('GET', `acme/dead-letters/${id}`)).toMatchObject(NO_SUCH_LETTER);
    },
  );

  it('tells a tenant that does not exist apart', async () => {
    expect(await acme.call('GET', 'nobody/dead-letters/10')).toMatchObject({
      status: 404,
      body: { type: 'urn:noxys-relay:problem:tenant-not-found' },
    });
  });
});

describe('POST …/dead-letters/{letter}/redrive', () => {
  const redrive = async (id = '10') => acme.call('POST', `acme/dead-letters/${id}/redrive`);

  it('sends one dead letter again', async () => {
    expect(await redrive()).toMatchObject({ status: 202, body: { redriven: 1, left: 0 } });
    expect(acme.relay.asked).toEqual([{ v: 1, select: { id: 10 } }]);
  });

  it('answers 409 with what to do when it was left', async () => {
    acme.relay.redrives = { kind: 'redriven', count: 0, left: 1 };
    expect(await redrive()).toMatchObject({
      status: 409,
      body: {
        type: 'urn:noxys-relay:problem:dead-letter-left',
        detail: expect.stringMatching(/not configured.+too many.+later/),
      },
    });
  });

  it('answers 404 when it is gone', async () => {
    acme.relay.redrives = { kind: 'not_found' };
    expect(await redrive()).toMatchObject(NO_SUCH_LETTER);
  });

  it('asks nothing for an id that no dead letter has', async () => {
    expect(await redrive('evt_1')).toMatchObject(NO_SUCH_LETTER);
    expect(acme.relay.asked).toEqual([]);
  });
});

describe('POST …/dead-letters/redrive', () => {
  it.each<[object, object]>([
    [{ reason: 'rejected' }, { reason: 'rejected' }],
    [{ lane: 'edr/events' }, { lane: 'edr/events' }],
    [{ since: '2026-11-22T05:00:00Z' }, { sinceMs: Date.UTC(2026, 10, 22, 5) }],
    [{ since: '2026-11-22T06:00:00.250+01:00' }, { sinceMs: Date.UTC(2026, 10, 22, 5, 0, 0, 250) }],
    [
      { reason: 'attempts_exhausted', since: '2026-11-22T05:00Z', lane: 'siem/events' },
      { reason: 'attempts_exhausted', sinceMs: Date.UTC(2026, 10, 22, 5), lane: 'siem/events' },
    ],
  ])('selects by %j', async (body, select) => {
    const answer = await acme.call('POST', REDRIVE, body);
    expect([answer.status, answer.body]).toEqual([202, { redriven: 1, left: 0 }]);
    expect(acme.relay.asked).toEqual([{ v: 1, select }]);
  });

  it('says what to do with those that are left', async () => {
    acme.relay.redrives = { kind: 'redriven', count: 1000, left: 234 };
    expect(await acme.call('POST', REDRIVE, { reason: 'rejected' })).toMatchObject({
      status: 202,
      body: { redriven: 1000, left: 234, detail: expect.stringContaining('later') },
    });
  });

  it.each<[unknown, string, string]>([
    [{}, '', 'must have at least one of reason, since, lane'],
    ['', '', 'must have at least one of reason, since, lane'],
    [[], '', 'must be a group of keys'],
    ['null', '', 'must be a group of keys'],
    [{ raeson: 'rejected' }, 'raeson', 'is not a known key: did you mean reason?'],
    [{ reason: 'rejected', everything: true }, 'everything', 'is not a known key: known here are'],
    [{ reason: 'rejected', id: 7 }, 'id', 'is not a known key'],
    [{ reason: 'rejected', constructor: 1 }, 'constructor', 'is not a known key'],
    [
      { reason: 'rejeced' },
      'reason',
      'must be one of rejected, attempts_exhausted, destination_removed: did',
    ],
    [{ reason: null }, 'reason', 'must be one of'],
    [{ lane: 7 }, 'lane', 'must be the name of a lane'],
    [{ since: 'yesterday' }, 'since', 'must be a date-time in ISO 8601'],
    [{ since: 1_763_800_000 }, 'since', 'must be a date-time in ISO 8601'],
    [{ since: '2026-11-22' }, 'since', 'must be a date-time in ISO 8601'],
    [{ since: '2026-11-22T05:00:00' }, 'since', 'must be a date-time in ISO 8601'],
    [{ since: '2026-02-30T05:00:00Z' }, 'since', 'must be a date-time in ISO 8601'],
    [{ since: '2026-11-22T25:00:00Z' }, 'since', 'must be a date-time in ISO 8601'],
    [{ since: '2026-11-22T05:00:00+99:00' }, 'since', 'must be a date-time in ISO 8601'],
  ])('answers 422 with path and words to %j, and redrives nothing', async (body, path, message) => {
    const answer = await acme.call('POST', REDRIVE, body);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        type: 'urn:noxys-relay:problem:body-invalid',
        faults: [{ path, message: expect.stringContaining(message) }],
      },
    });
    expect(acme.relay.asked).toEqual([]);
  });

  it('names every fault at once, and quotes no key that looks like a secret', async () => {
    const answer = await acme.call('POST', REDRIVE, { reason: 'x', since: 'y', whsec_abc: 'z' });
    expect(answer.body).toMatchObject({
      detail: 'The body has 3 faults.',
      faults: [{ path: 'reason' }, { path: 'since' }, { path: '(unreadable key)' }],
    });
  });

  it.each<[string, string, number]>([
    ['no JSON', '{', 400],
    ['__proto__', '{"reason":"rejected","__proto__":{}}', 400],
    ['more than 4 KiB', JSON.stringify({ lane: 'x'.repeat(4096) }), 413],
  ])('refuses %s', async (_case, body, status) => {
    expect((await acme.call('POST', REDRIVE, body)).status).toBe(status);
    expect(acme.relay.asked).toEqual([]);
  });

  it.each<[RedriveAnswer, number]>([
    [{ kind: 'unknown_tenant' }, 404],
    [{ kind: 'unavailable', reason: 'space_exhausted' }, 503],
  ])('answers %j with its status', async (answer, status) => {
    acme.relay.redrives = answer;
    const response = await acme.call('POST', REDRIVE, { reason: 'rejected' });
    expect(response.status).toBe(status);
    expect(response.headers.has('retry-after')).toBe(status === 503);
  });
});
