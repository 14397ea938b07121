import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { readOrigin } from '../../cli/origin.ts';
import { FakeIo, type FakeOptions, ORIGIN, TOKEN } from './fake-io.ts';
import { StandIn } from './stand-in.ts';

const PATH = '/api/v1/tenants';
const COMMAND = 'tenants list';
const SOCKET_CODES = ['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED'] as const;

function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  return { relay, shell: new FakeIo({ fetch: relay.fetch, ...options }) };
}

function failingWith(code: string): NonNullable<FakeOptions['fetch']> {
  return async () =>
    Promise.reject(
      Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code }) }),
    );
}

describe('the relay’s address', () => {
  it.each([
    ['https://relay.example.com/', 'https://relay.example.com'],
    ['relay.example.com', 'https://relay.example.com'],
    ['http://127.0.0.1:8787', 'http://127.0.0.1:8787'],
    ['http://localhost:8787/', 'http://localhost:8787'],
    ['http://[::1]:8787', 'http://[::1]:8787'],
  ])('%s is %s', (written, origin) => {
    expect(readOrigin(written)).toBe(origin);
  });

  it.each([
    ['http://relay.example.com', 'https://'],
    ['http://127.0.0.1.example.com', 'https://'],
    ['http://10.0.0.1:8787', 'https://'],
    ['ftp://localhost', 'https://'],
    ['https://user:hunter2hunter2@relay.example.com', 'user name or a password'],
    ['https://relay.example.com/api/v1?token=hunter2hunter2', 'more than an origin'],
    ['https://', 'no URL'],
  ])('%s is refused before a credential leaves', async (url, words) => {
    const { relay, shell } = stage({ env: { NOXYS_RELAY_URL: url } });
    const ran = await shell.run(COMMAND);
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining(words) });
    expect(ran.all).not.toContain('hunter2');
    expect(relay.requests).toEqual([]);
  });

  it('has to be said', async () => {
    const { shell } = stage({ env: { NOXYS_RELAY_URL: '' } });
    expect(await shell.run(COMMAND)).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('NOXYS_RELAY_URL'),
    });
  });

  it('is taken from --url before the environment', async () => {
    const { relay, shell } = stage({ env: { NOXYS_RELAY_URL: 'https://elsewhere.example.com' } });
    expect((await shell.run(`${COMMAND} --url ${ORIGIN}`)).code).toBe(EXIT.ok);
    expect(relay.requests).toHaveLength(1);
  });
});

describe('the token', () => {
  const bearer = (relay: StandIn) => relay.requests[0]?.headers.get('authorization');

  it('comes from a file, without the line break at its end', async () => {
    const { relay, shell } = stage({
      env: { NOXYS_RELAY_TOKEN: 'another-token' },
      files: { token: `${TOKEN}\n` },
    });
    expect((await shell.run(`${COMMAND} --token-file token`)).code).toBe(EXIT.ok);
    expect(bearer(relay)).toBe(`Bearer ${TOKEN}`);
  });

  it('comes from .dev.vars on loopback only', async () => {
    const env = { NOXYS_RELAY_TOKEN: '' };
    const files = { '.dev.vars': `RELAY_ENV=local\nRELAY_ADMIN_TOKEN=${TOKEN}\n` };
    const seen: string[] = [];
    const fetch: NonNullable<FakeOptions['fetch']> = async (_url, init) => {
      seen.push(new Headers(init?.headers).get('authorization') ?? '');
      return Response.json({ tenants: [] });
    };
    const local = new FakeIo({ fetch, env: { ...env, NOXYS_RELAY_URL: 'http://127.0.0.1:8787' }, files });
    expect((await local.run(COMMAND)).code).toBe(EXIT.ok);
    expect(seen).toEqual([`Bearer ${TOKEN}`]);
    const remote = new FakeIo({ fetch, env, files });
    expect(await remote.run(COMMAND)).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('NOXYS_RELAY_TOKEN'),
    });
    expect(seen).toHaveLength(1);
  });

  it('may be in another folder: that is said on loopback alone', async () => {
    const words = 'or run it in the folder with .dev.vars';
    const env = { NOXYS_RELAY_TOKEN: '' };
    const local = new FakeIo({ env: { ...env, NOXYS_RELAY_URL: 'http://127.0.0.1:8787' } });
    expect((await local.run(COMMAND)).stderr).toContain(words);
    expect((await new FakeIo({ env }).run(COMMAND)).stderr).not.toContain(words);
  });

  it('is asked for once, where somebody can answer', async () => {
    const { relay, shell } = stage({ env: { NOXYS_RELAY_TOKEN: '' }, answers: [` ${TOKEN} `] });
    expect((await shell.run(COMMAND)).code).toBe(EXIT.ok);
    expect(shell.asked).toEqual([`Token for ${ORIGIN}`]);
    expect(bearer(relay)).toBe(`Bearer ${TOKEN}`);
  });

  it.each([['two words'], ['line\nbreak'], ['']])('%j is none', async (token) => {
    const { relay, shell } = stage({ files: { token } });
    const ran = await shell.run(`${COMMAND} --token-file token`);
    expect(ran.code).toBe(EXIT.invalid);
    expect(relay.requests).toEqual([]);
    expect(token === '' || !ran.all.includes(token)).toBe(true);
  });

  it('may be that of Cloudflare Access alone', async () => {
    const env = {
      NOXYS_RELAY_TOKEN: '',
      CF_ACCESS_CLIENT_ID: 'id.access',
      CF_ACCESS_CLIENT_SECRET: 'access-secret-value',
    };
    const { relay, shell } = stage({ env });
    relay.intercept = () => Response.json({ tenants: [] });
    expect((await shell.run(COMMAND)).code).toBe(EXIT.ok);
    expect(relay.requests[0]?.headers.get('cf-access-client-secret')).toBe('access-secret-value');
    expect(bearer(relay)).toBeNull();
  });

  it('never follows a redirect', async () => {
    const { relay, shell } = stage();
    relay.intercept = () =>
      new Response(null, { status: 302, headers: { location: 'https://evil.example.net/?x=1' } });
    const ran = await shell.run(COMMAND);
    expect(ran).toMatchObject({
      code: EXIT.unreachable,
      stderr: expect.stringContaining('redirects to https://evil.example.net.'),
    });
    expect(relay.requests).toHaveLength(1);
  });

  it.each([
    [401, EXIT.unreachable, 'expired or revoked'],
    [403, EXIT.unreachable, 'role'],
    [500, EXIT.failed, 'request req-1'],
  ])('%i ends with exit code %i and what to do', async (status, code, words) => {
    const { relay, shell } = stage();
    relay.intercept = () =>
      new Response(JSON.stringify({ title: 'x', detail: 'It is so.', requestId: 'req-1' }), { status });
    expect(await shell.run(COMMAND)).toMatchObject({ code, stderr: expect.stringContaining(words) });
  });
});

