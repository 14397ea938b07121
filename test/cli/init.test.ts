import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { EXIT } from '../../cli/exit-codes.ts';
import { ENTER, FakeIo, type FakeOptions, ORIGIN } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { sampleSlack, sampleTeams } from '../tenants/sample.ts';
import { SECRETS } from './tenant-documents.ts';

const HEC_KEY = 'hec-key-of-the-tests-0123456789';
const HEC_URL = 'https://abc.ingest.eu-1.crowdstrike.com/services/collector';

const LOCAL = 'http://127.0.0.1:8787';

/** `isLocal`: the relay is on this machine. */
function stage({ isLocal = false, ...options }: FakeOptions & { readonly isLocal?: boolean } = {}) {
  const relay = new StandIn();
  const localFetch: typeof fetch = async (input, init) =>
    relay.fetch(new Request(input, init).url.replace(LOCAL, ORIGIN), init);
  const own = isLocal ? { fetch: localFetch, env: { NOXYS_RELAY_URL: LOCAL } } : { fetch: relay.fetch };
  return { relay, shell: new FakeIo({ ...own, ...options }) };
}

const read = (shell: FakeIo, path: string) => readFileSync(join(shell.cwd, path), 'utf8');

/** Answers for acme with a HarfangLab manager. */
const ASKED = [
  ['acme', 'eu', SECRETS.WEBHOOK_SECRET],
  ['harfanglab', 'edr', 'https://edr.example.com:8443', SECRETS.EDR_TOKEN, ENTER, ENTER, 'fr'],
  ['falcon', 'falcon', 'eu-1', true, HEC_URL, HEC_KEY, false],
  ['none'],
].flat();

const ANSWERS = `id: acme
residency: global
webhook: { secrets: ["\${WEBHOOK_SECRET}"] }
destinations:
  - { name: edr, type: harfanglab, base_url: "https://edr.example.com:8443", token: "\${file:edr-token}" }
`;

