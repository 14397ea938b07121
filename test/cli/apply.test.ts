import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS, ...options });
  return { relay, shell };
}

/** Two tenants, applied. */
async function applied() {
  const files = { 'tenants/acme.yaml': tenantYaml('acme'), 'tenants/beta.yaml': tenantYaml('beta') };
  const { relay, shell } = stage({ files });
  await shell.run('apply -f tenants --yes');
  relay.requests.length = 0;
  return { relay, shell };
}

function connectionLost(): Error {
  const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  return Object.assign(new TypeError('fetch failed'), { cause });
}

const writes = (relay: StandIn) => [...relay.sent('PUT'), ...relay.sent('DELETE')];

describe('apply', () => {
  it('creates what is not there, with secrets from the environment and nothing but', async () => {
    const { relay, shell } = stage({ files: { 'tenants/acme.yaml': tenantYaml('acme') } });
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining('create acme from tenants/acme.yaml'),
    });
    expect(ran.stdout).toContain('1 tenant created, 0 changed, 0 deleted.');
    expect(relay.state.tenants.get('acme')?.config.webhook.secrets).toEqual([SECRETS.WEBHOOK_SECRET]);
    expect(relay.sent('PUT')[0]?.headers.get('if-none-match')).toBe('*');
  });

  it('lists references that lead nowhere together with all that is wrong without a relay, in one round', async () => {
    const { relay, shell } = stage({
      env: { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET },
      files: {
        'tenants/acme.yaml': tenantYaml('acme', 'retention: { events: 9999 }\n'),
        'tenants/beta.yaml': tenantYaml('Beta!', 'retentoin: {}\n'),
        'tenants/empty.yaml': '',
        'tenants/two.yaml': '# two\n---\nid: two\n---\nid: three\n',
        'tenants/x.yaml': 'id: same\nwebhook: { secrets: ["${file:nope.txt}"] }\n',
      },
    });
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran.code).toBe(EXIT.invalid);
    expect(ran.stderr).toMatch(/acme\.yaml:\d+:\d+: destinations\[0\]\.token refers to EDR_TOKEN/);
    expect(ran.stderr).toMatch(/acme\.yaml:\d+:\d+: retention\.events must/);
    expect(ran.stderr).toMatch(/beta\.yaml:\d+:\d+: retentoin /);
    expect(ran.stderr).toContain('tenants/empty.yaml:1:1: the document');
    expect(ran.stderr).toContain('tenants/two.yaml:4:1: the document');
    expect(ran.stderr).toContain('webhook.secrets[0] refers to the file nope.txt, which is not there');
    expect(relay.requests).toEqual([]);
  });

  it('says where a tenant stands that another file has, too', async () => {
    const { shell } = stage({ files: { 't/a.yaml': tenantYaml('acme'), 't/b.yaml': tenantYaml('acme') } });
    expect((await shell.run('apply -f t --yes')).stderr).toMatch(/t\/b\.yaml:\d+:\d+: id is acme/);
  });

  it('writes only what changed, at the version that was compared', async () => {
    const { relay, shell } = await applied();
    shell.write('tenants/beta.yaml', tenantYaml('beta', 'retention: { events: 7 }\n'));
    const ran = await shell.run('apply -f tenants --yes');
    expect(writes(relay).map(({ path }) => path)).toEqual(['/api/v1/tenants/beta']);
    expect(relay.sent('PUT')[0]?.headers.get('if-match')).toBe('"1"');
    expect(ran.stdout).toMatch(/retention\.events +30 +7/);
    expect(ran.stdout).toContain('update beta from tenants/beta.yaml, from version 1');
  });

  it('shows a destination that comes or goes field by field, whole, secrets as fingerprints', async () => {
    const { relay, shell } = await applied();
    const platforms = Array.from({ length: 60 }, (_, index) => `platform-${index}.example`);
    const falcon = {
      type: 'falcon',
      hec: { url: 'https://abc.ingest.eu-1.crowdstrike.com', token: '0123456789' },
      contain: {},
      indicators: platforms,
    };
    const changes = [
      { path: 'destinations.falcon', to: falcon },
      { path: 'destinations.edr', from: { type: 'harfanglab', in_flight: 4 } },
    ];
    relay.intercept = ({ path }) =>
      path.endsWith('/plan')
        ? Response.json({ change: 'update', version: 1, changes, warnings: [] })
        : undefined;
    const { stdout } = await shell.run('apply -f tenants/acme.yaml --dry-run');
    expect(stdout).toMatch(/destinations\.falcon\.type +– +falcon$/m);
    expect(stdout).toMatch(/destinations\.falcon\.hec\.token +– +0123456789$/m);
    expect(stdout).toMatch(/destinations\.falcon\.contain +– +\{\}$/m);
    expect(stdout).toMatch(/destinations\.edr\.in_flight +4 +–$/m);
    expect(stdout).toContain(JSON.stringify(platforms));
  });

  it('does nothing when nothing changed, and says so', async () => {
    const { relay, shell } = await applied();
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('Nothing to do.') });
    expect(writes(relay)).toEqual([]);
  });

  it('shows a changed secret as a fingerprint, never as itself', async () => {
    const { shell } = await applied();
    shell.write('tenants/.env', 'EDR_TOKEN=ignored-because-the-environment-has-one\n');
    shell.write('tenants/beta.yaml', tenantYaml('beta').replace('${EDR_TOKEN}', '${file:new-token}'));
    shell.write('tenants/new-token', 'another-edr-token-9876543210\n');
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran.stdout).toMatch(/destinations\[0\]\.token +"#[0-9a-f]{8}" +"#[0-9a-f]{8}"/);
    expect(ran.all).not.toContain('another-edr-token');
  });

  it('takes secrets from .env in the named folder, below the environment', async () => {
    const { relay, shell } = stage({ env: { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET } });
    shell.write('tenants/eu/acme.yaml', tenantYaml('acme'));
    shell.write(
      'tenants/.env',
      'EDR_TOKEN="from the file"\nWEBHOOK_SECRET=not-this-one\n'.replace('from the file', 'from-the-file'),
    );
    await shell.run('apply -f tenants --yes');
    const { config } = relay.state.tenants.get('acme') ?? {};
    expect(config?.destinations[0]).toMatchObject({ token: 'from-the-file' });
    expect(config?.webhook.secrets).toEqual([SECRETS.WEBHOOK_SECRET]);
  });

  it.each([
    ['a fault that the relay finds', 'typ: falcon\n', /^tenants\/broken\.yaml:11:1: typ is not a known key/m],
    ['YAML that is none', '  x: [\n', /^tenants\/broken\.yaml:\d+:\d+: the document is not YAML/m],
  ])(
    'changes nothing anywhere because of %s in one file, and shows line and column',
    async (_what, more, words) => {
      const { relay, shell } = await applied();
      shell.write('tenants/acme.yaml', tenantYaml('acme', 'retention: { events: 7 }\n'));
      shell.write('tenants/broken.yaml', tenantYaml('broken', more));
      const ran = await shell.run('apply -f tenants --yes --prune');
      expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringMatching(words) });
      expect(ran.stderr).toContain('1 fault in 1 file: nothing was changed.');
      expect(writes(relay)).toEqual([]);
    },
  );

  it('shows every fault of every file at its own place, and what is allowed', async () => {
    const { shell } = stage();
    shell.write('tenants/a.yaml', tenantYaml('a').replace('residency: global', 'residency: mars'));
    shell.write('tenants/b.yaml', tenantYaml('b').replace('type: harfanglab', 'type: harfang'));
    const ran = await shell.run('apply -f tenants --yes --json');
    expect(ran.json<{ error: { faults: unknown } }>().error.faults).toEqual([
      {
        file: 'tenants/a.yaml',
        line: 2,
        column: 1,
        path: 'residency',
        message: expect.stringContaining('eu, global'),
      },
      expect.objectContaining({ file: 'tenants/b.yaml', line: 8, column: 5, path: 'destinations[0].type' }),
    ]);
  });

  it('names file, line and path of a reference that leads nowhere, before it asks the relay', async () => {
    const { relay, shell } = stage({ env: { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET } });
    shell.write('tenants/acme.yaml', tenantYaml('acme'));
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran.code).toBe(EXIT.invalid);
    expect(ran.stderr).toContain('tenants/acme.yaml:10:5: destinations[0].token refers to EDR_TOKEN');
    expect(relay.requests).toEqual([]);
  });

  it('refuses the same id in two files', async () => {
    const { relay, shell } = stage();
    shell.write('tenants/a.yaml', tenantYaml('acme'));
    shell.write('tenants/b.yaml', tenantYaml('acme'));
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringMatching(/tenants\/b\.yaml:1:1: id is acme/),
    });
    expect(relay.requests).toEqual([]);
  });

  it('asks before it writes, and writes nothing on no', async () => {
    const { relay, shell } = stage({ answers: [false], files: { 'tenants/acme.yaml': tenantYaml('acme') } });
    expect((await shell.run('apply -f tenants')).code).toBe(EXIT.failed);
    expect(shell.asked).toEqual(['Write 1 tenant?']);
    expect(writes(relay)).toEqual([]);
  });

  it('needs --yes where nobody can be asked', async () => {
    const { relay, shell } = stage({ files: { 'tenants/acme.yaml': tenantYaml('acme') } });
    const ran = await shell.run('apply -f tenants');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('--yes') });
    expect(writes(relay)).toEqual([]);
  });

  it('--dry-run shows the plan and writes nothing', async () => {
    const { relay, shell } = stage({ files: { 'tenants/acme.yaml': tenantYaml('acme') } });
    const ran = await shell.run('apply -f tenants --dry-run --json');
    expect(ran.json()).toMatchObject({
      dryRun: true,
      changes: [{ id: 'acme', change: 'create' }],
      written: [],
    });
    expect(writes(relay)).toEqual([]);
  });

  it('warns of secrets that stand in clear in a file, without showing them', async () => {
    const { shell } = stage();
    shell.write('tenants/acme.yaml', tenantYaml('acme').replace('${EDR_TOKEN}', SECRETS.EDR_TOKEN));
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran.stderr).toContain('tenants/acme.yaml destinations[0].token');
    expect(ran.all).not.toContain(SECRETS.EDR_TOKEN);
  });

  it('warns of a secret with quotes around it, wherever it came from', async () => {
    const { shell } = stage({ env: { ...SECRETS, EDR_TOKEN: `"${SECRETS.EDR_TOKEN}" ` } });
    shell.write('tenants/acme.yaml', tenantYaml('acme'));
    const ran = await shell.run('apply -f tenants --dry-run');
    expect(ran.stderr).toContain(
      '1 secret has quotes around it that would be sent with it: tenants/acme.yaml destinations[0].token.',
    );
    expect(ran.all).not.toContain(SECRETS.EDR_TOKEN);
  });

  it('passes on where the lanes of added destinations begin', async () => {
    const { relay, shell } = stage({ files: { 'a.yaml': tenantYaml('acme') } });
    await shell.run('apply -f a.yaml --yes --added-from backlog');
    expect(relay.sent('PUT')[0]?.path).toBe('/api/v1/tenants/acme?added_from=backlog');
  });
});

