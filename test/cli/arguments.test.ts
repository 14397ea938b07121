import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, TOKEN } from './fake-io.ts';
import { StandIn } from './stand-in.ts';

const HEX_KEY = 'b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef';

describe('a secret on the command line', () => {
  it.each([
    [
      'a Noxys secret',
      ['rotate-secret', 'acme', 'webhook.secrets', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ],
    ['a token behind an option that does not exist', ['tenants', '--token', 'some-token-1234']],
    ['a token in an option', ['tenants', '--token=some-token-1234']],
    ['a value of an option', ['tenants', '--reason=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']],
    ['a JWT', ['token', 'revoke', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.c2lnbmF0dXJl']],
    ['a bearer', ['tenants', 'show', 'Bearer abcdefgh']],
    ['32 bytes in hex', ['token', 'revoke', HEX_KEY]],
    ['16 bytes in hex', ['tenants', '--token-file', HEX_KEY.slice(0, 32)]],
    ['32 bytes in base64url', ['token', 'revoke', 'q0dXbP3mYk9Zt1R8sVwLxN5cJ2uHfG7aE4iK6oQyT0A']],
    ['the very token of the environment', ['tenants', 'show', TOKEN]],
  ])('is refused and not repeated: %s', async (_what, args) => {
    const relay = new StandIn();
    const ran = await new FakeIo({ fetch: relay.fetch }).run(args);
    expect(ran).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('never taken from the command line'),
    });
    const secret = args.at(-1)?.replace(/^--\w+=/, '') ?? '';
    expect(ran.all).not.toContain(secret);
    expect(relay.requests).toEqual([]);
  });

  it.each([
    [['lanes', 'a-tenant-with-a-name-of-forty-three-letters']],
    [
      [
        'events',
        'explain',
        'acme',
        'sha256:b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef',
      ],
    ],
    [['events', 'explain', 'acme', HEX_KEY]],
    [['lift-containment', 'acme', 'falcon', '--device', '0123456789abcdef0123456789abcdef']],
    [['lift-containment', 'acme', 'falcon', '--device=0123456789abcdef0123456789abcdef']],
    [['events', 'explain', 'acme', 'msg_p5jXN8AQM9LWM0D4loKWxJek']],
  ])('is not seen where there is none: %j', async (args) => {
    const relay = new StandIn();
    const ran = await new FakeIo({ fetch: relay.fetch }).run(args);
    expect(ran.stderr).not.toContain('looks like a secret');
    expect(relay.requests).toHaveLength(1);
  });

  it('is not repeated by the parser’s own errors either', async () => {
    const shell = new FakeIo();
    for (const args of [
      ['lanes', 'acme', '--unknown=correct-horse-battery'],
      ['signature', 'try', '--headers', 'a', '--body', 'b', '--scheme=correct-horse-battery'],
      ['resume', 'acme', 'edr', '--from', 'correct-horse-battery-staple'],
      ['lanes', 'Correct-Horse-Battery-Staple-1'],
      ['lanes', 'acme', 'correct-horse-battery'],
      ['events', 'tail', 'acme', '--interval', 'correct-horse'],
      ['events', 'tail', 'acme', "--interval=correct-horse'battery"],
      ['token', 'create', 'ci', '--role', 'correct-horse'],
      ['lanes', 'acme', '-xcorrect-horse'],
      ['lanes', 'acme', '--correct-horse-battery-staple'],
    ]) {
      const ran = await shell.run([...args, '--json']);
      expect(ran.code).toBe(EXIT.invalid);
      expect(ran.all.toLowerCase()).not.toContain('correct-horse');
      expect(ran.json()).toMatchObject({ error: { kind: 'usage' } });
    }
  });
});

describe('a secret where the name of a file belongs', () => {
  it.each([
    ['tenants --token-file hunter2hunter2', '--token-file'],
    ['tenants --token-file Xk7/9fQ2mZ81pLw0RtYv', '--token-file'],
    [`tenants --token-file ${'correct-horse.'.repeat(6)}`, '--token-file'],
    ['signature try --headers h --body b --secret-file hunter2hunter2', '--secret-file'],
    ['rotate-secret acme webhook.secrets --secret-file hunter2hunter2', '--secret-file'],
  ])('is not repeated: %s', async (line, option) => {
    const secret = line.slice(line.lastIndexOf(' ') + 1);
    const files = { h: 'webhook-id: 1', b: '{}' };
    const ran = await new FakeIo({ fetch: new StandIn().fetch, files }).run(line);
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining(option) });
    expect(ran.all).not.toContain(secret);
  });

  it('does not keep a path from being named', async () => {
    const ran = await new FakeIo().run('tenants --token-file secrets/relay.token');
    expect(ran.stderr).toBe("Can't read secrets/relay.token: there is no such file.\n");
  });
});

describe('usage', () => {
  it.each([
    ['lanez', 'Did you mean lanes?'],
    ['tenants lst', 'Did you mean list?'],
    ['plan -f tenants', 'Did you mean apply --dry-run?'],
    ['events search acme --user-email', 'give it on stdin'],
    ['lanes acme --wach', 'Did you mean --watch?'],
    ['lanes', "missing required argument 'tenant'"],
    ['lanes Acme', 'lower-case letters'],
    ['apply', "required option '-f, --file <path...>'"],
    ['events tail acme --interval 0', 'whole number from 1 to 3600'],
    ['events search acme --since yesterday', 'such as 2026-11-22T05:00:00Z'],
    ['token create ci --role root', 'metrics, viewer, operator, admin'],
    ['reseal', 'either tenants or --all'],
    ['dead-letters acme redrive', 'either ids'],
  ])('%s is exit code 2 with what is allowed', async (line, words) => {
    const ran = await new FakeIo().run(line);
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining(words) });
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  it.each(['--help', 'apply --help', 'help events', '--version'])(
    '%s goes to stdout with exit code 0',
    async (line) => {
      const ran = await new FakeIo().run(line);
      expect(ran).toMatchObject({ code: EXIT.ok, stderr: '' });
      expect(ran.stdout.length).toBeGreaterThan(4);
    },
  );
});
