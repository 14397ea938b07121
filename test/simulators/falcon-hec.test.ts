import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HEC_BAD_GATEWAY } from './falcon-answers.ts';
import { FalconSimulator, type FalconOptions } from './falcon.ts';
import { splitObjects } from './hec-envelopes.ts';

const KEY = 'hec-test-key';
const ENVELOPE = { time: 1_763_800_000.123, event: { id: 'evt_1', type: 'interaction.high_risk' } };

let simulator: FalconSimulator;

const start = async (options: Partial<FalconOptions> = {}) => {
  simulator = await new FalconSimulator({ hecKey: KEY, ...options }).start();
};

beforeEach(() => start());
afterEach(() => simulator.stop());

function send(body: string, headers: Record<string, string | undefined> = {}, path = '/services/collector') {
  const all = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers };
  const present = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return fetch(simulator.url + path, { method: 'POST', body, headers: Object.fromEntries(present) });
}
const sendEnvelope = (envelope: unknown) => send(JSON.stringify(envelope));
const messageOf = async (response: Response) => {
  const body: unknown = await response.json();
  expect(body).toMatchObject({ meta: { powered_by: 'crowdstrike-third-party-gateway' }, resources: null });
  return JSON.stringify(body);
};

describe('the structured endpoint', () => {
  it('takes one envelope and records it with its id', async () => {
    const response = await sendEnvelope(ENVELOPE);
    expect([response.status, await response.json()]).toEqual([200, { text: 'Success', code: 0 }]);
    expect(simulator.events).toMatchObject([
      { id: 'evt_1', envelope: ENVELOPE, isTruncated: false, endpoint: 'structured' },
    ]);
  });

  it.each(['\n', ' ', '\r\n\n', '\t'])(
    'takes several envelopes separated by %j as one batch',
    async (separator) => {
      const bodies = ['a', 'b', 'c'].map((id) =>
        JSON.stringify({ event: { event: { id }, note: '}{ "\\"' } }),
      );
      expect((await send(bodies.join(separator) + '\n')).status).toBe(200);
      expect(simulator.batches).toMatchObject([{ ids: ['a', 'b', 'c'], eventCount: 3 }]);
      expect(simulator.idsInOrder()).toEqual(['a', 'b', 'c']);
    },
  );

  it('takes text/plain, an event that is a text, a numeric text as time, and members that it does not know', async () => {
    expect((await send('{"event":"line"}', { 'content-type': 'text/plain' })).status).toBe(200);
    expect((await sendEnvelope({ ...ENVELOPE, time: '1763800000.5', whatever: { a: 1 } })).status).toBe(200);
    expect((await send(JSON.stringify(ENVELOPE), {}, '/api/v1/ingest/hec')).status).toBe(200);
    expect(simulator.idsInOrder()).toEqual(['evt_1', 'evt_1']);
    expect(simulator.duplicates()).toEqual(['evt_1']);
  });

  it.each([
    ['no authorization', undefined],
    ['the Splunk scheme', `Splunk ${KEY}`],
    ['another key', 'Bearer other'],
  ])('refuses %s with 401', async (_, authorization) => {
    const response = await send(JSON.stringify(ENVELOPE), { authorization });
    expect(response.status).toBe(401);
    await messageOf(response);
    expect(simulator.events).toEqual([]);
  });

  it('refuses the OAuth token', async () => {
    await simulator.stop();
    await start({ client: { id: 'c', secret: 's' }, wrongKeyStatus: 403 });
    const body = 'client_id=c&client_secret=s';
    await send(body, { 'content-type': 'application/x-www-form-urlencoded' }, '/oauth2/token');
    const token = simulator.tokens[0]?.token;
    expect(token).toBeDefined();
    expect((await send(JSON.stringify(ENVELOPE), { authorization: `Bearer ${token}` })).status).toBe(403);
    expect(simulator.requests.at(-1)?.headers['authorization']).toBe('[wrong]');
  });

  it('refuses GET with 405 and another path with 404', async () => {
    const headers = { authorization: `Bearer ${KEY}` };
    expect((await fetch(simulator.hecUrl, { headers })).status).toBe(405);
    expect((await send(JSON.stringify(ENVELOPE), {}, '/services/collector/services/collector')).status).toBe(
      404,
    );
  });

  it.each(['application/x-www-form-urlencoded', 'application/x-ndjson', 'text/csv'])(
    'refuses the content type %s with 415',
    async (type) => {
      expect((await send(JSON.stringify(ENVELOPE), { 'content-type': type })).status).toBe(415);
    },
  );

  it.each([
    ['an array', JSON.stringify([ENVELOPE]), 'not an array'],
    ['nothing', '', 'could not parse'],
    ['no JSON', 'hello', 'could not parse'],
    ['an object cut short', '{"event":{"id":"a"}', 'could not parse'],
    ['commas between objects', '{"event":"a"},{"event":"b"}', 'could not parse'],
    ['objects that touch', '{"event":"a"}{"event":"b"}', 'could not parse'],
    ['broken JSON in an object', '{"event":"a"} {event:1}', 'object 1: could not parse JSON'],
    ['no event', '{"time":1763800000}', 'event is missing'],
    ['an empty event', '{"event":""}', 'event must be'],
    ['a list as event', '{"event":[]}', 'event must be'],
    ['a time in milliseconds', '{"time":1763800000123,"event":"a"}', 'milliseconds'],
    ['a text time in milliseconds', '{"time":"1763800000123","event":"a"}', 'milliseconds'],
    ['an ISO time', '{"time":"2026-11-22T09:00:00Z","event":"a"}', 'number of seconds'],
    ['nested fields', '{"event":"a","fields":{"x":{"y":1}}}', 'must not be nested'],
    ['a list in fields', '{"event":"a","fields":{"x":[1]}}', 'must not be nested'],
    ['fields that are a list', '{"event":"a","fields":[]}', 'fields must be an object'],
    ['a host that is no text', '{"event":"a","host":7}', 'host must be a string'],
    ['a foreign index', '{"event":"a","index":"main"}', 'index is not'],
  ])('refuses %s with 400', async (_, body, message) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(await messageOf(response)).toContain(message);
    expect(simulator.events).toEqual([]);
  });

  it('takes the index that is its own repository, and flat fields with tags', async () => {
    const envelope = { ...ENVELOPE, index: 'noxys', fields: { '#noxys_tenant': 'acme', n: 1, none: null } };
    expect((await sendEnvelope(envelope)).status).toBe(200);
  });

  it('refuses a whole batch for one bad envelope', async () => {
    expect((await send(`${JSON.stringify(ENVELOPE)}\n{"time":1}`)).status).toBe(400);
    expect(simulator.events).toEqual([]);
  });

  it('refuses more than 32 MB with 413', async () => {
    const line = `${JSON.stringify({ event: 'x'.repeat(1_000_000) })}\n`;
    const body = line.repeat(34);
    const response = await send(body);
    expect(response.status).toBe(413);
    expect(simulator.requests[0]?.bytes).toBe(body.length);
  });

  it('marks an event over 1 MB as truncated', async () => {
    expect((await sendEnvelope({ event: { id: 'big', text: 'x'.repeat(1_048_577) } })).status).toBe(200);
    expect((await sendEnvelope(ENVELOPE)).status).toBe(200);
    expect(simulator.events.map(({ isTruncated }) => isTruncated)).toEqual([true, false]);
  });

  it('answers the gateway failure of the facts when that fault is injected', async () => {
    simulator.fail({ ...HEC_BAD_GATEWAY, times: 1 });
    const response = await sendEnvelope(ENVELOPE);
    const errors = [{ code: 502, message: 'bad gateway' }];
    expect([response.status, await response.json()]).toMatchObject([502, { errors, resources: [] }]);
    expect((await sendEnvelope(ENVELOPE)).status).toBe(200);
  });
});

