/** `residency check`: what it shows, what it could not ask, what it takes for an accepted risk, and its options. */

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { wranglerError } from '../../cli/deploy/wrangler.ts';
import { COMPONENT_IDS } from '../../cli/residency/components.ts';
import type { Finding } from '../../cli/residency/finding.ts';
import { WITHOUT_ENTERPRISE } from '../../cli/residency/statement.ts';
import { VERSION } from '../../cli/session.ts';
import { FakeIo, ORIGIN } from './fake-io.ts';
import {
  COMMAND,
  type Place,
  PUBLIC,
  RECORD,
  SLACK,
  checked,
  destinationOf,
  euTenant,
  goodPlace,
  inEu,
  shellIn,
} from './residency-place.ts';
import { problem } from './stand-in-types.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

describe('residency check', () => {
  it('passes where nothing is wrong, shows every component, and what may be said', async () => {
    const place = await goodPlace();
    const ran = await checked(shellIn(place));
    expect(ran.bad).toEqual([]);
    expect(ran.code).toBe(EXIT.ok);
    const { components, isProven, statement } = ran.json();
    expect((components as { id: string }[]).map(({ id }) => id)).toEqual([...COMPONENT_IDS]);
    expect(isProven).toBe(true);
    expect(statement).toMatchObject({ withoutEnterprise: WITHOUT_ENTERPRISE });
    expect(place.relay.sent('PUT', /acme/)).toHaveLength(1);
    expect(place.relay.sent('POST').filter(({ path }) => !path.endsWith('/plan'))).toEqual([]);
  });

  it('passes with the wrangler.toml of this project, whatever is recorded', async () => {
    const place = await goodPlace();
    const { bad, code } = await checked(shellIn(place), 'residency check --offline --record absent --json');
    expect(bad).toEqual([]);
    expect(code).toBe(EXIT.ok);
  });
});

describe('the tenants', () => {
  it('are all looked at, however many pages of them there are', async () => {
    const place = await goodPlace();
    const { tenants } = place.relay.state;
    const acme = tenants.get('acme');
    for (let i = 0; i < 205; i++) if (acme) tenants.set(`t-${i}`, acme);
    const last = structuredClone(acme);
    if (last) tenants.set('zz-last', last);
    delete destinationOf(last?.config ?? {})['country'];
    const { bad, findings } = await checked(shellIn(place));
    expect(new Set(findings.flatMap(({ tenant }) => tenant ?? [])).size).toBe(207);
    expect(bad.map(({ check, tenant }) => [check, tenant])).toEqual([['country', 'zz-last']]);
  });

  it('are left at Ctrl-C, without a result', async () => {
    const shell = shellIn(await goodPlace());
    shell.controller.abort();
    const ran = await shell.run(COMMAND);
    expect(ran.code).toBe(EXIT.interrupted);
    expect(ran.json()).toMatchObject({ error: { kind: 'interrupted' } });
  });

  it('may be none', async () => {
    const place = await goodPlace();
    place.relay.state.tenants.clear();
    const { findings, code } = await checked(shellIn(place));
    expect(code).toBe(EXIT.ok);
    expect(findings.find(({ check }) => check === 'tenants')?.what).toBe('It has no EU tenant.');
  });
});

