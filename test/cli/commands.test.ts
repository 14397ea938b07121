import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { EventView, LaneView } from '../../cli/api-types.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions, NOW_MS, TOKEN } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const AT = new Date(NOW_MS - 120_000).toISOString();

/** A relay with the tenants acme and beta. */
async function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  const files = { 'tenants/acme.yaml': tenantYaml('acme'), 'tenants/beta.yaml': tenantYaml('beta') };
  const setup = new FakeIo({ fetch: relay.fetch, env: SECRETS, files });
  await setup.run('apply -f tenants --yes');
  relay.requests.length = 0;
  const shell = new FakeIo({
    fetch: relay.fetch,
    env: SECRETS,
    ...options,
    files: { ...files, ...options.files },
  });
  return { relay, shell };
}

function eventOf(seq: number, more: Partial<EventView> = {}): EventView {
  return {
    seq,
    id: `evt_${seq}`,
    type: 'interaction.high_risk',
    occurredAt: AT,
    receivedAt: AT,
    tenant: 'acme',
    user: { key: 'p_17', id: 'u-17', email: 'jane.doe@example.com' },
    classifications: ['CREDIT_CARD'],
    classificationCount: 1,
    faults: [],
    source: 'noxys',
    ...more,
  };
}

describe('tenants', () => {
  it('lists all, page by page', async () => {
    const { relay, shell } = await stage();
    const acme = relay.state.tenants.get('acme');
    if (!acme) throw new Error('no acme');
    for (let i = 0; i < 450; i++) relay.state.tenants.set(`many-${i}`, acme);
    const ran = await shell.run('tenants');
    expect(ran.stdout).toMatch(/^tenant +residency +version +saved$/m);
    expect(ran.stdout).toContain('452 tenants');
    expect(relay.requests).toHaveLength(3);
    expect(
      (await shell.run('tenants list --prefix many-1 --json')).json<{ tenants: object[] }>().tenants,
    ).toHaveLength(111);
  });

  it('shows one with fingerprints of its secrets', async () => {
    const { shell } = await stage();
    const ran = await shell.run('tenants show acme');
    expect(ran.stdout).toMatch(/webhook\.secrets\[0\] +#[0-9a-f]{8}/);
    expect(ran.stdout).toContain('- <set>');
    expect(await shell.run('tenants show gone')).toMatchObject({ code: EXIT.notFound });
  });

  it('deletes one after its name was typed', async () => {
    const { relay, shell } = await stage({ answers: ['delete acme', 'no'] });
    expect((await shell.run('tenants delete acme')).code).toBe(EXIT.ok);
    expect((await shell.run('tenants delete beta')).code).toBe(EXIT.failed);
    expect([...relay.state.tenants.keys()]).toEqual(['beta']);
  });
});

describe('test', () => {
  it('tests every destination and fails when one does not take the event', async () => {
    const { relay, shell } = await stage();
    expect(await shell.run('test acme')).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining('delivered'),
    });
    relay.state.tests.set('edr', {
      outcome: 'blocked',
      reason: 'unauthorized',
      status: 401,
      detail: 'bad \u001B[31mtoken',
      hint: 'Rotate it.',
    });
    const ran = await shell.run('test acme edr');
    expect(ran).toMatchObject({ code: EXIT.failed, stdout: expect.stringContaining('Rotate it.') });
    expect(ran.stdout).toContain('✖ edr/events  blocked (HTTP 401, 12 ms)\n    unauthorized: bad �[31mtoken');
  });

  it('shows what works of a product with several lanes, what is missing, and what to do once', async () => {
    const { relay, shell } = await stage();
    const hint = 'Give the API client the scope.';
    const missing = {
      outcome: 'blocked',
      reason: 'scope_missing',
      status: 403,
      durationMs: 9,
      hint,
    } as const;
    relay.state.tested.set('edr', {
      destination: 'edr',
      tests: [
        { lane: 'edr/events', outcome: 'delivered', status: 200, durationMs: 31, eventId: 'test-1' },
        {
          lane: 'edr/cases',
          outcome: 'delivered',
          status: 200,
          durationMs: 12,
          notes: ['Cases: Read works.', 'Cases: Write \u001B[31mcan not be tested.'],
        },
        { lane: 'edr/indicators', ...missing, detail: 'the API client lacks IOC Management: Read' },
        { lane: 'edr/containment', ...missing, detail: 'the API client lacks Hosts: Read' },
      ],
    });
    const ran = await shell.run('test acme');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toBe(`✔ edr/events       delivered (HTTP 200, 31 ms)
✔ edr/cases        works (HTTP 200, 12 ms)
    Cases: Read works.
    Cases: Write �[31mcan not be tested.
✖ edr/indicators   blocked (HTTP 403, 9 ms)
    scope_missing: the API client lacks IOC Management: Read
    → Give the API client the scope.
✖ edr/containment  blocked (HTTP 403, 9 ms)
    scope_missing: the API client lacks Hosts: Read
`);
    const json = (await shell.run('test acme --json')).json<{ destinations: { tests: object[] }[] }>();
    expect(json.destinations[0]?.tests[1]).toMatchObject({
      lane: 'edr/cases',
      notes: ['Cases: Read works.', expect.anything()],
    });
  });

  it('says once what is wrong with all lanes of a destination, and of a path that takes no reads only that it works', async () => {
    const { relay, shell } = await stage();
    const refused = { outcome: 'blocked', reason: 'unauthorized', detail: 'HTTP 401', status: 401 } as const;
    const there = { outcome: 'delivered', status: 405, durationMs: 4 } as const;
    relay.state.tested.set('edr', {
      destination: 'edr',
      tests: [
        { lane: 'edr/events', ...refused, durationMs: 3 },
        { lane: 'edr/rules', ...refused, durationMs: 5 },
        { lane: 'edr/incidents', ...there, notes: ['The right to write can not be tested.'] },
      ],
    });
    expect((await shell.run('test acme')).stdout).toBe(`✖ edr/events     blocked (HTTP 401, 3 ms)
    unauthorized: HTTP 401
✖ edr/rules      blocked (HTTP 401, 5 ms)
✔ edr/incidents  works (4 ms)
    The right to write can not be tested.
`);
  });

  it('ends with the sentence of a product that is connected', async () => {
    const { relay, shell } = await stage();
    const summary = 'Successfully connected to CrowdStrike Falcon (eu-1)';
    relay.state.tested.set('edr', {
      destination: 'edr',
      tests: [{ lane: 'edr/events', outcome: 'delivered', durationMs: 3, eventId: 'test-1' }],
      summary,
    });
    const ran = await shell.run('test acme');
    expect(ran).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringMatching(/\n✔ Successfully connected to CrowdStrike Falcon \(eu-1\)\n$/),
    });
    expect((await shell.run('test acme --json')).json()).toMatchObject({ destinations: [{ summary }] });
  });

  it('tests a tenant as its file has it, without showing its secrets, and stores nothing', async () => {
    const { relay, shell } = await stage();
    const file = tenantYaml(
      'acme',
      '  - { name: second, type: harfanglab, base_url: "https://edr.example.com:9443", token: "${EDR_TOKEN}" }\n',
    );
    shell.write('new/acme.yaml', file);
    shell.write('new/beta.yaml', tenantYaml('beta'));
    const ran = await shell.run('test acme -f new');
    expect(ran.code).toBe(EXIT.ok);
    const sent = relay.sent('POST', /\/test$/);
    expect(sent.map(({ path }) => path)).toEqual(
      ['edr', 'second'].map((name) => `/api/v1/tenants/acme/destinations/${name}/test`),
    );
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({
      id: 'acme',
      destinations: [{ token: SECRETS.EDR_TOKEN }, { name: 'second' }],
    });
    expect(ran.all).not.toContain(SECRETS.EDR_TOKEN);
    expect(relay.state.tenants.get('acme')?.config.destinations).toHaveLength(1);
  });

  it.each([
    ['a file that is not there', 'gone.yaml', 'gone.yaml is not there'],
    ['files of other tenants', 'tenants/beta.yaml', 'No tenant file in tenants/beta.yaml is of acme'],
  ])('asks the relay nothing for %s', async (_what, file, message) => {
    const { relay, shell } = await stage();
    expect(await shell.run(`test acme -f ${file}`)).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining(message),
    });
    expect(relay.requests).toEqual([]);
  });
});

