/** `residency check`: a deployment that is right, and each way to spoil it, alone. */

import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { CONFIG_PATH } from '../../cli/deploy/environment.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Io } from '../../cli/io.ts';
import { COMPONENT_IDS } from '../../cli/residency/components.ts';
import type { Finding } from '../../cli/residency/finding.ts';
import { WITHOUT_ENTERPRISE } from '../../cli/residency/statement.ts';
import { FakeIo, ORIGIN } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const TOML = readFileSync(CONFIG_PATH, 'utf8');
const KV_ID = 'a'.repeat(32);
const RECORD = { kvId: KV_ID, domain: 'relay.example.com', egressAllow: 'edr.example.com' };
const COMMAND = 'residency check --config wrangler.toml --record record --json';
const PUBLIC = ['51.210.4.9', '2001:41d0::1'];

/** All that a fault may be in. */
interface Place {
  toml: string;
  record: Record<string, unknown>;
  readonly namespaces: { id: string; title: string; jurisdiction?: string }[];
  readonly queues: Map<string, string | undefined>;
  readonly addresses: Record<string, readonly string[]>;
  readonly relay: StandIn;
  env: Record<string, string>;
}

function euTenant(id: string, more = ''): string {
  return tenantYaml(id, `    country: FR\n${more}`).replace('residency: global', 'residency: eu');
}

/** A deployment of the EU form with one tenant, in which nothing is wrong. */
async function goodPlace(): Promise<Place> {
  const relay = new StandIn();
  const shell = new FakeIo({
    fetch: relay.fetch,
    env: SECRETS,
    files: { 'tenants/acme.yaml': euTenant('acme') },
  });
  expect((await shell.run('apply -f tenants --yes')).code).toBe(EXIT.ok);
  relay.state.deployment = { residency: 'eu', egressAllow: ['edr.example.com'] };
  return {
    toml: TOML,
    record: RECORD,
    namespaces: [{ id: KV_ID, title: 'noxys-relay-eu', jurisdiction: 'eu' }],
    queues: new Map([
      ['noxys-relay-wakeups-eu', 'eu'],
      ['noxys-relay-overflow-eu', 'eu'],
    ]),
    addresses: { 'edr.example.com': PUBLIC },
    relay,
    env: {},
  };
}

function shellIn(place: Place, options: { readonly account?: Io['account'] } = {}): FakeIo {
  const account: Io['account'] = {
    listNamespaces: async () => place.namespaces,
    findQueue: async (name) =>
      place.queues.has(name) ? { name, jurisdiction: place.queues.get(name) } : undefined,
  };
  return new FakeIo({
    fetch: place.relay.fetch,
    env: { ...SECRETS, ...place.env },
    addresses: place.addresses,
    account,
    files: { 'wrangler.toml': place.toml, 'record/eu.json': JSON.stringify(place.record) },
    ...options,
  });
}

async function checked(shell: FakeIo, args = COMMAND) {
  const ran = await shell.run(args);
  const { findings } = ran.json<{ findings: Finding[] }>();
  return {
    ...ran,
    findings,
    bad: findings.filter(({ level }) => level === 'failure' || level === 'unproven'),
  };
}

/** In the text that stands once there; the test must not pass because it stands nowhere. */
function replaced(text: string, from: string, to: string): string {
  expect(text).toContain(from);
  return text.replace(from, to);
}

/** A line of the EU part of wrangler.toml. */
function inEu({ toml }: Place, from: string, to: string): string {
  const [top = '', eu = ''] = toml.split('\n[env.eu]\n');
  return `${top}\n[env.eu]\n${replaced(eu, from, to)}`;
}

function withKeys(place: Place, keys: string): void {
  place.toml = replaced(place.toml, '\n[env.eu]\n', `\n[env.eu]\n${keys}\n`);
}

function withTables(place: Place, tables: string): void {
  place.toml += `\n${tables}\n`;
}

/** Changes the stored config as no PUT would: what an older version of the relay took. */
function storedConfig({ relay }: Place, change: (config: Record<string, unknown>) => void): void {
  const stored = relay.state.tenants.get('acme');
  if (stored) change(stored.config);
}