describe('what could not be asked', () => {
  it.each<[string, string, string, (place: Place) => void]>([
    [
      'a relay that does not answer',
      'running_settings',
      'Check NOXYS_RELAY_URL',
      ({ relay }) =>
        void (relay.intercept = () => {
          throw new TypeError('fetch failed');
        }),
    ],
    [
      'a token that is refused',
      'running_settings',
      'The token is wrong, expired or revoked',
      (place) => void (place.env = { NOXYS_RELAY_TOKEN: 'another-token-0123456789-abcdef' }),
    ],
    [
      'a token for one tenant',
      'running_settings',
      'Use a token with the role',
      ({ relay }) =>
        void (relay.intercept = ({ path }) =>
          path === '/api/v1/health'
            ? new Response('{"detail":"No."}', {
                status: 403,
                headers: { 'content-type': 'application/problem+json' },
              })
            : undefined),
    ],
    [
      'tenants that can not be listed',
      'tenants',
      'request id',
      ({ relay }) =>
        void (relay.intercept = ({ path }) =>
          path.startsWith('/api/v1/tenants?') ? new Response('{}', { status: 500 }) : undefined),
    ],
    [
      'a tenant whose config can not be read',
      'tenant',
      'request id',
      ({ relay }) =>
        void (relay.intercept = ({ path }) =>
          path.endsWith('/tenants/acme') ? new Response('{}', { status: 500 }) : undefined),
    ],
    [
      'a tenant whose object is away',
      'tenant',
      'request id',
      ({ relay }) =>
        void (relay.intercept = ({ path }) =>
          path.endsWith('/acme/health') ? new Response('{}', { status: 500 }) : undefined),
    ],
    [
      'a relay that does not tell its hosts',
      'running_egress',
      'of another version',
      ({ relay }) =>
        void (relay.intercept = ({ path }) =>
          path === '/api/v1/health'
            ? Response.json({ env: 'production', residency: 'eu', keyIds: {}, queues: {} })
            : undefined),
    ],
  ])('%s is not proven, which fails', async (_what, check, fix, spoil) => {
    const place = await goodPlace();
    spoil(place);
    const { bad, code } = await checked(shellIn(place));
    expect(code).toBe(EXIT.failed);
    expect(bad.every(({ level }) => level === 'unproven')).toBe(true);
    expect(bad.find((finding) => finding.check === check)).toMatchObject({
      what: expect.stringMatching(/./),
      fix: expect.stringContaining(fix),
    });
  });

  it('does not guess which KV namespace a deployment has that is not recorded', async () => {
    const place = await goodPlace();
    // Without the record its hosts are not known either.
    place.toml = inEu(place, 'RELAY_EGRESS_ALLOW = ""', 'RELAY_EGRESS_ALLOW = "edr.example.com"');
    const { bad, code } = await checked(
      shellIn(place),
      COMMAND.replace('--record record', '--record elsewhere'),
    );
    expect(code).toBe(EXIT.failed);
    expect(bad).toMatchObject([
      {
        level: 'unproven',
        check: 'kv_jurisdiction',
        fix: expect.stringContaining('Run `npm run deploy:setup -- --env eu`'),
      },
    ]);
  });

  it('says how to log in where nobody is logged in to Cloudflare', async () => {
    const place = await goodPlace();
    const shell = shellIn(place);
    Object.assign(shell.io, { account: new FakeIo().io.account });
    const { bad, code } = await checked(shell);
    expect(code).toBe(EXIT.failed);
    expect(bad.map(({ level, check }) => [level, check])).toEqual([
      ['unproven', 'kv_jurisdiction'],
      ['unproven', 'queue_jurisdiction'],
      ['unproven', 'queue_jurisdiction'],
    ]);
    for (const { fix } of bad) expect(fix).toContain('npx wrangler login');
    expect((await shell.run('residency check --config wrangler.toml --record record')).stdout).toContain(
      'Nothing is to be promised of the EU until this is mended.',
    );
  });

  it('asks nobody with --offline, says what it did not ask, and promises nothing', async () => {
    const place = await goodPlace();
    const before = place.relay.requests.length;
    const shell = shellIn(place, { account: new FakeIo().io.account });
    Object.assign(shell.io, { env: {} });
    const { findings, code, ...ran } = await checked(shell, `${COMMAND} --offline`);
    expect(code).toBe(EXIT.ok);
    expect(findings.filter(({ level }) => level === 'skipped').map(({ check }) => check)).toEqual([
      'kv_jurisdiction',
      'queue_jurisdiction',
      'queue_jurisdiction',
      'running_settings',
      'tenants',
      'host_addresses',
    ]);
    expect(place.relay.requests).toHaveLength(before);
    expect(ran.json()).toMatchObject({ isProven: false, statement: null, relay: null });
    const { stdout } = await shell.run('residency check --offline --config wrangler.toml --record record');
    expect(stdout).toContain('Cloudflare was not asked where KV is (--offline).');
    expect(stdout).not.toContain(WITHOUT_ENTERPRISE);
    for (const name of ['Queue of wake-ups', 'Overflow queue']) expect(stdout).toContain(`– ${name}`);
  });

  it('says of each queue, under its own component, where it is and whose', async () => {
    const { findings } = await checked(shellIn(await goodPlace()));
    const checksOf = (id: string) =>
      findings.filter(({ component }) => component === id).map(({ check }) => check);
    for (const id of ['wakeups', 'overflow'])
      expect(checksOf(id)).toEqual(
        expect.arrayContaining(['queue_jurisdiction', 'own_queues', 'dead_letter_queue']),
      );
  });

  it('says when it was made, of which relay, by which version; briefly without the components', async () => {
    const shell = shellIn(await goodPlace());
    const whole = (await shell.run(COMMAND)).json();
    expect(whole).toMatchObject({ checkedAt: '2026-11-22T05:00:00.000Z', relay: ORIGIN, version: VERSION });
    const brief = (await shell.run(`${COMMAND} --brief`)).json();
    const { components: _, ...rest } = whole;
    expect(brief).toEqual(rest);
  });

  it.each([
    [
      '✘ [ERROR] In a non-interactive environment, it\'s necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work. Please go to https://x for instructions.\n\n\n  To continue without logging in, rerun this command with `--temporary`.\n\n🪵  Logs were written to "/home/x/wrangler.log"',
      "Cannot list the KV namespaces: wrangler refused. In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.",
    ],
    [
      '▲ [WARNING] A fetch request failed.\n\n  Common causes:\n    - No network\n\n✘ [ERROR] fetch failed\n\nIf you think this is a bug then please create an issue\n🪵  Logs were written to "/home/x/wrangler.log"',
      'Cannot list the KV namespaces: wrangler refused. fetch failed',
    ],
    ['🪵  Logs were written to "/home/x/wrangler.log"', 'Cannot list the KV namespaces: wrangler refused.'],
  ])('quotes what wrangler means, and nothing else of it: %j', async (stderr, what) => {
    const refuse = async () =>
      Promise.reject(wranglerError('list the KV namespaces', { isOk: false, stdout: '', stderr }));
    const account = { listNamespaces: refuse, findQueue: refuse };
    const { findings } = await checked(shellIn(await goodPlace(), { account }));
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'kv_jurisdiction', level: 'unproven', what }),
    );
  });

  it('warns of a host that DNS does not know, or does not answer for', async () => {
    const place = await goodPlace();
    delete place.addresses['edr.example.com'];
    const { findings, code } = await checked(shellIn(place));
    expect(code).toBe(EXIT.ok);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        check: 'host_addresses',
        tenant: 'acme',
        what: expect.stringContaining('DNS has no address of it'),
      }),
    );
    const shell = shellIn(place);
    Object.assign(shell.io, { resolveHost: new FakeIo().io.resolveHost });
    expect((await checked(shell)).findings).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        what: expect.stringContaining('DNS does not answer for it'),
      }),
    );
  });

  it('needs to know which relay, unless it asks none', async () => {
    const shell = shellIn(await goodPlace());
    Object.assign(shell.io, { env: {} });
    const ran = await shell.run(COMMAND);
    expect(ran.code).toBe(EXIT.invalid);
    expect(ran.stderr).toContain('Which relay is it?');
  });

  it.each([
    ['no file', '--config absent.toml', 'ENOENT'],
    ['another file', '--config other.toml', 'no `name` or no `main`'],
    ['no TOML', '--config broken.toml', "can't be checked"],
    ['another environment', '--env us', 'must be one of global, eu'],
  ])('refuses %s before it asks anything', async (_what, args, words) => {
    const place = await goodPlace();
    const shell = shellIn(place);
    const before = place.relay.requests.length;
    shell.write('other.toml', 'x = 1\n');
    shell.write('broken.toml', '[[[');
    const ran = await shell.run(`residency check ${args}`);
    expect(ran.code).toBe(EXIT.invalid);
    expect(ran.stderr).toMatch(new RegExp(words));
    expect(place.relay.requests).toHaveLength(before);
  });
});