describe('pause and resume', () => {
  it('stop a destination and start it again', async () => {
    const { relay, shell } = await stage();
    expect((await shell.run('pause acme edr')).stdout).toContain('ends the pause at the next apply');
    expect((await shell.run('resume acme edr')).stdout).toContain('npx noxys-relay lanes acme');
    expect(relay.requests.map(({ path, body }) => [path.replace(/.*\//, ''), body])).toEqual([
      ['pause', ''],
      ['resume', '{"from":"backlog"}'],
    ]);
  });

  it('ask before what waits is given up', async () => {
    const { relay, shell } = await stage({ answers: [false, true] });
    expect((await shell.run('resume acme edr --from now')).code).toBe(EXIT.failed);
    expect(relay.requests).toEqual([]);
    expect((await shell.run('resume acme edr --from now')).stdout).toContain('3 events were given up');
  });
});

describe('lift-containment', () => {
  const ID = '0123456789abcdef0123456789abcdef';

  it.each([
    [`--device ${ID}`, { device_id: ID }],
    ['--hostname WKS-7', { hostname: 'WKS-7' }],
  ])('lets the host of %s back', async (option, body) => {
    const { relay, shell } = await stage();
    relay.state.isolated.push({ id: ID, name: 'WKS-7' });
    const ran = await shell.run(`lift-containment acme falcon ${option}`);
    expect(ran).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining(`Falcon lets the host back. Agent id: ${ID}.`),
    });
    expect(relay.requests.map((request) => [request.path, JSON.parse(request.body)])).toEqual([
      ['/api/v1/tenants/acme/destinations/falcon/lift-containment', body],
    ]);
  });

  it('says why nothing was done', async () => {
    const { shell } = await stage();
    const ran = await shell.run('lift-containment acme falcon --hostname WKS-8');
    expect(ran).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(ran.stderr).toContain('Nothing was changed: the host is not isolated.');
  });

  it.each(['', `--hostname WKS-7 --device ${ID}`])(
    'asks nothing unless one host is named: %j',
    async (options) => {
      const { relay, shell } = await stage();
      expect(await shell.run(`lift-containment acme falcon ${options}`.trim())).toMatchObject({
        code: EXIT.invalid,
        stderr: expect.stringContaining('either --hostname or --device'),
      });
      expect(relay.requests).toEqual([]);
    },
  );
});