describe('init', () => {
  it('asks, tests each connection with the candidate config, and writes references and secrets apart', async () => {
    const { relay, shell } = stage({ answers: ASKED });
    const ran = await shell.run('init');
    expect(ran.code).toBe(EXIT.ok);
    expect(parse(read(shell, 'tenants/acme.yaml'))).toEqual({
      id: 'acme',
      residency: 'eu',
      webhook: { secrets: ['${ACME_WEBHOOK_SECRET}'] },
      destinations: [
        {
          name: 'edr',
          type: 'harfanglab',
          base_url: 'https://edr.example.com:8443',
          token: '${ACME_EDR_TOKEN}',
          country: 'FR',
        },
        {
          name: 'falcon',
          type: 'falcon',
          region: 'eu-1',
          hec: { url: HEC_URL, token: '${ACME_FALCON_HEC_TOKEN}' },
        },
      ],
      rules: { catalog: 'all' },
    });
    expect(read(shell, 'tenants/acme.yaml')).toMatch(
      /# Detection rules\. .*\n# {3}overrides: \{ noxys_hl3_repeated_violations: \{ dry_run: true \} \}\nrules:\n {2}catalog: all\n$/,
    );
    expect(parseEnv(read(shell, 'tenants/.env'))).toEqual({
      ACME_WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET,
      ACME_EDR_TOKEN: SECRETS.EDR_TOKEN,
      ACME_FALCON_HEC_TOKEN: HEC_KEY,
    });
    expect(statSync(join(shell.cwd, 'tenants/.env')).mode & 0o777).toBe(0o600);
    expect(read(shell, 'tenants/.gitignore')).toBe('.env\n');
    const tests = relay.sent('POST', /\/test$/);
    expect(tests.map(({ path }) => path)).toEqual(
      ['edr', 'falcon'].map((name) => `/api/v1/tenants/acme/destinations/${name}/test`),
    );
    expect(JSON.parse(tests[1]?.body ?? '')).toMatchObject({
      id: 'acme',
      destinations: [{ token: SECRETS.EDR_TOKEN }, { hec: { token: HEC_KEY } }],
    });
    for (const secret of [SECRETS.WEBHOOK_SECRET, SECRETS.EDR_TOKEN, HEC_KEY])
      expect(ran.all).not.toContain(secret);
    expect(relay.state.tenants.size).toBe(0);
  });

  describe('of Falcon', () => {
    const CLIENT_ID = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
    const CLIENT_SECRET = 'client-secret-of-the-tests-0123456789';
    const client = [CLIENT_ID, CLIENT_SECRET];

    it('asks for both credentials, what is granted, and what each grant needs', async () => {
      const answers = [
        ['acme', 'eu', SECRETS.WEBHOOK_SECRET],
        ['falcon', 'falcon', 'eu-1', true, HEC_URL, HEC_KEY, true, ...client],
        [
          'case,event,indicator,contain,workflow',
          'Perplexity, poe.com',
          'DC-01 , ADMIN-7',
          ' Tell the SOC ',
          'none',
        ],
      ].flat();
      const { relay, shell } = stage({ answers });
      const ran = await shell.run('init');
      expect(ran.code).toBe(EXIT.ok);
      expect(parse(read(shell, 'tenants/acme.yaml'))).toMatchObject({
        destinations: [
          {
            name: 'falcon',
            type: 'falcon',
            region: 'eu-1',
            client_id: CLIENT_ID,
            client_secret: '${ACME_FALCON_CLIENT_SECRET}',
            hec: { url: HEC_URL, token: '${ACME_FALCON_HEC_TOKEN}' },
            actions: ['event', 'case', 'indicator', 'contain', 'workflow'],
            indicators: ['Perplexity', 'poe.com'],
            contain: { never: ['DC-01', 'ADMIN-7'] },
            workflow: { name: 'Tell the SOC' },
          },
        ],
      });
      expect(parseEnv(read(shell, 'tenants/.env'))).toMatchObject({
        ACME_FALCON_CLIENT_SECRET: CLIENT_SECRET,
        ACME_FALCON_HEC_TOKEN: HEC_KEY,
      });
      expect(JSON.parse(relay.sent('POST', /\/test$/)[0]?.body ?? '')).toMatchObject({
        destinations: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET }],
      });
      for (const secret of [CLIENT_SECRET, HEC_KEY]) expect(ran.all).not.toContain(secret);
      const applied = await shell.run('apply -f tenants --yes');
      expect(applied).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('1 tenant created') });
      expect(applied.all).not.toContain(CLIENT_SECRET);
    });

    it('takes an API client alone, and asks for one where there is no connector', async () => {
      const answers = ['acme', 'global', '', 'falcon', 'falcon', 'us-2', false, ...client, 'case', 'none'];
      const { shell } = stage({ answers });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      const { destinations } = parse(read(shell, 'tenants/acme.yaml')) as { destinations: object[] };
      expect(destinations).toEqual([
        {
          name: 'falcon',
          type: 'falcon',
          region: 'us-2',
          client_id: CLIENT_ID,
          client_secret: '${ACME_FALCON_CLIENT_SECRET}',
          actions: ['case'],
        },
      ]);
    });

    it('asks for no connector in a cloud that has no known host for one', async () => {
      const answers = [
        'acme',
        'global',
        '',
        'falcon',
        'falcon',
        'us-gov-2',
        ...client,
        'indicator',
        '',
        'none',
      ];
      const { shell } = stage({ answers });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      expect(shell.asked.join()).not.toContain('HEC');
      expect(read(shell, 'tenants/acme.yaml')).not.toContain('indicators');
    });

    it('asks for the simulated API where the connector is one of this machine, before the secret', async () => {
      const hecUrl = 'http://127.0.0.1:8702/services/collector';
      const falcon = ['falcon', 'falcon', 'eu-1', true, hecUrl, HEC_KEY, true];
      const answers = ['acme', 'eu', '', ...falcon, ENTER, ...client, 'event', 'none'];
      const { relay, shell } = stage({ answers, isLocal: true });
      await shell.run('init');
      expect(JSON.parse(relay.sent('POST', /\/test$/)[0]?.body ?? '')).toMatchObject({
        destinations: [
          { base_url: 'http://127.0.0.1:8702', hec: { url: hecUrl }, client_secret: CLIENT_SECRET },
        ],
      });
      const placeOf = (word: string) => shell.asked.findIndex((asked) => asked.startsWith(word));
      expect(placeOf('base_url')).toBeLessThan(placeOf('Client Secret'));
    });

    it('takes Falcon itself for a real connector that is tried from this machine', async () => {
      const falcon = ['falcon', 'falcon', 'eu-1', true, HEC_URL, HEC_KEY, true];
      const answers = ['acme', 'eu', '', ...falcon, ENTER, ...client, 'event', 'none'];
      const { shell } = stage({ answers, isLocal: true });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      expect(shell.asked.join()).toContain('(empty: Falcon itself, api.eu-1.crowdstrike.com)');
      expect(read(shell, 'tenants/acme.yaml')).not.toContain('base_url');
    });

    it.each([
      ['http://127.0.0.1:8702/services/collector', '', /loopback address/],
      [HEC_URL, 'https://api.eu-1.crowdstrike.com', /loopback address/],
    ])('sends no secret elsewhere than a simulator of this machine: %s, %j', async (hecUrl, api, message) => {
      const answers = ['acme', 'eu', '', 'falcon', 'falcon', 'eu-1', true, hecUrl, HEC_KEY, true, api];
      const { relay, shell } = stage({ answers, isLocal: true });
      expect((await shell.run('init')).stderr).toMatch(message);
      expect(relay.requests.filter(({ path }) => path.endsWith('/test'))).toEqual([]);
    });

    it('says where a client id is that was left empty', async () => {
      const answers = ['acme', 'global', '', 'falcon', 'falcon', 'us-2', false, ' '];
      const { shell } = stage({ answers });
      expect((await shell.run('init')).stderr).toContain('It is missing: the console shows it');
    });

    it('takes no secret with quotes around it', async () => {
      const answers = ['acme', 'global', '', 'falcon', 'falcon', 'us-2', false, CLIENT_ID, '"secret" '];
      const { shell } = stage({ answers });
      expect((await shell.run('init')).stderr).toContain('It has quotes around it');
    });

    it('offers what was answered when it is entered again, and keeps secrets without showing them', async () => {
      const falcon = ['falcon', 'soc', 'us-2', true, HEC_URL.replace('eu-1', 'us-2'), HEC_KEY, true];
      const granted = ['case,indicator,contain,workflow', 'poe', 'DC-01, ADMIN-7', 'Tell the SOC'];
      const again = Array.from({ length: 13 }, () => ENTER);
      const answers = ['acme', 'global', '', ...falcon, ...client, ...granted, 'again', ...again];
      const { relay, shell } = stage({ answers: [...answers, 'keep', 'none'] });
      relay.state.tests.set('soc', { outcome: 'blocked', reason: 'unauthorized', status: 401 });
      const ran = await shell.run('init');
      expect(ran.code).toBe(EXIT.ok);
      const [first, second] = relay.sent('POST', /\/test$/).map(({ body }) => JSON.parse(body) as object);
      expect(second).toMatchObject({ destinations: [{ name: 'soc', client_secret: CLIENT_SECRET }] });
      const destinationsOf = (document: object | undefined) =>
        (document as { destinations: unknown }).destinations;
      expect(destinationsOf(second)).toEqual(destinationsOf(first));
      expect(JSON.stringify(shell.offered)).not.toMatch(new RegExp(`${CLIENT_SECRET}|${HEC_KEY}`));
      expect(shell.asked).toContain('Client Secret (empty: the one you entered before)');
    });

    it.each([
      ['indicator', 'claude', /claude is about Claude, which platforms\.approved names/],
      ['indicator', 'poe, perplexty', /perplexty is not a platform .* did you mean perplexity/],
      ['contain', "DC'01", /whole names/],
      ['workflow', "Bob's", /write its id into the file/],
      ['workflow', ' ', /./],
    ])('takes no answer to %s that the relay would refuse: %s', async (verb, text, message) => {
      const answers = ['acme', 'global', '', 'falcon', 'falcon', 'us-2', false, ...client, verb, text];
      const { shell } = stage({ answers });
      expect((await shell.run('init')).stderr).toMatch(message);
      expect(existsSync(join(shell.cwd, 'tenants'))).toBe(false);
    });
  });

  describe('of HarfangLab', () => {
    const edr = ['harfanglab', 'edr', 'https://edr.example.com:8443', SECRETS.EDR_TOKEN];

    it('asks what is granted in the API of HarfangLab itself, and what each grant needs', async () => {
      const granted = ['both', 'event,indicator,contain', 'poe', 'DC-01'];
      const { shell } = stage({ answers: ['acme', 'global', '', ...edr, ...granted, 'none'] });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      expect(parse(read(shell, 'tenants/acme.yaml'))).toMatchObject({
        destinations: [
          {
            mode: 'both',
            actions: ['event', 'indicator', 'contain'],
            indicators: ['poe'],
            contain: { never: ['DC-01'] },
          },
        ],
      });
      expect(await shell.run('apply -f tenants --yes')).toMatchObject({ code: EXIT.ok });
    });

    it('offers no grant that the mode does not have', async () => {
      const { shell } = stage({ answers: ['acme', 'global', '', ...edr, 'native', 'event', 'none'] });
      expect((await shell.run('init')).code).not.toBe(EXIT.ok);
      expect(existsSync(join(shell.cwd, 'tenants'))).toBe(false);
    });

    it('offers what was answered when it is entered again', async () => {
      const granted = ['native', 'rule,comment'];
      const again = ['again', ...Array.from({ length: 6 }, () => ENTER), 'keep'];
      const { relay, shell } = stage({
        answers: ['acme', 'global', SECRETS.WEBHOOK_SECRET, ...edr, ...granted, ...again, 'none'],
      });
      relay.state.tests.set('edr', { outcome: 'blocked', reason: 'unauthorized', status: 401 });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      const [first, second] = relay.sent('POST', /\/test$/).map(({ body }) => body);
      expect(second).toBe(first);
      expect(second).toContain('"actions":["rule","comment"]');
    });
  });

  describe('of what tells people', () => {
    const SLACK = sampleSlack().url;
    const TEAMS = sampleTeams().url;

    it('asks for each address as a secret, and writes it to .env alone', async () => {
      const answers = [
        ['acme', 'global', ''],
        ['slack', ENTER, SLACK, ENTER],
        ['teams', ENTER, TEAMS, 'none'],
        ['webhook', 'tickets', 'https://tickets.example.com/hook', true, 'Bearer of-the-tests', 'critical'],
        ['none'],
      ].flat();
      const { relay, shell } = stage({ answers });
      const ran = await shell.run('init');
      expect(ran.code).toBe(EXIT.ok);
      expect(parse(read(shell, 'tenants/acme.yaml'))).toMatchObject({
        destinations: [
          // A test event is told.
          {
            name: 'slack',
            type: 'slack',
            url: '${ACME_SLACK_URL}',
            messages: { events_at_or_above: 'high' },
          },
          { name: 'teams', type: 'teams', url: '${ACME_TEAMS_URL}' },
          {
            name: 'tickets',
            type: 'webhook',
            url: '${ACME_TICKETS_URL}',
            secrets: ['${ACME_TICKETS_SECRET}'],
            headers: { Authorization: '${ACME_TICKETS_AUTHORIZATION}' },
            messages: { events_at_or_above: 'critical' },
          },
        ],
      });
      const env = parseEnv(read(shell, 'tenants/.env'));
      expect(env).toMatchObject({
        ACME_SLACK_URL: SLACK,
        ACME_TEAMS_URL: TEAMS,
        ACME_TICKETS_SECRET: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
        ACME_TICKETS_AUTHORIZATION: 'Bearer of-the-tests',
      });
      const applied = await shell.run('apply -f tenants --yes');
      expect(applied).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('1 tenant created') });
      expect(relay.state.tenants.get('acme')?.config.destinations).toMatchObject([
        { url: SLACK },
        { url: TEAMS },
        { headers: { Authorization: 'Bearer of-the-tests' } },
      ]);
      for (const secret of [SLACK, TEAMS, 'of-the-tests', env['ACME_TICKETS_SECRET'] ?? '?'])
        expect(ran.all + applied.all).not.toContain(secret);
    });

    it.each([
      ['webhook', 'https://tickets.example.com/hook', [false, '', 'none', ' no '], 'Country where it'],
      ['slack', SLACK, ['none', ENTER, 'Contract 2026-11'], 'On what ground may messages go there?'],
      ['teams', TEAMS, ['none', ENTER, 'Contract 2026-11'], 'Where is that written down?'],
    ])(
      'asks an EU tenant what it declares of %s, so that nothing of it is missing',
      async (type, url, own, asked) => {
        const answers = ['acme', 'eu', '', type, ENTER, url, ...own, 'keep', 'none'];
        const { shell } = stage({ answers });
        const { stderr } = await shell.run('init');
        expect(shell.asked.join()).toContain(asked);
        // The relay of the tests has the host not on its list, and finds nothing else wrong.
        expect(stderr).toContain('destinations[0].url is not on the allow-list for EU tenants');
        expect(stderr).not.toMatch(/is missing|outside the EU and the EEA|must be/);
      },
    );

    it.each(['GB', 'CH', 'FRA', 'XX', 'EU'])(
      'takes no country outside the EU and the EEA: %s',
      async (code) => {
        const hook = ['webhook', ENTER, 'https://tickets.example.com/hook', false, '', 'none', code];
        const { shell } = stage({ answers: ['acme', 'eu', '', ...hook] });
        expect((await shell.run('init')).stderr).toContain('no country of the EU or the EEA');
      },
    );

    it('leaves signature and header out where none is wanted', async () => {
      const hook = ['webhook', 'hook', 'https://tickets.example.com/hook', false, '', 'none'];
      const { shell } = stage({ answers: ['acme', 'global', '', ...hook, 'none'] });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      expect(parse(read(shell, 'tenants/acme.yaml'))).toMatchObject({
        destinations: [{ name: 'hook', type: 'webhook', url: '${ACME_HOOK_URL}' }],
      });
      expect(read(shell, 'tenants/acme.yaml')).not.toMatch(/headers|ACME_HOOK_SECRET|messages/);
    });

    it('keeps what was entered before by an empty answer, unseen', async () => {
      const hook = [
        'webhook',
        'hook',
        'https://tickets.example.com/hook?key=k',
        true,
        'Bearer of-the-tests',
        'none',
      ];
      const again = ['again', 'webhook', ENTER, '', ENTER, '', ENTER, 'keep'];
      const { relay, shell } = stage({
        answers: ['acme', 'global', SECRETS.WEBHOOK_SECRET, ...hook, ...again, 'none'],
      });
      relay.state.tests.set('hook', { outcome: 'blocked', reason: 'unauthorized', status: 401 });
      expect((await shell.run('init')).code).toBe(EXIT.ok);
      const [first, second] = relay.sent('POST', /\/test$/).map(({ body }) => body);
      expect(second).toBe(first);
      expect(JSON.stringify(shell.offered)).not.toMatch(/key=k|of-the-tests/);
    });

    it.each([
      ['slack', TEAMS, /for another address use type: webhook/],
      ['slack', 'https://hooks.slack.com/triggers/T1/2/3', /takes no blocks/],
      ['teams', 'https://acme.webhook.office.com/webhookb2/1', /Microsoft has retired/],
      ['webhook', 'http://tickets.example.com', /must begin with https/],
    ])('takes no address of %s that the relay would refuse', async (type, url, message) => {
      const { shell } = stage({ answers: ['acme', 'global', '', type, ENTER, url] });
      const ran = await shell.run('init');
      expect(ran.stderr).toMatch(message);
      expect(existsSync(join(shell.cwd, 'tenants'))).toBe(false);
    });
  });

  it('writes what apply then takes as it is', async () => {
    const { relay, shell } = stage({ answers: ASKED });
    await shell.run('init');
    const applying = await shell.run('apply -f tenants --yes');
    expect(applying).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('1 tenant created') });
    expect(relay.state.tenants.get('acme')?.config.destinations[0]).toMatchObject({
      token: SECRETS.EDR_TOKEN,
    });
  });

  it('shows a failing test at once, and lets the person enter it again or keep it', async () => {
    const answers = [
      ['acme', 'global', ''],
      ['harfanglab', 'edr', 'https://edr.example.com:8443', 'wrong-token-1', ENTER, 'critical', 'again'],
      ['harfanglab', ENTER, ENTER, 'wrong-token-2', ENTER, ENTER, 'keep'],
      ['none'],
    ].flat();
    const { relay, shell } = stage({ answers });
    relay.state.tests.set('edr', { outcome: 'blocked', reason: 'unauthorized', status: 401 });
    const ran = await shell.run('init');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stderr).toMatch(/✖ edr\/events +blocked \(HTTP 401/);
    expect(read(shell, 'tenants/.env')).toContain('ACME_EDR_TOKEN=wrong-token-2\n');
    expect(parse(read(shell, 'tenants/acme.yaml'))).toMatchObject({
      destinations: [{ incidents: { events_at_or_above: 'critical' } }],
    });
    expect(ran.all).not.toContain('wrong-token');
  });

  it('shows the address that it made of one without a scheme, and no reference of the runtime', async () => {
    const answers = [
      ['acme', 'global', '', 'harfanglab', 'edr', 'edr.example.com:8443', 'some-token', ENTER, ENTER, 'keep'],
      ['none'],
    ].flat();
    const { relay, shell } = stage({ answers });
    const detail = 'internal error; reference = 0123456789abcdefghij';
    relay.state.tests.set('edr', { outcome: 'retry', reason: 'network', detail });
    const ran = await shell.run('init --dir my-files');
    expect(ran.stderr).toContain('edr was sought at https://edr.example.com:8443');
    expect(ran.all).not.toContain('reference');
    expect(ran.stdout).toContain('send-test-event acme -f my-files\n');
    expect(ran.stdout).toContain('rotate-secret acme webhook.secrets -f my-files');
  });

  it('makes a webhook secret up where there is none yet, and says how to replace it', async () => {
    const { shell } = stage({ answers: ['acme', 'global', '', 'none'] });
    const ran = await shell.run('init');
    const secret = parseEnv(read(shell, 'tenants/.env'))['ACME_WEBHOOK_SECRET'] ?? '';
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(ran.stdout).toContain('rotate-secret acme webhook.secrets');
    expect(ran.all).not.toContain(secret);
  });

  it('asks how a secret is read that is not base64', async () => {
    const { shell } = stage({
      answers: ['acme', 'global', 'not base64!', 'again', 'my secret phrase!', 'hmac', 'none'],
    });
    await shell.run('init');
    expect(parse(read(shell, 'tenants/acme.yaml'))).toMatchObject({ webhook: { scheme: 'hmac' } });
    expect(parseEnv(read(shell, 'tenants/.env'))).toEqual({ ACME_WEBHOOK_SECRET: 'my secret phrase!' });
  });

  it('writes nothing when the person leaves', async () => {
    const { shell } = stage({ answers: ['acme', 'global', null] });
    expect((await shell.run('init')).code).toBe(EXIT.interrupted);
    expect(existsSync(join(shell.cwd, 'tenants'))).toBe(false);
  });
});