describe('apply --prune', () => {
  it('deletes the tenants that are in no file, by name and at their version', async () => {
    const { relay, shell } = await applied();
    shell.write('tenants/beta.yaml', tenantYaml('gamma'));
    const ran = await shell.run('apply -f tenants --prune --yes');
    expect(ran.stdout).toContain('delete beta, which is in no file');
    expect([...relay.state.tenants.keys()].toSorted()).toEqual(['acme', 'gamma']);
    expect(relay.sent('DELETE')[0]?.headers.get('if-match')).toBe('"1"');
  });

  it.each([
    ['delete beta', ['acme'], EXIT.ok],
    ['yes', ['acme', 'beta'], EXIT.failed],
  ])('asks for typed words: %s leaves %j', async (typed, left, code) => {
    const relay = new StandIn();
    const files = { 'tenants/acme.yaml': tenantYaml('acme'), 'other/beta.yaml': tenantYaml('beta') };
    const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS, files, answers: [typed] });
    await shell.run('apply -f tenants -f other --yes');
    expect((await shell.run('apply -f tenants --prune')).code).toBe(code);
    expect([...relay.state.tenants.keys()]).toEqual(left);
    expect(shell.asked[0]).toContain('"delete beta"');
  });

  it('reads the version of a tenant that the list does not tell', async () => {
    const { relay, shell } = await applied();
    shell.write('tenants/beta.yaml', tenantYaml('gamma'));
    relay.intercept = ({ method, path }) =>
      method === 'GET' && path.startsWith('/api/v1/tenants?')
        ? Response.json({ tenants: [{ id: 'beta', residency: 'global' }] })
        : undefined;
    expect((await shell.run('apply -f tenants --prune --yes')).code).toBe(EXIT.ok);
    expect(relay.sent('DELETE')[0]?.headers.get('if-match')).toBe('"1"');
  });

  it('leaves a tenant with undelivered events, and says how to delete it all the same', async () => {
    const { relay, shell } = await applied();
    relay.state.undelivered.set('beta', 12);
    shell.write('tenants/beta.yaml', tenantYaml('gamma'));
    const ran = await shell.run('apply -f tenants --prune --yes');
    expect(ran).toMatchObject({
      code: EXIT.failed,
      stdout: expect.stringContaining("Can't delete beta: Not delivered yet: up to 12"),
    });
    expect(relay.state.tenants.has('beta')).toBe(true);
    expect((await shell.run('apply -f tenants --prune --yes --discard-undelivered')).code).toBe(EXIT.ok);
    expect(relay.state.tenants.has('beta')).toBe(false);
  });

  it('--dry-run names those that would be deleted', async () => {
    const { relay, shell } = await applied();
    shell.write('tenants/beta.yaml', tenantYaml('gamma'));
    expect((await shell.run('apply -f tenants --prune --dry-run --json')).json()).toMatchObject({
      deletes: ['beta'],
    });
    expect(writes(relay)).toEqual([]);
  });

  it('needs a folder: a single file is not all that there is', async () => {
    const { relay, shell } = await applied();
    const ran = await shell.run('apply -f tenants/acme.yaml --prune --yes');
    expect(ran).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('--prune needs a folder'),
    });
    expect(writes(relay)).toEqual([]);
  });
});