describe('lanes', () => {
  const lane: LaneView = {
    lane: 'edr/events',
    state: 'blocked',
    undelivered: 5,
    delivered: 7,
    deadLettered: 0,
    expired: 0,
    parked: 0,
    discarded: 0,
    erased: 0,
    tries: 3,
    blocked: { reason: 'unauthorized', detail: 'The token is refused.', since: AT },
  };

  it('shows state, counts and why a lane is blocked', async () => {
    const { relay, shell } = await stage();
    relay.state.lanes.push(lane);
    const { stdout } = await shell.run('lanes acme');
    expect(stdout).toMatch(/edr\/events +blocked +5 +0 +7/);
    expect(stdout).toContain('edr/events unauthorized since 2 min ago: The token is refused.');
  });

  it('--watch looks again until Ctrl-C, which is its ordinary end', async () => {
    const { relay, shell } = await stage();
    relay.state.lanes.push(lane);
    let looks = 0;
    const watching = new FakeIo({
      fetch: shell.io.fetch,
      onSleep: () => void (++looks === 3 && watching.controller.abort()),
    });
    const ran = await watching.run('lanes acme --watch --interval 5 --json');
    expect(ran.code).toBe(EXIT.ok);
    expect(
      ran.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { lanes: object[] }).lanes.length),
    ).toEqual([1, 1, 1]);
    expect(watching.sleptMs).toBe(15_000);
  });
});