describe('init --answers', () => {
  const env = { WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET };
  const files = { 'in/answers.yaml': ANSWERS, 'in/edr-token': `${SECRETS.EDR_TOKEN}\n` };

  it('asks nothing', async () => {
    const { shell } = stage({ env, files });
    const ran = await shell.run('init --answers in/answers.yaml --json');
    expect(ran.json()).toMatchObject({
      id: 'acme',
      file: 'tenants/acme.yaml',
      isTested: true,
      webhookSecretMadeUp: false,
    });
    expect(parseEnv(read(shell, 'tenants/.env'))).toEqual({
      ACME_WEBHOOK_SECRET: SECRETS.WEBHOOK_SECRET,
      ACME_EDR_TOKEN: SECRETS.EDR_TOKEN,
    });
    expect(ran.all).not.toContain(SECRETS.EDR_TOKEN);
  });

  it('keeps the rules that the answers name, and writes the text of a rule file out', async () => {
    const rule =
      'title: A\nname: a\nlogsource: { product: noxys }\ndetection: { s: { platform_id: grok }, condition: s }\n';
    const answers = `${ANSWERS}rules: { catalog: [], custom: [{ file: mine.yml }] }\n`;
    const { shell } = stage({ env, files: { ...files, 'in/answers.yaml': answers } });
    expect((await shell.run('init --answers in/answers.yaml')).stderr).toMatch(
      /in\/answers\.yaml:\d+:\d+: rules\.custom\[0\] refers to the file mine\.yml, which is not there/,
    );
    shell.write('in/mine.yml', rule);
    expect((await shell.run('init --answers in/answers.yaml')).code).toBe(EXIT.ok);
    const written = read(shell, 'tenants/acme.yaml');
    expect(parse(written)).toMatchObject({ rules: { catalog: [], custom: [rule.trimEnd()] } });
    expect(written).not.toContain('# Detection rules');
  });

  it('writes nothing when a destination does not pass its test, unless told', async () => {
    const { relay, shell } = stage({ env, files });
    relay.state.tests.set('edr', { outcome: 'retry', reason: 'network' });
    const ran = await shell.run('init --answers in/answers.yaml');
    expect(ran).toMatchObject({
      code: EXIT.failed,
      stderr: expect.stringContaining('edr did not pass the test'),
    });
    expect(existsSync(join(shell.cwd, 'tenants/acme.yaml'))).toBe(false);
    expect((await shell.run('init --answers in/answers.yaml --write-anyway')).code).toBe(EXIT.ok);
  });

  it('works without a relay, and says that nothing was tested', async () => {
    const { relay, shell } = stage({ env: { ...env, NOXYS_RELAY_URL: '' }, files });
    expect((await shell.run('init --answers in/answers.yaml')).stdout).toContain('Nothing was tested');
    expect(relay.requests).toEqual([]);
  });

  it('refuses what the relay would refuse', async () => {
    const { shell } = stage({
      env,
      files: { ...files, 'in/answers.yaml': ANSWERS.replace('edr.example.com', 'edr.local') },
    });
    expect(await shell.run('init --answers in/answers.yaml --no-test')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('destinations[0].base_url must be a host name on the public internet'),
    });
  });

  it('never replaces a file, unless told, and never another tenant’s secret', async () => {
    const { shell } = stage({ env, files });
    shell.write('tenants/.env', 'ACME_EDR_TOKEN=of-somebody-else\n');
    await shell.run('init --answers in/answers.yaml --no-test');
    expect(parseEnv(read(shell, 'tenants/.env'))).toMatchObject({
      ACME_EDR_TOKEN: 'of-somebody-else',
      ACME_EDR_TOKEN_2: SECRETS.EDR_TOKEN,
    });
    expect(await shell.run('init --answers in/answers.yaml --no-test')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('is there already'),
    });
    expect((await shell.run('init --answers in/answers.yaml --no-test --force')).code).toBe(EXIT.ok);
    expect(parseEnv(read(shell, 'tenants/.env'))).not.toHaveProperty('ACME_EDR_TOKEN_3');
  });

  it('names the place of a reference that leads nowhere', async () => {
    const { shell } = stage({ files });
    expect(await shell.run('init --answers in/answers.yaml')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('in/answers.yaml:3:22: webhook.secrets[0] refers to WEBHOOK_SECRET'),
    });
  });
});