describe('accepted risks', () => {
  it('are told, and do not fail', async () => {
    const place = await goodPlace();
    place.record = { ...RECORD, egressAllow: 'edr.example.com, *.acme.eu' };
    Object.assign(place.relay.state.deployment, { egressAllow: ['edr.example.com', '*.acme.eu'] });
    place.toml = inEu(
      place,
      '[env.eu.observability]\nenabled = false',
      '[env.eu.observability.logs]\nenabled = true\ndestinations = ["mine"]\npersist = false',
    );
    place.toml = inEu(
      place,
      '[env.eu.triggers]',
      '[[env.eu.r2_buckets]]\nbinding = "A"\njurisdiction = "eu"\n[env.eu.triggers]',
    );
    const { findings, code } = await checked(shellIn(place));
    expect(code).toBe(EXIT.ok);
    expect(findings.filter(({ level }) => level === 'warning').map(({ check }) => check)).toEqual([
      'logs',
      'egress_allow',
      'workers_dev_switch',
    ]);
  });

  it('name the transfer basis of a chat, and each destination whose address the relay keeps to itself', async () => {
    const place = await goodPlace();
    place.addresses['hooks.slack.com'] = PUBLIC;
    const basis = { mechanism: 'standard_contractual_clauses', reference: 'DPA 12' };
    const desk = { name: 'desk', type: 'webhook', country: 'NO', url: '<set>' };
    const config = {
      residency: 'eu',
      destinations: [{ ...SLACK, url: '<set>', transfer_basis: basis }, desk],
    };
    place.relay.intercept = ({ path }) =>
      path.endsWith('/tenants/acme') ? Response.json({ version: 1, savedAt: 'now', config }) : undefined;
    const { findings, bad } = await checked(shellIn(place));
    expect(bad).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'transfer_basis',
        level: 'warning',
        what: expect.stringContaining('standard_contractual_clauses: DPA 12'),
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'host_hidden',
        what: expect.stringContaining('The destination desk has a secret address'),
      }),
    );
  });
});