describe('a relay that does not answer', () => {
  it.each(SOCKET_CODES)('%s is exit code 3 with words, without a stack trace', async (code) => {
    const ran = await new FakeIo({ fetch: failingWith(code) }).run(`${COMMAND} --json`);
    expect(ran.code).toBe(EXIT.unreachable);
    expect(ran.json()).toMatchObject({ error: { kind: 'not_reachable' } });
    expect(ran.stderr).toContain(`${ORIGIN} does not answer`);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  it('is asked again when the connection broke, and not for ever', async () => {
    let requests = 0;
    const fetch: NonNullable<FakeOptions['fetch']> = async () => {
      requests++;
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error(), { code: 'ECONNRESET' }),
      });
    };
    expect((await new FakeIo({ fetch }).run(COMMAND)).code).toBe(EXIT.unreachable);
    expect(requests).toBe(3);
  });

  it.each(['<html>login</html>', '[1]', '"text"', '{"lanes":[]}'])(
    'may be something else: %s',
    async (body) => {
      const { relay, shell } = stage();
      relay.intercept = () => new Response(body, { status: 200 });
      const ran = await shell.run(COMMAND);
      expect(ran).toMatchObject({
        code: EXIT.unreachable,
        stderr: expect.stringContaining('of this version'),
      });
    },
  );

  it('may be something that does not end', async () => {
    let pulls = 0;
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    const fetch: NonNullable<FakeOptions['fetch']> = async () =>
      new Response(new ReadableStream({ pull: (controller) => (pulls++, controller.enqueue(chunk)) }));
    const ran = await new FakeIo({ fetch }).run(COMMAND);
    expect(ran).toMatchObject({ code: EXIT.unreachable, stderr: expect.stringContaining('32 MiB') });
    expect(pulls).toBeLessThan(40);
  });

  it.each(['0', '0.0001', '1'])('that asks to wait %s s is asked again after a second', async (seconds) => {
    const { relay, shell } = stage();
    relay.intercept = () =>
      relay.requests.length > 3
        ? undefined
        : new Response('{}', { status: 429, headers: { 'retry-after': seconds } });
    expect((await shell.run(COMMAND)).code).toBe(EXIT.ok);
    expect(shell.sleptMs).toBe(3_000);
  });

  it.each([
    [COMMAND, { tenants: [], nextCursor: 'a' }],
    ['audit --limit 1000', { entries: [], nextBefore: 7 }],
    ['events explain acme evt_1', { events: [], isComplete: false, nextBefore: 7 }],
  ])('that names the same page again is left: %s', async (line, page) => {
    const { relay, shell } = stage();
    relay.intercept = () => Response.json(page);
    const ran = await shell.run(line);
    expect(ran).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('have no end') });
    expect(relay.requests).toHaveLength(2);
  });

  it('that stays busy is given up after five minutes', async () => {
    const { relay, shell } = stage();
    relay.intercept = () => new Response('{}', { status: 503, headers: { 'retry-after': '60' } });
    expect((await shell.run(COMMAND)).code).toBe(EXIT.unreachable);
    expect(shell.sleptMs).toBe(300_000);
  });
});

describe('requests', () => {
  it('carry the reason, percent-encoded', async () => {
    const { relay, shell } = stage();
    await shell.run(['tenants', 'list', '--reason', 'Jäger & Söhne #12']);
    expect(relay.requests[0]?.headers.get('relay-reason')).toBe(encodeURIComponent('Jäger & Söhne #12'));
    expect((await shell.run(['tenants', 'list', '--reason', 'a\nb'])).code).toBe(EXIT.invalid);
  });

  it('name tenants, destinations and events in one segment of the path each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 40 }), async (id) => {
        fc.pre(!id.startsWith('-'));
        const { relay, shell } = stage();
        await shell.run(['events', 'explain', 'acme', id]);
        for (const { path } of relay.requests) {
          expect(new URL(path, ORIGIN).pathname.startsWith(`${PATH}/acme/events/`)).toBe(true);
          expect(path.split('/')).toHaveLength(7);
        }
      }),
      { numRuns: 60 },
    );
  });
});