const SLACK = {
  name: 'soc',
  type: 'slack',
  enabled: true,
  url: 'https://hooks.slack.com/services/T0/B0/x',
  privacy: {},
};

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

  it.each<[string, string, string, string, (place: Place) => void]>([
    [
      'RELAY_RESIDENCY that is global',
      'residency_setting',
      'RELAY_RESIDENCY is global in wrangler.toml.',
      'Set RELAY_RESIDENCY = "eu" in [env.eu.vars]',
      (place) => void (place.toml = inEu(place, 'RELAY_RESIDENCY = "eu"', 'RELAY_RESIDENCY = "global"')),
    ],
    [
      'RELAY_ENV that is local',
      'environment_setting',
      'RELAY_ENV is local',
      'Set RELAY_ENV = "production"',
      (place) => void (place.toml = inEu(place, 'RELAY_ENV = "production"', 'RELAY_ENV = "local"')),
    ],
    [
      'a setting that the relay would not take',
      'settings_readable',
      'RELAY_LOG_ONE_IN must be a whole number',
      'Mend it in wrangler.toml',
      (place) => void (place.toml = inEu(place, 'RELAY_LOG_ONE_IN = "100"', 'RELAY_LOG_ONE_IN = "often"')),
    ],
    [
      'workers_dev that is on in the environment',
      'workers_dev',
      'workers_dev is on',
      'Set workers_dev = false above the first [table]',
      (place) => withKeys(place, 'workers_dev = true'),
    ],
    [
      'workers_dev that became a variable below [vars]',
      'workers_dev',
      'workers_dev is not set',
      'above the first [table]',
      (place) =>
        void (place.toml = replaced(
          replaced(place.toml, 'workers_dev = false\n', ''),
          '[vars]\n',
          '[vars]\nworkers_dev = false\n',
        )),
    ],
    [
      'preview addresses',
      'preview_urls',
      'preview_urls is on',
      'Set preview_urls = false',
      (place) => void (place.toml = replaced(place.toml, 'preview_urls = false', 'preview_urls = true')),
    ],
    [
      'a route that is no custom domain',
      'routes',
      'no custom domain: relay.example.com/*',
      'custom_domain = true',
      (place) => {
        place.record = { kvId: KV_ID, egressAllow: RECORD.egressAllow };
        withKeys(place, 'routes = ["relay.example.com/*"]');
      },
    ],
    [
      'a public address on workers.dev',
      'public_url',
      'RELAY_PUBLIC_URL is on workers.dev',
      'Leave RELAY_PUBLIC_URL empty',
      (place) =>
        void (place.toml = inEu(
          place,
          'RELAY_PUBLIC_URL = ""',
          'RELAY_PUBLIC_URL = "https://x.acme.workers.dev"',
        )),
    ],
    [
      'a plain deploy that nothing refuses',
      'build_guard',
      'Nothing refuses a plain',
      '[env.eu.build] with command = "node cli/deploy/refuse-plain.js"',
      (place) => void (place.toml = replaced(place.toml, 'node cli/deploy/refuse-plain.js', 'true')),
    ],
    [
      'logs that Cloudflare keeps',
      'logs',
      'Cloudflare keeps logs',
      '`persist = false`',
      (place) =>
        void (place.toml = inEu(
          place,
          '[env.eu.observability]\nenabled = false',
          '[env.eu.observability]\nenabled = true',
        )),
    ],
    [
      'logs and traces that are kept as those of the global environment are',
      'logs traces',
      'Cloudflare keeps logs',
      'Set [env.eu.observability]',
      (place) => void (place.toml = inEu(place, '[env.eu.observability]\nenabled = false', '')),
    ],
    [
      'traces that are exported and kept',
      'traces',
      'Cloudflare keeps traces',
      '`destinations = ["…"]` and `persist = false`',
      (place) => withTables(place, '[env.eu.observability.traces]\nenabled = true\ndestinations = ["mine"]'),
    ],
    [
      'issues that are kept',
      'issues',
      'Real-time issues are on',
      'Remove [env.eu.observability.issues]',
      (place) => withTables(place, '[env.eu.observability.issues]\nenabled = true'),
    ],
    [
      'logpush, inherited from the top level',
      'logpush',
      'logpush is on',
      'Remove logpush',
      (place) => void (place.toml = replaced(place.toml, 'minify = true', 'logpush = true\nminify = true')),
    ],
    [
      'a Worker that gets every invocation',
      'tail_consumers',
      'tail_consumers hands each invocation to another Worker',
      'Remove tail_consumers from [env.eu]',
      (place) => withTables(place, '[[env.eu.tail_consumers]]\nservice = "logger"'),
    ],
    [
      'Analytics Engine',
      'other_stores',
      'Analytics Engine keeps what is written to it outside the EU',
      'Remove analytics_engine_datasets from [env.eu]',
      (place) => withTables(place, '[[env.eu.analytics_engine_datasets]]\nbinding = "AE"'),
    ],
    [
      'a database whose place is not known',
      'other_stores',
      'in which jurisdiction a D1 database is',
      'Remove d1_databases from [env.eu]',
      (place) =>
        withTables(place, '[[env.eu.d1_databases]]\nbinding = "DB"\ndatabase_name = "x"\ndatabase_id = "y"'),
    ],
    [
      'a binding that nobody here knows',
      'other_stores',
      'k9_kennels is set for this environment: it is not known to keep data in the EU',
      'Remove k9_kennels',
      (place) => withTables(place, '[[env.eu.k9_kennels]]\nbinding = "K9"'),
    ],
    [
      'a bucket without a jurisdiction',
      'r2_jurisdiction',
      'The R2 bucket ARCHIVE has no jurisdiction eu',
      'jurisdiction = "eu"',
      (place) => withTables(place, '[[env.eu.r2_buckets]]\nbinding = "ARCHIVE"\nbucket_name = "archive"'),
    ],
    [
      'placement instead of residency',
      'placement',
      'placement is set: it is best effort',
      'Remove placement',
      (place) => withTables(place, '[env.eu.placement]\nmode = "smart"'),
    ],
    [
      'objects of another Worker',
      'own_objects',
      'The objects of TENANT_RELAY are of another Worker, noxys-relay',
      'Remove script_name',
      (place) =>
        void (place.toml = inEu(
          place,
          'class_name = "TenantRelay"',
          'class_name = "TenantRelay"\nscript_name = "noxys-relay"',
        )),
    ],
    [
      'a dead-letter queue',
      'dead_letter_queue',
      'goes to the queue lost',
      'Remove dead_letter_queue',
      (place) =>
        void (place.toml = inEu(
          place,
          'max_batch_size = 100',
          'max_batch_size = 100\ndead_letter_queue = "lost"',
        )),
    ],
    [
      'a queue that the global environment has, too',
      'own_queues',
      'The queue noxys-relay-overflow is used by the global environment, too',
      'Give [env.eu.queues] queues of its own',
      (place) => {
        place.toml = inEu(place, 'queue = "noxys-relay-overflow-eu"', 'queue = "noxys-relay-overflow"');
        place.queues.set('noxys-relay-overflow', 'eu');
      },
    ],
    [
      'KV that the global environment has, too',
      'own_kv',
      'Its KV namespace is that of the global environment',
      'run `npm run deploy:setup -- --env eu`',
      (place) =>
        void (place.toml = replaced(
          place.toml,
          'binding = "RELAY_KV"',
          `binding = "RELAY_KV"\nid = "${KV_ID}"`,
        )),
    ],
    [
      'hosts of anybody',
      'egress_allow',
      'RELAY_EGRESS_ALLOW has *.eu-west-3.amazonaws.com: anybody can have a name below it',
      'Name the hosts themselves',
      (place) =>
        void (place.record = { ...RECORD, egressAllow: 'edr.example.com, *.eu-west-3.amazonaws.com' }),
    ],
    [
      'KV outside the EU',
      'kv_jurisdiction',
      'The KV namespace noxys-relay-eu must be in the EU: it has no jurisdiction, for good.',
      `Delete it with \`npx wrangler kv namespace delete --namespace-id ${KV_ID}\``,
      (place) => void place.namespaces.splice(0, 1, { id: KV_ID, title: 'noxys-relay-eu' }),
    ],
    [
      'KV that is gone',
      'kv_jurisdiction',
      'is not in this account',
      'run `npm run deploy:setup -- --env eu`',
      (place) => void place.namespaces.splice(0),
    ],
    [
      'a queue of wake-ups outside the EU',
      'queue_jurisdiction',
      'The queue noxys-relay-wakeups-eu must be in the EU: it has no jurisdiction',
      'delete it with `npx wrangler queues delete noxys-relay-wakeups-eu`',
      ({ queues }) => void queues.set('noxys-relay-wakeups-eu', undefined),
    ],
    [
      'an overflow queue in the United States',
      'queue_jurisdiction',
      'The queue noxys-relay-overflow-eu must be in the EU: it has jurisdiction us',
      'delete it with `npx wrangler queues delete noxys-relay-overflow-eu`',
      ({ queues }) => void queues.set('noxys-relay-overflow-eu', 'us'),
    ],
    [
      'a queue that is only consumed, and outside the EU',
      'queue_jurisdiction',
      'The queue more must be in the EU: it has no jurisdiction',
      'delete it with `npx wrangler queues delete more`',
      (place) => {
        withTables(place, '[[env.eu.queues.consumers]]\nqueue = "more"');
        place.queues.set('more', undefined);
      },
    ],
    [
      'a queue that is not there',
      'queue_jurisdiction',
      'The queue noxys-relay-overflow-eu is not in this account',
      'Run `npm run deploy:setup -- --env eu`',
      ({ queues }) => void queues.delete('noxys-relay-overflow-eu'),
    ],
    [
      'a running relay of the global form',
      'running_settings',
      'The running relay has RELAY_RESIDENCY global',
      'deploy again: `npm run deploy -- --env eu`',
      ({ relay }) => Object.assign(relay.state.deployment, { residency: 'global' }),
    ],
    [
      'a running relay that lifts jurisdictions',
      'running_settings',
      'The running relay has RELAY_ENV local',
      'Set RELAY_ENV = "production"',
      ({ relay }) => Object.assign(relay.state.deployment, { env: 'local' }),
    ],
    [
      'a running relay that sends where no file says so',
      'running_egress',
      'lets EU tenants send to siem.example.org',
      'deploy again',
      ({ relay }) =>
        Object.assign(relay.state.deployment, { egressAllow: ['edr.example.com', 'siem.example.org'] }),
    ],
    [
      'an object in no jurisdiction',
      'jurisdiction',
      'Its object is in no jurisdiction',
      '`npx noxys-relay tenants move` makes it anew in the EU',
      ({ relay }) => void (relay.state.health = { jurisdiction: null }),
    ],
    [
      'a tenant that is global',
      'residency',
      'Its residency is global',
      '`npx noxys-relay tenants move` takes it to the EU',
      (place) => {
        storedConfig(place, (config) => void (config['residency'] = 'global'));
        place.relay.state.health = { jurisdiction: 'eu' };
      },
    ],
    [
      'a config that the relay itself refuses by now',
      'config',
      'webhook.scheme must be known.',
      'Mend the tenant file and apply it',
      ({ relay }) =>
        void (relay.state.health = { configFaults: [{ path: 'webhook.scheme', message: 'must be known' }] }),
    ],
    [
      'a Falcon outside the EU',
      'falcon_region',
      'The destination falcon is Falcon us-1, outside the EU',
      'Write region: eu-1',
      (place) => {
        place.addresses['api.crowdstrike.com'] = PUBLIC;
        storedConfig(place, (config) => {
          config['destinations'] = [
            { name: 'falcon', type: 'falcon', enabled: true, region: 'us-1', privacy: {} },
          ];
        });
      },
    ],
    [
      'a manager that declares no country',
      'country',
      'The destination edr declares no country',
      'country: FR',
      (place) => storedConfig(place, (config) => delete destinationOf(config)['country']),
    ],
    [
      'a manager outside the EU',
      'country',
      'The destination edr is declared to be in US, outside the EU and the EEA',
      'Write the country in which its host stands',
      (place) => storedConfig(place, (config) => void (destinationOf(config)['country'] = 'US')),
    ],
    [
      'a chat without a transfer basis',
      'transfer_basis',
      'The destination soc sends to Slack without a recorded transfer basis',
      'Write transfer_basis: {mechanism: …, reference: …}',
      (place) => {
        place.addresses['hooks.slack.com'] = PUBLIC;
        storedConfig(place, (config) => void (config['destinations'] = [SLACK]));
      },
    ],
    [
      'a destination that DNS leads into a private network',
      'host_addresses',
      'sends to edr.example.com, which has the address 10.0.0.7: no public one',
      'Correct the host, or its record in DNS',
      ({ addresses }) => void (addresses['edr.example.com'] = [...PUBLIC, '10.0.0.7']),
    ],
  ])('fails on %s, and says how to mend it', async (_what, check, what, fix, spoil) => {
    const place = await goodPlace();
    spoil(place);
    const { bad, code } = await checked(shellIn(place));
    expect(code).toBe(EXIT.failed);
    expect([...new Set(bad.map((finding) => finding.check))]).toEqual(check.split(' '));
    expect(bad[0]).toMatchObject({
      level: 'failure',
      what: expect.stringContaining(what),
      fix: expect.stringContaining(fix),
    });
  });
});

function destinationOf(config: Record<string, unknown>): Record<string, unknown> {
  const [first] = config['destinations'] as Record<string, unknown>[];
  return first ?? {};
}

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
      'running_settings',
      'tenants',
      'host_addresses',
    ]);
    expect(place.relay.requests).toHaveLength(before);
    expect(ran.json()).toMatchObject({ isProven: false, statement: null });
    const { stdout } = await shell.run('residency check --offline --config wrangler.toml --record record');
    expect(stdout).toContain('Cloudflare was not asked where KV is (--offline).');
    expect(stdout).not.toContain(WITHOUT_ENTERPRISE);
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
