import { beforeEach, describe, expect, it } from 'vitest';

import { AccessKeys } from '../../src/operators/access-keys.ts';
import { AccessSimulator, CERTS_PATH } from '../simulators/access.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

let access: AccessSimulator;
let keys: AccessKeys;
beforeEach(async () => {
  access = await AccessSimulator.create();
  keys = new AccessKeys(access.origin, access.fetch);
});

const unreachable = { ok: false, error: 'unreachable' };
const found = { ok: true };

describe('AccessKeys', () => {
  it("asks the team's endpoint once, and then serves for an hour", async () => {
    expect(await keys.find('key-1', NOW_MS)).toMatchObject(found);
    expect(await keys.find('key-1', NOW_MS + HOUR_MS - 1)).toMatchObject(found);
    expect(access.requests).toEqual([`${access.origin}${CERTS_PATH}`]);
    expect(await keys.find('key-1', NOW_MS + HOUR_MS)).toMatchObject(found);
    expect(access.requests).toHaveLength(2);
  });

  it('asks again for a key that it does not know, as keys are rotated', async () => {
    await keys.find('key-1', NOW_MS);
    await access.rotate();
    expect(await keys.find('key-2', NOW_MS + 31 * SECOND_MS)).toMatchObject(found);
    expect(access.requests).toHaveLength(2);
  });

  it('is not made to ask more than once in 30 s, whatever is forged', async () => {
    for (let second = 0; second < 120; second++) {
      await keys.find(`forged-${second}`, NOW_MS + second * SECOND_MS);
      await keys.find(undefined, NOW_MS + second * SECOND_MS);
    }
    expect(access.requests).toHaveLength(4);
  });

  it('is not made to ask more than once in 5 s while the endpoint fails', async () => {
    access.answers = async () => Promise.reject(new Error('no route'));
    for (let second = 0; second < 20; second++) {
      expect(await keys.find('key-1', NOW_MS + second * SECOND_MS)).toEqual(unreachable);
    }
    expect(access.requests).toHaveLength(4);
    access.answers = async () => new Response(access.certs);
    expect(await keys.find('key-1', NOW_MS + 20 * SECOND_MS)).toMatchObject(found);
  });

  it('goes on with the keys that it has for a day while the endpoint fails', async () => {
    await keys.find('key-1', NOW_MS);
    access.answers = async () => new Response('maintenance', { status: 503 });
    expect(await keys.find('key-1', NOW_MS + 23 * HOUR_MS)).toMatchObject(found);
    expect(await keys.find('key-1', NOW_MS + 24 * HOUR_MS)).toEqual(unreachable);
  });

  it('does not say that there is no such key while it could not ask', async () => {
    await keys.find('key-1', NOW_MS);
    access.answers = async () => Promise.reject(new Error('no route'));
    expect(await keys.find('key-2', NOW_MS + 31 * SECOND_MS)).toEqual(unreachable);
    expect(await keys.find('key-1', NOW_MS + 31 * SECOND_MS)).toMatchObject(found);
  });

  it('shares one request among all that come at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => keys.find('key-1', NOW_MS)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(access.requests).toHaveLength(1);
  });

  it.each<[string, () => Response]>([
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example/certs' } }),
    ],
    ['a web page', () => new Response('<html>')],
    ['another JSON', () => new Response('{"keys":"none"}')],
    ['a list', () => new Response('[]')],
    ['null', () => new Response('null')],
    ['keys that are not whole', () => new Response(`{"keys":[{"kid":"${'x'.repeat(20_000)}"}]}`)],
    ['a status that is not 200', () => new Response(access.certs, { status: 206 })],
  ])('takes %s for no keys, and follows nothing', async (_case, answer) => {
    access.answers = async () => answer();
    expect(await keys.find('key-1', NOW_MS)).toEqual(unreachable);
    expect(access.requests).toEqual([`${access.origin}${CERTS_PATH}`]);
  });

  it('takes no secret for a key', async () => {
    access.answers = async () =>
      new Response('{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"key-1","alg":"HS256"}]}');
    const set = await keys.find('key-1', NOW_MS);
    const resolve = set.ok ? set.value : undefined;
    await expect(resolve?.({ alg: 'HS256', kid: 'key-1' }, { payload: '', signature: '' })).rejects.toThrow(
      'Unsupported "alg"',
    );
  });
});