describe('events', () => {
  it('tail begins with the newest, then shows each new one once, with pseudonyms', async () => {
    const { relay, shell } = await stage();
    for (let seq = 1; seq <= 4; seq++) relay.state.events.push(eventOf(seq));
    let looks = 0;
    const tail = new FakeIo({
      fetch: shell.io.fetch,
      onSleep: () => {
        looks++;
        if (looks === 1) for (let seq = 5; seq <= 300; seq++) relay.state.events.push(eventOf(seq));
        if (looks === 3) tail.controller.abort();
      },
    });
    const ran = await tail.run('events tail acme -n 2 --json');
    const seqs = ran.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as EventView).seq);
    expect(seqs).toEqual(Array.from({ length: 298 }, (_, i) => i + 3));
    expect(ran.stdout).not.toContain('jane.doe');
  });

  it('--persons asks for persons', async () => {
    const { relay, shell } = await stage();
    relay.state.events.push(eventOf(1));
    const explained = await shell.run('events explain acme evt_1 --persons');
    expect(explained.stdout).toContain('user=jane.doe@example.com');
    expect(relay.requests[0]?.path).toContain('persons=show');
    expect((await shell.run('events explain acme evt_1')).stdout).toContain('user=p_0123456789abcdef');
  });

  it('search takes a user from stdin', async () => {
    const { relay, shell } = await stage({ stdin: 'jane.doe@example.com\n' });
    expect((await shell.run('events search acme --user-email -')).code).toBe(EXIT.ok);
    expect(JSON.parse(relay.requests.at(-1)?.body ?? '')).toMatchObject({
      user_email: 'jane.doe@example.com',
    });
  });

  it('explain says what each lane did, and is exit code 4 for an unknown event', async () => {
    const { relay, shell } = await stage();
    relay.state.events.push(eventOf(1));
    relay.state.explain = () => [
      { lane: 'edr/events', outcome: 'parked', why: 'It failed.', due: AT, deadLetter: 9 },
    ];
    expect((await shell.run('events explain acme evt_1')).stdout).toContain(
      'parked  edr/events: It failed. (dead letter 9, tries again 2 min ago)',
    );
    expect((await shell.run('events explain acme evt_2')).code).toBe(EXIT.notFound);
  });

  it('explain shows the lanes that did not want an event after the others', async () => {
    const { relay, shell } = await stage();
    relay.state.events.push(eventOf(1));
    relay.state.explain = () => [
      { lane: 'edr/alerts', outcome: 'not_wanted', why: 'No.' },
      { lane: 'edr/events', outcome: 'waiting', why: 'Soon.' },
      { lane: 'edr/rules', outcome: 'not_wanted', why: 'No.' },
      { lane: 'soc/messages', outcome: 'delivered', why: 'Yes.' },
    ];
    const { stdout } = await shell.run('events explain acme evt_1');
    expect(stdout.split('\n').slice(1, 5)).toEqual([
      '  waiting     edr/events: Soon.',
      '  delivered   soc/messages: Yes.',
      '  not_wanted  edr/alerts: No.',
      '  not_wanted  edr/rules: No.',
    ]);
  });

  it('search keeps persons out of URLs, and asks for them where they were left out', async () => {
    const { relay, shell } = await stage({ answers: ['jane.doe@example.com'] });
    for (let seq = 1; seq <= 3; seq++) relay.state.events.push(eventOf(seq));
    const ran = await shell.run('events search acme --user-email --since 6h --limit 2 --json');
    expect(ran.json()).toMatchObject({ events: [{ seq: 3 }, { seq: 2 }], nextBefore: 2 });
    const [request] = relay.sent('POST', /search/);
    expect(request?.path).not.toContain('jane');
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      user_email: 'jane.doe@example.com',
      since: '2026-11-21T23:00:00.000Z',
    });
  });
});

