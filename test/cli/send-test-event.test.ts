import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { webhookSchema } from '../../src/domain/tenant-config.ts';
import { FakeIo, type FakeOptions, NOW_MS } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { IDLE_LANE, SECRETS, tenantYaml } from './tenant-documents.ts';

const AUTH_TOKEN = 'second-factor-0123456789';

/** A relay with acme, saved an hour ago; its clock is the shell's. */
async function stage(options: FakeOptions = {}, more = '') {
  const relay = new StandIn();
  const files = { 'tenants/acme.yaml': tenantYaml('acme', more) };
  const setup = new FakeIo({ fetch: relay.fetch, env: SECRETS, files });
  await setup.run('apply -f tenants --yes');
  const stored = relay.state.tenants.get('acme');
  if (!stored) throw new Error('Cannot go on as acme must be stored: it is not');
  stored.savedAt = new Date(NOW_MS - 3_600_000).toISOString();
  const shell = new FakeIo({
    fetch: relay.fetch,
    env: SECRETS,
    files,
    onSleep: (ms) => void (relay.state.nowMs += ms),
    ...options,
  });
  relay.requests.length = 0;
  return { relay, shell, stored };
}

describe('send-test-event', () => {
  it('refuses a secret_encoding that it does not know', async () => {
    const { relay } = await stage();
    const fetch: typeof relay.fetch = async (input, init) => {
      const answer = await relay.fetch(input, init);
      const text = await answer.text();
      return new Response(text.replace('"webhook":{', '"webhook":{"secret_encoding":"rot13",'), answer);
    };
    const { shell } = await stage({ fetch });
    const ran = await shell.run('send-test-event acme --json');
    expect(ran.code).toBe(EXIT.unreachable);
    expect(ran.json()).toMatchObject({ error: { kind: 'not_a_relay' } });
  });

  it('signs with the secret of the tenant’s file, and follows the event until it is delivered', async () => {
    const { relay, shell } = await stage();
    const outcomes = ['parked', 'waiting', 'delivered'] as const;
    let look = 0;
    relay.state.explain = () => [
      { lane: 'edr/events', outcome: outcomes[look++] ?? 'settled', why: 'So it is.' },
    ];
    const ran = await shell.run('send-test-event acme --json');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.json()).toMatchObject({
      accepted: 1,
      isSettled: true,
      durationMs: 2000,
      lanes: [{ outcome: 'delivered' }],
    });
    expect(relay.state.events[0]).toMatchObject({
      type: 'interaction.high_risk',
      policy: { name: 'noxys-relay test event' },
    });
    expect(relay.state.events[0]?.user).toBeUndefined();
    const [hook] = relay.sent('POST', /hooks/);
    expect(hook?.headers.get('authorization')).toBeNull();
    expect(ran.all).not.toContain(SECRETS.WEBHOOK_SECRET);
  });

  it('sends the event of a file as it stands there, and follows it', async () => {
    const { relay } = await stage();
    const event = {
      id: 'msg_1',
      type: 'interaction.policy_violated',
      data: { platform_id: 'deepseek', user_id: 'user-42' },
    };
    const files = { 'tenants/acme.yaml': tenantYaml('acme'), 'event.json': JSON.stringify(event) };
    const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS, files });
    const ran = await shell.run('send-test-event acme --event event.json --json');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.json()).toMatchObject({ id: 'msg_1', type: event.type, accepted: 1 });
    expect(relay.state.events[0]).toMatchObject({ id: 'msg_1', platform: { id: 'deepseek' } });
    expect(relay.sent('POST', /hooks/).map(({ body }) => JSON.parse(body))).toEqual([event]);
  });

  it.each([
    ['--event none.json', 'none.json'],
    ['--event nameless.json', 'must have an id and a type'],
    ['--event dots.json', "can't be followed"],
    ['--event spaced.json', "can't be followed"],
    ['--event long.json', "can't be followed"],
    ['--event nameless.json --type interaction.high_risk', '--type'],
    ['--event - --secret-file -', 'Only one'],
  ])('sends nothing for %s', async (options, words) => {
    const { relay } = await stage();
    const files = {
      'tenants/acme.yaml': tenantYaml('acme'),
      'nameless.json': '{"type":"x"}',
      'dots.json': '{"id":"..","type":"x"}',
      'spaced.json': '{"id":" a ","type":"x"}',
      'long.json': JSON.stringify({ id: 'a'.repeat(257), type: 'x' }),
    };
    const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS, files });
    const ran = await shell.run(`send-test-event acme ${options}`);
    expect(ran.code).toBe(EXIT.invalid);
    expect(ran.stderr).toContain(words);
    expect(relay.sent('POST', /hooks/)).toEqual([]);
  });

  it.each([
    ['standard-webhooks', 'text'],
    ['timestamped-hmac', 'whole'],
    ['timestamped-hmac', 'base64'],
    ['hmac', 'text'],
  ] as const)('signs as the relay verifies: %s with %s', async (scheme, secret_encoding) => {
    const { shell, stored } = await stage();
    for (const headers of [{}, { id: 'x-id', timestamp: 'x-time', signature: 'x-sig' }]) {
      stored.config = {
        ...stored.config,
        webhook: webhookSchema.parse({ ...stored.config.webhook, scheme, secret_encoding, headers }),
      };
      expect((await shell.run('send-test-event acme')).code).toBe(EXIT.ok);
    }
  });

  it('takes the secret from a file, the environment or a prompt, and sends the second factor', async () => {
    const env = { NOXYS_WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET, NOXYS_WEBHOOK_AUTH_TOKEN: AUTH_TOKEN };
    const { relay, shell, stored } = await stage({ env, files: {} });
    stored.config.webhook.auth_token = AUTH_TOKEN;
    expect((await shell.run('send-test-event acme')).code).toBe(EXIT.ok);
    const asking = new FakeIo({
      fetch: relay.fetch,
      answers: [SECRETS.WEBHOOK_SECRET, AUTH_TOKEN],
    });
    expect((await asking.run('send-test-event acme')).code).toBe(EXIT.ok);
    expect(asking.asked).toEqual(['The webhook secret of acme', "The webhook's auth_token of acme"]);
    expect(relay.sent('POST', /hooks/).map(({ headers }) => headers.get('authorization'))).toEqual([
      `Bearer ${AUTH_TOKEN}`,
      `Bearer ${AUTH_TOKEN}`,
    ]);
  });

  it('waits for the edge while a tenant is new, signing anew each time', async () => {
    const { relay, shell, stored } = await stage();
    stored.savedAt = new Date(NOW_MS - 1000).toISOString();
    let refusals = 4;
    relay.intercept = ({ path }) =>
      path.startsWith('/hooks') && refusals-- > 0 ? new Response('{}', { status: 401 }) : undefined;
    const ran = await shell.run('send-test-event acme');
    expect(ran).toMatchObject({
      code: EXIT.ok,
      stderr: expect.stringContaining('may not be at the edge yet, or the secret or scheme is another one'),
    });
    const ids = relay.sent('POST', /hooks/).map(({ headers }) => headers.get('webhook-id'));
    expect(new Set(ids).size).toBe(5);
  });

  it('does not wait when an old tenant refuses, and says where to look', async () => {
    const { shell } = await stage({
      env: { ...SECRETS, NOXYS_WEBHOOK_SECRET: 'whsec_YW5vdGhlciBzZWNyZXQsIG5vdCBhY21l' },
    });
    const ran = await shell.run('send-test-event acme');
    expect(ran).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('was answered 401') });
    expect(shell.sleptMs).toBe(0);
  });

  it('fails on a type that is not forwarded, and names the setting', async () => {
    const { shell } = await stage();
    const ran = await shell.run('send-test-event acme --type interaction.created');
    expect(ran).toMatchObject({
      code: EXIT.failed,
      stdout: expect.stringContaining('forward.events of the tenant does not name'),
    });
  });

  it.each(['dead_letter', 'expired', 'discarded'] as const)(
    'fails when a lane ends with %s',
    async (outcome) => {
      const { relay, shell } = await stage();
      relay.state.explain = () => [{ lane: 'edr/events', outcome, why: 'No.' }];
      expect((await shell.run('send-test-event acme')).code).toBe(EXIT.failed);
    },
  );

  it.each([
    ['soc/messages', 'actions', 'set messages.events_at_or_above of soc'],
    ['edr/events', 'events', 'No lane wanted it: see actions, events and where'],
  ])('says what to set where %s did not want it by its %s', async (lane, filter, hint) => {
    const { relay, shell } = await stage();
    relay.state.explain = () => [{ lane, outcome: 'not_wanted', why: 'So it is.', filter }];
    const ran = await shell.run('send-test-event acme');
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining(hint) });
    relay.state.explain = () => [{ lane, outcome: 'delivered', why: 'So it is.' }];
    expect((await shell.run('send-test-event acme')).stdout).not.toContain(hint);
  });

  it('gives up at the deadline, and says how to look again', async () => {
    const { relay, shell } = await stage();
    relay.state.explain = () => [{ lane: 'edr/events', outcome: 'waiting', why: 'The destination is away.' }];
    const ran = await shell.run('send-test-event acme --wait 10');
    expect(ran).toMatchObject({
      code: EXIT.failed,
      stdout: expect.stringContaining('events explain acme test_'),
    });
    expect(shell.sleptMs).toBe(10_000);
  });

  it.each(['blocked', 'disabled'] as const)('does not wait for a lane that is %s', async (state) => {
    const { relay, shell } = await stage();
    relay.state.lanes.push({ ...IDLE_LANE, state });
    relay.state.explain = () => [{ lane: 'edr/events', outcome: 'waiting', why: 'The lane stands still.' }];
    expect((await shell.run('send-test-event acme')).code).toBe(EXIT.failed);
    expect(shell.sleptMs).toBe(0);
  });

  it('waits for an event that went through the overflow queue', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) =>
      path.startsWith('/hooks') ? new Response('{"accepted":1}', { status: 202 }) : undefined;
    const ran = await shell.run('send-test-event acme --wait 3');
    expect(ran).toMatchObject({ code: EXIT.failed, stdout: expect.stringContaining('overflow queue') });
  });

  it('says that an event of a person who was erased is dropped, where the log does not get it', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) =>
      path.startsWith('/hooks') ? new Response('{"accepted":0,"duplicates":1}', { status: 202 }) : undefined;
    const ran = await shell.run('send-test-event acme --wait 3');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toContain(
      'did not store the event: its person was erased, and the event is of before',
    );
    expect(ran.stdout).not.toContain('overflow');
  });
});
