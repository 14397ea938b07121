/** Rotating a secret: the local files are looked at first, and a failure there afterwards hides nothing. */

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { sampleSlack } from '../tenants/sample.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const NEXT = 'another-edr-token-0123456789';
const ROTATE = 'rotate-secret acme destinations.edr.token';

const ENV = { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET, NOXYS_NEW_SECRET: NEXT };

/** A tenant that takes its token from `.env`, applied. */
async function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  const shell = new FakeIo({ fetch: relay.fetch, env: ENV, ...options });
  shell.write('tenants/acme.yaml', tenantYaml('acme'));
  shell.write('tenants/.env', `EDR_TOKEN=${SECRETS.EDR_TOKEN}\n`);
  await shell.run('apply -f tenants --yes');
  relay.requests.length = 0;
  return { relay, shell };
}

const envOf = (shell: FakeIo) => readFileSync(join(shell.cwd, 'tenants/.env'), 'utf8');

describe('rotate-secret', () => {
  it('sets a client secret on the relay and in .env', async () => {
    const { relay, shell } = await stage();
    const falcon =
      '  - { name: falcon, type: falcon, region: us-1, client_id: id, client_secret: "${FALCON_SECRET}" }\n';
    shell.write('tenants/acme.yaml', tenantYaml('acme', falcon));
    shell.write(
      'tenants/.env',
      `EDR_TOKEN=${SECRETS.EDR_TOKEN}\nFALCON_SECRET=old-client-secret-0123456789\n`,
    );
    await shell.run('apply -f tenants --yes');
    const ran = await shell.run('rotate-secret acme destinations.falcon.client_secret');
    expect(ran.code).toBe(EXIT.ok);
    expect(relay.state.tenants.get('acme')?.config.destinations[1]).toMatchObject({ client_secret: NEXT });
    expect(envOf(shell)).toContain(`FALCON_SECRET=${NEXT}\n`);
    expect(ran.stdout).toMatch(/^Check it: npx noxys-relay test acme falcon$/m);
    expect(ran.all).not.toMatch(new RegExp(`${NEXT}|old-client-secret`));
  });

  it('sets the address of a chat, which is its secret', async () => {
    const next = sampleSlack().url;
    const { relay, shell } = await stage({ env: { ...ENV, NOXYS_NEW_SECRET: next } });
    shell.write(
      'tenants/acme.yaml',
      tenantYaml('acme', '  - { name: soc, type: slack, url: "${SOC_URL}" }\n'),
    );
    const old = next.replace('slack0', 'older0');
    shell.write('tenants/.env', `EDR_TOKEN=${SECRETS.EDR_TOKEN}\nSOC_URL=${old}\n`);
    await shell.run('apply -f tenants --yes');
    const ran = await shell.run('rotate-secret acme destinations.soc.url');
    expect(ran.code).toBe(EXIT.ok);
    expect(relay.state.tenants.get('acme')?.config.destinations[1]).toMatchObject({ url: next });
    expect(envOf(shell)).toContain(`SOC_URL=${next}\n`);
    expect(ran.all).not.toContain(next);
  });

  describe('of a webhook destination', () => {
    const HOOK =
      '  - { name: hook, type: webhook, url: "${HOOK_URL}", secrets: ["${HOOK_SECRET}"], headers: { X-Key: "${HOOK_KEY}" } }\n';
    const OLD = [
      'https://hook.example.com/old',
      'whsec_b2xkLXNlY3JldC1vZi10aGUtdGVzdHM=',
      'old-key-0123456789',
    ];

    async function staged(next: string) {
      const { relay, shell } = await stage({ env: { ...ENV, NOXYS_NEW_SECRET: next } });
      shell.write('tenants/acme.yaml', tenantYaml('acme', HOOK));
      const lines = ['HOOK_URL', 'HOOK_SECRET', 'HOOK_KEY'].map((name, index) => `${name}=${OLD[index]}\n`);
      shell.write('tenants/.env', [`EDR_TOKEN=${SECRETS.EDR_TOKEN}\n`, ...lines].join(''));
      expect((await shell.run('apply -f tenants --yes')).code).toBe(EXIT.ok);
      return { relay, shell };
    }

    it.each([
      [
        'headers.X-Key',
        'HOOK_KEY',
        'another-key-0123456789',
        { headers: { 'X-Key': 'another-key-0123456789' } },
      ],
    ])('sets %s on the relay and in .env', async (path, name, next, expected) => {
      const { relay, shell } = await staged(next);
      const ran = await shell.run(`rotate-secret acme destinations.hook.${path}`);
      expect(ran.code).toBe(EXIT.ok);
      expect(relay.state.tenants.get('acme')?.config.destinations[1]).toMatchObject(expected);
      expect(envOf(shell)).toContain(`${name}=${next}\n`);
      expect(ran.all).not.toContain(next);
    });

    it('changes no address that stored headers would go to', async () => {
      const { relay, shell } = await staged('https://hook.example.com/new');
      const ran = await shell.run('rotate-secret acme destinations.hook.url');
      expect(ran).toMatchObject({
        code: EXIT.invalid,
        stderr: expect.stringContaining('is where the stored headers are sent'),
      });
      expect(relay.state.tenants.get('acme')?.config.destinations[1]).toMatchObject({ url: OLD[0] });
      expect(envOf(shell)).toContain(`HOOK_URL=${OLD[0]}\n`);
    });

    it('puts a signing secret first, and drops the older one with --finish', async () => {
      const next = 'whsec_bmV3LXNlY3JldC1vZi10aGUtdGVzdHM=';
      const { relay, shell } = await staged(next);
      const secretsNow = () => {
        const hook = relay.state.tenants.get('acme')?.config.destinations[1];
        return hook?.type === 'webhook' ? hook.secrets : undefined;
      };
      const ran = await shell.run('rotate-secret acme destinations.hook.secrets');
      expect(ran.code).toBe(EXIT.ok);
      expect(ran.stdout).toContain('rotate-secret acme destinations.hook.secrets --finish');
      expect(secretsNow()).toEqual([next, OLD[1]]);
      const finished = await shell.run('rotate-secret acme destinations.hook.secrets --finish');
      expect(finished).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('Dropped: 1.') });
      expect(secretsNow()).toHaveLength(1);
    });

    it('finishes no list that is not there, nor what is no list', async () => {
      const { shell } = await staged('another-key-0123456789');
      expect(await shell.run('rotate-secret acme destinations.edr.secrets --finish')).toMatchObject({
        code: EXIT.invalid,
        stderr: expect.stringContaining('acme has no destinations.edr.secrets'),
      });
      expect(await shell.run('rotate-secret acme destinations.hook.url --finish')).toMatchObject({
        code: EXIT.invalid,
        stderr: expect.stringContaining('have one value'),
      });
    });
  });

  it.each(['destinations.falcon.client_id', 'destinations.falcon.hec.client_secret', 'client_secret'])(
    'knows no secret at %s',
    async (path) => {
      const { relay, shell } = await stage();
      expect((await shell.run(`rotate-secret acme ${path}`)).code).toBe(EXIT.invalid);
      expect(relay.requests).toEqual([]);
    },
  );

  it('refuses a value that .env has no way to write before the relay has it', async () => {
    const { relay, shell } = await stage({
      env: {
        WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET,
        NOXYS_NEW_SECRET: 'all "kinds" of \'quotes\' and `ticks`',
      },
    });
    expect((await shell.run(ROTATE)).code).toBe(EXIT.invalid);
    expect(relay.sent('POST')).toEqual([]);
  });

  it('refuses a .env that is no file before the relay has the value', async () => {
    const { relay, shell } = await stage();
    rmSync(join(shell.cwd, 'tenants/.env'));
    mkdirSync(join(shell.cwd, 'tenants/.env'));
    expect(await shell.run(`${ROTATE} --json`)).toMatchObject({ code: EXIT.invalid });
    expect(relay.sent('POST')).toEqual([]);
  });

  it('ends with 1 and a warning in its result when the file is lost meanwhile', async () => {
    const inner = new StandIn();
    const { shell } = await stage();
    const lost = new FakeIo({
      env: { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET, NOXYS_NEW_SECRET: NEXT },
      fetch: async (input, init) => {
        if (new Request(input, init).url.endsWith('/secrets')) {
          rmSync(join(lost.cwd, 'tenants/.env'), { recursive: true });
          mkdirSync(join(lost.cwd, 'tenants/.env/x'), { recursive: true });
        }
        return inner.fetch(input, init);
      },
    });
    lost.write('tenants/acme.yaml', tenantYaml('acme'));
    lost.write('tenants/.env', envOf(shell));
    await lost.run('apply -f tenants --yes');
    const ran = await lost.run(`${ROTATE} --json`);
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.json()).toMatchObject({
      version: 2,
      warnings: [expect.stringContaining('still has the old value')],
    });
  });

  it('replaces every line of the name: the last one wins', async () => {
    const { shell } = await stage();
    shell.write('tenants/.env', `EDR_TOKEN=one\nOTHER=1\nexport EDR_TOKEN=two\n`);
    expect((await shell.run(ROTATE)).stdout).toContain('has the new value.');
    expect(envOf(shell)).toBe(`EDR_TOKEN=${NEXT}\nOTHER=1\nEDR_TOKEN=${NEXT}\n`);
  });

  it('leaves a text of several lines alone that only looks like the name', async () => {
    const { relay, shell } = await stage();
    const before = `EDR_TOKEN=one\nKEY="first\nEDR_TOKEN=inner\n"\n`;
    shell.write('tenants/.env', before);
    expect((await shell.run(ROTATE)).code).toBe(EXIT.invalid);
    expect(envOf(shell)).toBe(before);
    expect(relay.sent('POST')).toEqual([]);
  });

  it('warns when the environment has another value, which wins', async () => {
    const { shell } = await stage({ env: { ...SECRETS, NOXYS_NEW_SECRET: NEXT } });
    const ran = await shell.run(`${ROTATE} --json`);
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.json()).toMatchObject({ warnings: [expect.stringContaining('wins over .env')] });
  });

  it('passes over other files that it can not read', async () => {
    const { shell } = await stage();
    mkdirSync(join(shell.cwd, 'tenants/0.yaml'));
    shell.write('tenants/1.json', '{"id":');
    expect(await shell.run(ROTATE)).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining('EDR_TOKEN in tenants/.env has the new value.'),
    });
  });

  it('asks for no secret of a destination that the tenant does not have', async () => {
    const { relay, shell } = await stage({
      env: { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET },
      answers: [NEXT],
    });
    const ran = await shell.run('rotate-secret acme destinations.erd.token');
    expect(ran).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringMatching(/acme has no destination erd\.\s+There is edr/),
    });
    expect(shell.asked).toEqual([]);
    expect(relay.sent('POST', /secrets/)).toEqual([]);
  });

  it('tells what the relay warns of', async () => {
    const { relay, shell } = await stage();
    const short = 'webhook.secrets[0] is shorter than 24 bytes: it works.';
    relay.intercept = ({ path }) =>
      path.endsWith('/secrets')
        ? Response.json({ version: 2, published: true, warnings: [short], secrets: [] })
        : undefined;
    const ran = await shell.run('rotate-secret acme webhook.secrets');
    expect(ran).toMatchObject({ code: EXIT.ok, stderr: expect.stringContaining(short) });
  });
});