describe('dead letters, notices and audit', () => {
  const letter = (id: number) => ({
    id,
    lane: 'edr/events',
    eventId: `evt_${id}`,
    eventType: 'interaction.high_risk',
    reason: 'rejected' as const,
    status: 400,
    excerpt: 'bad\r\n\u001B]0;title\u0007field',
    attempts: 1,
    at: AT,
  });

  it('lists with the destination’s answer made harmless', async () => {
    const { relay, shell } = await stage();
    for (let id = 260; id > 0; id--) relay.state.deadLetters.push(letter(id));
    const ran = await shell.run('dead-letters acme --limit 250');
    expect(ran.stdout).toContain('bad �]0;title�field');
    expect(ran.stdout).toContain('There is more: --before 11');
    expect(relay.requests).toHaveLength(2);
  });

  it('shows some, and sends some or all of a kind again', async () => {
    const { relay, shell } = await stage();
    relay.state.deadLetters.push(letter(2), letter(1));
    expect((await shell.run('dead-letters acme show 1 2')).stdout).toContain('2 of edr/events: rejected');
    expect((await shell.run('dead-letters acme show 3')).code).toBe(EXIT.notFound);
    relay.requests.length = 0;
    await shell.run('dead-letters acme redrive 1 2');
    await shell.run('dead-letters acme redrive --cause rejected --since 2026-11-22T00:00:00Z');
    expect(relay.requests.map(({ path, body }) => [path.replace(/.*dead-letters/, ''), body])).toEqual([
      ['/1/redrive', ''],
      ['/2/redrive', ''],
      ['/redrive', '{"reason":"rejected","since":"2026-11-22T00:00:00Z"}'],
    ]);
  });

  it('shows notices and the audit log, of a tenant and of the deployment', async () => {
    const { relay, shell } = await stage();
    relay.state.notices.push({
      id: 1,
      kind: 'lane_blocked',
      at: AT,
      since: AT,
      lane: 'edr/events',
      text: 'Look.',
    });
    relay.state.audit.push({
      id: 1,
      at: AT,
      by: 'token:ci',
      action: 'config.saved',
      requestId: 'r1',
      reason: 'ticket 7',
      detail: { version: 2 },
    });
    expect((await shell.run('notices acme')).stdout).toMatch(/lane_blocked +edr\/events +– +Look\./);
    expect((await shell.run('audit acme')).stdout).toMatch(
      /token:ci +config\.saved +ticket 7 +\{"version":2\}/,
    );
    await shell.run('audit');
    expect(relay.requests.at(-1)?.path).toBe('/api/v1/audit?limit=50');
  });
});