describe('apply, when the relay is busy or others write', () => {
  it('waits as long as 429 and 503 ask', async () => {
    const { relay, shell } = await applied();
    shell.write('tenants/beta.yaml', tenantYaml('beta', 'retention: { events: 7 }\n'));
    let left = 2;
    relay.intercept = ({ path }) =>
      path.endsWith('/beta') && left-- > 0
        ? new Response('{}', { status: left === 1 ? 429 : 503, headers: { 'retry-after': '7' } })
        : undefined;
    expect((await shell.run('apply -f tenants --yes')).code).toBe(EXIT.ok);
    expect(shell.sleptMs).toBe(14_000);
  });

  it('reports a tenant that somebody changed meanwhile, and overwrites nothing', async () => {
    const { relay, shell } = await applied();
    shell.write('tenants/acme.yaml', tenantYaml('acme', 'retention: { events: 6 }\n'));
    shell.write('tenants/beta.yaml', tenantYaml('beta', 'retention: { events: 7 }\n'));
    relay.intercept = ({ method, path }) => {
      const beta = relay.state.tenants.get('beta');
      if (method === 'PUT' && path.endsWith('/beta') && beta) beta.version = 2;
      return undefined;
    };
    const ran = await shell.run('apply -f tenants --yes --json');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.json<{ written: unknown }>().written).toEqual([
      expect.objectContaining({ id: 'acme', outcome: 'done', version: 2 }),
      expect.objectContaining({
        id: 'beta',
        outcome: 'failed',
        error: expect.objectContaining({ kind: 'precondition_failed' }),
      }),
    ]);
  });

  it.each([
    ['with the connection', async () => Promise.reject(connectionLost())],
    [
      'half read',
      async () => new Response(new ReadableStream({ start: (stream) => stream.error(connectionLost()) })),
    ],
  ])('takes a write for done whose answer was lost %s', async (_how, lose) => {
    const { relay, shell } = await applied();
    shell.write('tenants/beta.yaml', tenantYaml('beta', 'retention: { events: 7 }\n'));
    const { fetch } = shell.io;
    let isLost = false;
    Object.assign(shell.io, {
      fetch: async (...args: Parameters<typeof fetch>) => {
        const response = await fetch(...args);
        if (args[1]?.method !== 'PUT' || isLost) return response;
        isLost = true;
        return lose();
      },
    });
    const ran = await shell.run('apply -f tenants --yes');
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('1 changed') });
    expect(relay.state.tenants.get('beta')?.version).toBe(2);
  });

  it('stops at Ctrl-C without leaving a write in the dark', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`t/t${i}.yaml`, tenantYaml(`t${i}`)]),
    );
    const { relay, shell } = stage({ files });
    relay.intercept = ({ method }) => {
      if (method === 'PUT') shell.controller.abort();
      return undefined;
    };
    const ran = await shell.run('apply -f t --yes --concurrency 2 --json');
    expect(ran.code).toBe(EXIT.interrupted);
    const { written } = ran.json<{ written: { outcome: string }[] }>();
    const done = written.filter(({ outcome }) => outcome === 'done').length;
    expect(done).toBe(relay.state.tenants.size);
    expect(done).toBeLessThan(9);
    expect(written.filter(({ outcome }) => outcome === 'not_started')).toHaveLength(9 - done);
  });
});