describe('--files', () => {
  it('has the relay asked for each tenant of a file by name, as one that was never published is in no list', async () => {
    const place = await goodPlace();
    place.relay.state.health = { jurisdiction: null };
    place.relay.intercept = ({ method, path }) =>
      method === 'GET' && /\/tenants(?:\?|$)/.test(path) ? Response.json({ tenants: [] }) : undefined;
    const shell = shellIn(place);
    shell.write('files/acme.yaml', euTenant('acme'));
    shell.write('files/new.yaml', euTenant('new'));
    expect((await checked(shell)).findings.flatMap(({ tenant }) => tenant ?? [])).toEqual([]);
    const { bad, findings, code } = await checked(shell, `${COMMAND} --files files`);
    expect(code).toBe(EXIT.failed);
    expect(bad.map(({ check, tenant }) => [check, tenant])).toEqual([['jurisdiction', 'acme']]);
    expect(findings.filter(({ check }) => check === 'tenant_unlisted')).toMatchObject([
      { level: 'warning', tenant: 'acme', fix: expect.stringContaining('Apply its file again') },
    ]);
    expect(findings.find(({ check, tenant }) => check === 'tenant' && tenant === 'new')).toMatchObject({
      level: 'ok',
      what: 'The relay does not have it.',
    });
  });

  it('does not take a failure of the relay for a tenant that is not there', async () => {
    const place = await goodPlace();
    place.relay.intercept = ({ path }) =>
      path === '/api/v1/tenants/new' ? problem(500, 'internal', 'x') : undefined;
    const shell = shellIn(place);
    shell.write('files/new.yaml', euTenant('new'));
    const { bad } = await checked(shell, `${COMMAND} --files files`);
    expect(bad).toMatchObject([{ level: 'unproven', check: 'tenant', tenant: 'new' }]);
  });

  it('holds files to what would be in force, and looks their hosts up', async () => {
    const place = await goodPlace();
    place.addresses['edr.example.com'] = ['192.168.1.4'];
    const shell = shellIn(place);
    shell.write('new/next.yaml', euTenant('next').replace('country: FR', 'country: GB'));
    shell.write('new/other.yaml', euTenant('other').replace('edr.example.com', 'edr.example.net'));
    const { findings, code } = await checked(shell, `${COMMAND} --files new`);
    expect(code).toBe(EXIT.failed);
    const of = (tenant: string) =>
      findings.filter((one) => one.tenant === tenant && one.level === 'failure').map(({ check }) => check);
    expect(of('next')).toEqual(['country', 'host_addresses']);
    expect(of('other')).toEqual(['config']);
    expect(JSON.stringify(findings)).not.toContain(SECRETS.EDR_TOKEN);
  });

  it('tells of files that can not be read', async () => {
    const shell = shellIn(await goodPlace());
    shell.write('new/next.yaml', 'id: [');
    const { bad } = await checked(shell, `${COMMAND} --files new`);
    expect(bad).toMatchObject([
      { check: 'files', level: 'failure', fix: expect.stringContaining('apply --dry-run') },
    ]);
  });
});