describe('the raw endpoint', () => {
  it('takes each line as one event and looks into none', async () => {
    const response = await send(
      `${JSON.stringify(ENVELOPE)}\nplain\n`,
      { 'content-type': 'text/csv' },
      '/services/collector/raw',
    );
    expect(response.status).toBe(200);
    expect(simulator.events.map(({ endpoint, id }) => [endpoint, id])).toEqual([
      ['raw', undefined],
      ['raw', undefined],
    ]);
  });

  it('refuses nothing at all with 400, a wrong key with 401, a form with 415', async () => {
    const raw = '/services/collector/raw';
    expect((await send('\n', {}, raw)).status).toBe(400);
    expect((await send('x', { authorization: 'Bearer no' }, raw)).status).toBe(401);
    expect((await send('x', { 'content-type': 'application/x-www-form-urlencoded' }, raw)).status).toBe(415);
  });
});

describe('splitObjects', () => {
  it.each([
    ['{"a":1} {"b":"}"}', ['{"a":1}', '{"b":"}"}']],
    ['{"a":"\\"}{"}', ['{"a":"\\"}{"}']],
    ['{"a":[{"b":1}]}\n', ['{"a":[{"b":1}]}']],
    ['{} ] {}', undefined],
    ['{"a":1', undefined],
  ])('splits %s', (text, pieces) => {
    expect(splitObjects(text)).toEqual(pieces);
  });
});

describe('a HEC key that is rotated', () => {
  it('is taken from then on, and the earlier one no more', async () => {
    simulator.rotateHecKey('hec-renewed-key');
    expect((await sendEnvelope(ENVELOPE)).status).toBe(401);
    const renewed = await send(JSON.stringify(ENVELOPE), { authorization: 'Bearer hec-renewed-key' });
    expect(renewed.status).toBe(200);
  });
});