describe('secrets and tokens', () => {
  it('rotate-secret adds a webhook secret, sets it in .env, and --finish drops the older', async () => {
    const next = 'whsec_YW5vdGhlciB3ZWJob29rIHNlY3JldCwgbG9uZyBlbm91Z2g=';
    const env = { EDR_TOKEN: SECRETS.EDR_TOKEN, NOXYS_NEW_SECRET: next };
    const { relay, shell } = await stage({
      env,
      files: { 'tenants/.env': `WEBHOOK_SECRET=${SECRETS.WEBHOOK_SECRET}\n# mine\n` },
    });
    const ran = await shell.run('rotate-secret acme webhook.secrets');
    expect(ran).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining('WEBHOOK_SECRET in tenants/.env has the new value.'),
    });
    expect(ran.all).not.toContain(next);
    expect(relay.state.tenants.get('acme')?.config.webhook.secrets).toEqual([next, SECRETS.WEBHOOK_SECRET]);
    expect(readFileSync(join(shell.cwd, 'tenants/.env'), 'utf8')).toBe(`WEBHOOK_SECRET=${next}\n# mine\n`);
    expect((await shell.run('rotate-secret acme webhook.secrets --finish')).code).toBe(EXIT.ok);
    expect(relay.state.tenants.get('acme')?.config.webhook.secrets).toEqual([next]);
    expect((await shell.run('rotate-secret acme webhook.secrets --finish')).stdout).toContain(
      'one secret only',
    );
  });

  it('rotate-secret takes a token from stdin or a prompt, and refuses other paths', async () => {
    const { relay, shell } = await stage({
      stdin: 'piped-token-0123456789\n',
      answers: ['typed-token-0123456789'],
    });
    await shell.run('rotate-secret acme destinations.edr.token --secret-file -');
    expect(relay.state.tenants.get('acme')?.config.destinations[0]).toMatchObject({
      token: 'piped-token-0123456789',
    });
    const ran = await shell.run('rotate-secret acme destinations.edr.token');
    expect(ran.stdout).toContain('tenants/acme.yaml still has the old value');
    expect(relay.state.tenants.get('acme')?.config.destinations[0]).toMatchObject({
      token: 'typed-token-0123456789',
    });
    expect((await shell.run('rotate-secret acme destinations.edr.base_url')).code).toBe(EXIT.invalid);
  });

  it('reseal goes through all and reports those that failed', async () => {
    const { relay, shell } = await stage();
    expect((await shell.run('reseal --all')).stdout).toContain(
      '2 tenants sealed under the current key, 2 of them anew.',
    );
    const ran = await shell.run('reseal acme gone --json');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.json()).toMatchObject({
      failed: 1,
      tenants: [
        { tenant: 'acme', resealed: 2 },
        { tenant: 'gone', error: expect.any(String) },
      ],
    });
    expect(relay.sent('POST', /reseal/)).toHaveLength(4);
  });

  it('reseal goes on while names of a sealed map are left', async () => {
    const { relay, shell } = await stage();
    relay.state.reseals.push(
      { resealed: 10_000, unopened: 0, isComplete: false },
      { resealed: 7, unopened: 0, isComplete: true },
    );
    expect((await shell.run('reseal acme --json')).json()).toMatchObject({
      tenants: [{ tenant: 'acme', resealed: 10_007 }],
      failed: 0,
    });
    expect(relay.sent('POST', /reseal/)).toHaveLength(2);
  });

  it('reseal fails where names do not open, and ends where it gets no further', async () => {
    const { relay, shell } = await stage();
    relay.state.reseals.push(
      { resealed: 3, unopened: 2, isComplete: true },
      { resealed: 0, unopened: 10_000, isComplete: false },
    );
    const ran = await shell.run('reseal acme beta --concurrency 1');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.all).toContain("Cannot reseal all of acme: 2 names in its sealed map can't be opened");
    expect(ran.all).toMatch(/all of beta: 10.?000 names/);
    expect(ran.all).toContain('Leave RELAY_MASTER_KEY_PREVIOUS in place');
    expect(relay.sent('POST', /reseal/)).toHaveLength(2);
  });

  it('token create shows it once, or writes it to a new file for its owner alone', async () => {
    const { relay, shell } = await stage();
    const shown = await shell.run('token create ci --role operator --tenant acme --days 30');
    expect(shown.stdout).toBe('minted.tok1.secret-part\n');
    expect(JSON.parse(relay.requests[0]?.body ?? '')).toEqual({
      name: 'ci',
      role: 'operator',
      tenant: 'acme',
      expires_in_days: 30,
    });
    const saved = await shell.run('token create ci --role viewer --out ci.token');
    expect(saved.all).not.toContain('secret-part');
    expect(readFileSync(join(shell.cwd, 'ci.token'), 'utf8')).toBe('minted.tok2.secret-part\n');
    expect(statSync(join(shell.cwd, 'ci.token')).mode & 0o777).toBe(0o600);
    const again = await shell.run('token create ci --role viewer --out ci.token');
    expect(again).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('No token was made') });
    expect(relay.sent('POST', /tokens$/)).toHaveLength(2);
  });

  it('token create leaves no empty file where no token was made', async () => {
    const shell = new FakeIo({ env: { NOXYS_RELAY_TOKEN: TOKEN } });
    expect((await shell.run('token create ci --role viewer --out ci.token')).code).toBe(EXIT.unreachable);
    expect(existsSync(join(shell.cwd, 'ci.token'))).toBe(false);
  });

  it('tenants delete names its own option where events wait', async () => {
    const { relay, shell } = await stage();
    relay.state.undelivered.set('acme', 1);
    const ran = await shell.run('tenants delete acme --yes');
    expect(ran).toMatchObject({
      code: EXIT.failed,
      stderr: expect.stringContaining('--discard-undelivered'),
    });
    expect(ran.all).not.toContain('undelivered=');
  });

  it('rotate-secret says when no file was changed, and refuses a -f that is not there', async () => {
    const env = { NOXYS_NEW_SECRET: 'typed-token-0123456789', ...SECRETS };
    const { relay, shell } = await stage({ env });
    const gone = await shell.run('rotate-secret acme destinations.edr.token -f elsewhere');
    expect(gone).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('elsewhere is not there'),
    });
    expect(relay.requests).toEqual([]);
    rmSync(join(shell.cwd, 'tenants'), { recursive: true });
    const ran = await shell.run('rotate-secret acme destinations.edr.token');
    expect(ran.stdout).toContain(
      'There is no tenant file of acme in tenants: change yours before the next apply',
    );
    const silent = await shell.run('rotate-secret acme destinations.edr.token --json');
    expect(silent.stderr).toContain('change yours before the next apply');
  });

  it('token list and revoke', async () => {
    const { shell } = await stage();
    await shell.run('token create ci --role viewer');
    expect((await shell.run('token list')).stdout).toMatch(
      /tok1 +ci +viewer +all +bootstrap +expires in 90 d/,
    );
    expect((await shell.run('token revoke tok1')).code).toBe(EXIT.ok);
    expect((await shell.run('token list')).stdout).toContain('revoked now');
    expect((await shell.run('token revoke tok9')).code).toBe(EXIT.notFound);
    expect(existsSync(join(shell.cwd, '.env'))).toBe(false);
  });
});