describe('--env global', () => {
  it.each(['global', ''])(
    'checks the EU tenants of a global deployment (--env "%s"), and says what it lacks',
    async (env) => {
      const place = await goodPlace();
      const shell = shellIn(place);
      shell.write('tenants/wide.yaml', tenantYaml('wide'));
      await shell.run('apply -f tenants --yes');
      place.relay.state.deployment = { residency: 'global', egressAllow: [] };
      const args = [
        'residency',
        'check',
        '--env',
        env,
        '--config',
        'wrangler.toml',
        '--record',
        'record',
        '--json',
      ];
      const good = await shell.run(args);
      expect(good.code).toBe(EXIT.ok);
      const { findings, isProven } = good.json<{ findings: Finding[]; isProven: boolean }>();
      expect(isProven).toBe(false);
      expect(findings.filter(({ level }) => level === 'warning').map(({ check }) => check)).toEqual(
        expect.arrayContaining(['global_kv', 'global_logs', 'global_overflow']),
      );
      expect(new Set(findings.flatMap(({ tenant }) => tenant ?? []))).toEqual(new Set(['acme']));

      place.relay.state.health = { jurisdiction: null };
      const spoilt = await shell.run(args);
      expect(spoilt.code).toBe(EXIT.failed);
    },
  );
});

describe('for people', () => {
  it('stands each component with its line of every column, and what was found below it', async () => {
    const place = await goodPlace();
    place.queues.set('noxys-relay-overflow-eu', undefined);
    const shell = shellIn(place);
    const line = 'residency check --config wrangler.toml --record record';
    const { stdout } = await shell.run(line);
    expect(stdout).toMatch(/^✔ Tenant’s object\n {4}holds {5}Events, detections/m);
    expect(stdout).toMatch(
      /^✖ Overflow queue\n(?: {4}.*\n){5} {2}✖ The queue noxys-relay-overflow-eu must be in the EU/m,
    );
    expect(stdout).toMatch(
      /\d+ checks in order, 1 accepted risk, 1 failure, 0 not proven\.\nNothing is to be promised/,
    );
    expect(stdout).not.toContain('RELAY_RESIDENCY is eu');
    expect((await shell.run(`${line} --verbose`)).stdout).toContain('✔ RELAY_RESIDENCY is eu');
    const brief = await shell.run(`${line} --brief`);
    expect(brief.stdout).toMatch(/^ {2}! wrangler has no command/);
    expect(brief.stdout).not.toContain('holds');
  });

  it('ends with what may be said, word for word', async () => {
    const { stdout } = await shellIn(await goodPlace()).run(
      'residency check --config wrangler.toml --record record',
    );
    expect(stdout).toContain(`word for word:\n${WITHOUT_ENTERPRISE}\n`);
  });

  it('refuses an address on workers.dev', async () => {
    const place = await goodPlace();
    const answers: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      return place.relay.fetch(request.url.replace('relay.acme.workers.dev', new URL(ORIGIN).host), request);
    };
    const shell = shellIn(place);
    Object.assign(shell.io, { fetch: answers });
    const { bad } = await checked(shell, `${COMMAND} --url https://relay.acme.workers.dev`);
    expect(bad).toMatchObject([{ check: 'address', fix: expect.stringContaining('use the custom domain') }]);
  });
});