describe('users', () => {
  const KEY = 'p_0123456789abcdefghijkl';

  it('key shows the pseudonym of a user, whose name is no argument', async () => {
    const { relay, shell } = await stage({ stdin: 'jane.doe@example.com\n' });
    relay.state.names.set(KEY, { user_email: 'jane.doe@example.com' });
    const ran = await shell.run('users key acme --user-email -');
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: `${KEY}\n` });
    const [request] = relay.sent('POST', /users\/key$/);
    expect(JSON.parse(request?.body ?? '')).toEqual({ user_email: 'jane.doe@example.com' });
    expect((await shell.run('users key acme --user-id u-1 --json')).json()).toEqual({
      key: 'p_0123456789abcdef',
    });
  });

  it('key takes a name whichever it is, and shows the pseudonym of each', async () => {
    const { relay, shell } = await stage();
    relay.state.names.set(KEY, { user_email: 'jane.doe@example.com' });
    const line = 'users key acme --user jane.doe@example.com';
    expect((await shell.run(line)).stdout).toBe(
      `p_0123456789abcdef  as an id\n${KEY}  as an e-mail address\n`,
    );
    expect((await shell.run(`${line} --json`)).json()).toEqual({
      keys: { user_id: 'p_0123456789abcdef', user_email: KEY },
    });
  });

  it('key asks for the name where there is a terminal', async () => {
    const { relay, shell } = await stage({ answers: ['u-17'] });
    relay.state.names.set(KEY, { user_id: 'u-17' });
    expect((await shell.run('users key acme --user-id')).stdout).toBe(`${KEY}\n`);
    expect(shell.asked).toEqual(["The user's id"]);
  });

  it.each([
    ['users key acme', 'Say which user: --user, --user-id or --user-email'],
    [`users key acme --user ${KEY}`, 'It is a key already'],
    ['users key acme --user a --user-id b', '--user goes alone'],
    ['users key acme --user-id u-1 --user-email a@b.fr', 'in one way'],
    ['users reveal acme u-17', 'A key is p_ and 22 characters'],
    ['users reveal acme', 'key'],
  ])('%s is refused before anything is asked', async (line, words) => {
    const { relay, shell } = await stage();
    expect(await shell.run(line)).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining(words),
    });
    expect(relay.requests).toEqual([]);
  });

  it.each([
    [{ user_id: 'u-17' }, 'u-17\n'],
    [{ user_email: 'jane.doe@example.com' }, 'jane.doe@example.com\n'],
  ])('reveal shows %j, with the reason for the audit', async (name, shown) => {
    const { relay, shell } = await stage();
    relay.state.names.set(KEY, name);
    const ran = await shell.run(`users reveal acme ${KEY} --reason INC-42`);
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: shown });
    const [request] = relay.sent('POST', /users\/reveal$/);
    expect(JSON.parse(request?.body ?? '')).toEqual({ user_key: KEY });
    expect((await shell.run(`users reveal acme ${KEY} --json`)).json()).toEqual(name);
  });

  it('reveal writes nothing to the terminal that a name could hide in itself', async () => {
    const { relay, shell } = await stage();
    relay.state.names.set(KEY, { user_email: 'a\u001b[2Jb@example.com' });
    expect((await shell.run(`users reveal acme ${KEY}`)).stdout).not.toContain('\u001b');
  });

  it('reveal says what the relay says where there is no name', async () => {
    const { shell } = await stage();
    expect(await shell.run(`users reveal acme ${KEY}`)).toMatchObject({
      code: EXIT.notFound,
      stderr: expect.stringContaining('The sealed map has no name for this key'),
    });
  });
});
