import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ExportItem, HoldView } from '../../cli/api-types.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions, NOW_MS } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { problem } from './stand-in-types.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

const JANE = { key: 'p_0123456789abcdefghijkl', id: 'u-17', email: 'jane.doe@example.com' };
const NAMES = /jane|u-17/;
const AT = '2026-11-21T05:00:00.000Z';

function eventItem(number: number): ExportItem {
  const event = {
    v: 1,
    id: `evt_${number}`,
    type: 'interaction.high_risk',
    occurredAt: AT,
    receivedAt: AT,
    tenant: 'acme',
    user: JANE,
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it is on the wire
  return { kind: 'event', event } as unknown as ExportItem;
}

const ITEMS: readonly ExportItem[] = [
  { kind: 'key', key: JANE.key },
  eventItem(1),
  eventItem(2),
  { kind: 'watch', since: AT, until: AT },
  eventItem(3),
];

/** A relay with the tenant acme, which has stored something of Jane. */
async function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  const files = { 'tenants/acme.yaml': tenantYaml('acme') };
  await new FakeIo({ fetch: relay.fetch, env: SECRETS, files }).run('apply -f tenants --yes');
  relay.requests.length = 0;
  relay.state.rights.persons.push({ ...JANE, items: ITEMS });
  return { relay, shell: new FakeIo({ fetch: relay.fetch, ...options }) };
}

function bodyOf(relay: StandIn, path: RegExp): unknown {
  return JSON.parse(relay.sent('POST', path)[0]?.body ?? 'null');
}

function hold(id: number, more: Partial<HoldView> = {}): HoldView {
  return { id, at: AT, by: 'token:dpo', reason: 'case 2026-17', held: 3, ...more };
}

const FAILURE = (status: number, kind: string, detail: string) => () => problem(status, kind, detail);

describe('who is meant', () => {
  it.each([
    ['--user jane.doe@example.com', { user_id: JANE.email, user_email: JANE.email }],
    [`--user ${JANE.key}`, { user_key: JANE.key }],
    ['--user-id u-17 --user-email jane.doe@example.com', { user_id: 'u-17', user_email: JANE.email }],
    [
      `--user-id u-17 --user-email ${JANE.email} --user-key ${JANE.key}`,
      { user_id: 'u-17', user_email: JANE.email, user_key: JANE.key },
    ],
    ['--user-id 0123456789abcdef0123456789abcdef', { user_id: '0123456789abcdef0123456789abcdef' }],
  ])('is said by any names, in the body alone: %s', async (options, body) => {
    const { relay, shell } = await stage();
    expect((await shell.run(`erase acme --yes ${options}`)).code).toBe(EXIT.ok);
    expect(bodyOf(relay, /erase$/)).toEqual(body);
    expect((await shell.run(`export acme ${options}`)).code).toBe(EXIT.ok);
    expect(bodyOf(relay, /export$/)).toEqual(body);
    expect(relay.requests.filter(({ path }) => /jane|u-17|0123/.test(path))).toEqual([]);
  });

  it.each(['u-17\n', 'u-17\r\n', '\uFEFFu-17\r\n', '  u-17  '])(
    'is read from stdin with the line ends of any system: %j',
    async (stdin) => {
      const { relay, shell } = await stage({ stdin });
      expect((await shell.run('export acme --user -')).code).toBe(EXIT.ok);
      expect(bodyOf(relay, /export$/)).toEqual({ user_id: 'u-17', user_email: 'u-17' });
    },
  );

  it('is asked for where an option has no value', async () => {
    const { relay, shell } = await stage({ answers: ['u-17', JANE.email, 'acme'] });
    expect((await shell.run('erase acme --user-id --user-email')).code).toBe(EXIT.ok);
    expect(shell.asked.slice(0, 2)).toEqual(["The user's id", "The user's e-mail address"]);
    expect(bodyOf(relay, /erase$/)).toEqual({ user_id: 'u-17', user_email: JANE.email });
  });

  it.each([
    ['erase acme --yes', 'Who is to be erased?', ''],
    ['export acme', 'Whose data is it?', ''],
    ['export acme --user a --user-id b', '--user goes alone', ''],
    [`export acme --user a --user-key ${JANE.key}`, '--user goes alone', ''],
    ['export acme --user-id - --user-email -', 'Only one name can be given on stdin', 'a\nb\n'],
    ['export acme --user', 'nobody can be asked here', ''],
    ['export acme --user -', 'is empty', '\r\n'],
    ['erase acme --yes --user-id -', 'must be one name in one line', 'u-17\r\nu-18\r\n'],
    ['export acme --user u-17 --force', '--force goes with --out', ''],
    ['erasures acme --wait', '--wait needs the number', ''],
    ['erasures acme none', 'whole number', ''],
    ['holds place acme --reason x', 'either a person', ''],
    ['holds place acme --reason x --everything --user a', 'either a person', ''],
    ['holds place acme --user u-17', 'Say why it is held', ''],
    ['holds lift acme', "missing required argument 'hold'", ''],
  ])('asks nothing of the relay where the options do not fit: %s', async (line, words, stdin) => {
    const { relay, shell } = await stage({ stdin });
    const ran = await shell.run(line);
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining(words) });
    expect(relay.requests).toEqual([]);
  });
});

describe('whoever may not, and whatever is not there', () => {
  const LINES = [
    'erase acme --user u-17 --yes',
    'erasures acme',
    'export acme --user u-17',
    'holds list acme',
    'holds place acme --everything --reason x',
    'holds lift acme 1 --yes',
    'retention acme',
  ];

  it.each(LINES)('needs the role: %s', async (line) => {
    const { relay, shell } = await stage();
    relay.intercept = FAILURE(403, 'role_missing', 'This needs the role admin.');
    expect(await shell.run(line)).toMatchObject({
      code: EXIT.unreachable,
      stdout: '',
      stderr: expect.stringMatching(/needs the role admin[^]*Use a token with the role/),
    });
  });

  it.each(LINES)('needs a tenant: %s', async (line) => {
    const { shell } = await stage();
    const ran = await shell.run(`${line.replace('acme', 'gone')} --json`);
    expect(ran.code).toBe(EXIT.notFound);
    expect(ran.json()).toMatchObject({ error: { kind: 'tenant_not_found' } });
    expect(ran.stderr).toContain('No tenant has this id.');
  });

  it('has no report of an erasure that never was, and lifts no hold that is not there', async () => {
    const { shell } = await stage({ answers: [] });
    expect((await shell.run('erasures acme 7')).code).toBe(EXIT.notFound);
    expect((await shell.run('holds lift acme 7 --yes')).code).toBe(EXIT.notFound);
    expect(await shell.run('holds lift acme 7')).toMatchObject({
      code: EXIT.notFound,
      stderr: expect.stringContaining('holds list acme'),
    });
  });

  it('tells a relay of an older version', async () => {
    const { relay, shell } = await stage();
    relay.intercept = FAILURE(404, 'route_not_found', 'Nothing is here.');
    expect((await shell.run('retention acme')).stderr).toContain('older version');
  });
});

describe('erase', () => {
  it('shows what will happen and erases nothing until the tenant was typed', async () => {
    const { relay, shell } = await stage({ answers: ['beta', 'acme'] });
    const refused = await shell.run('erase acme --user u-17');
    expect(refused).toMatchObject({ code: EXIT.failed, stdout: '' });
    expect(refused.stderr).toContain('stays in edr (harfanglab)');
    expect(relay.sent('POST')).toEqual([]);
    expect((await shell.run('erase acme --user u-17')).code).toBe(EXIT.ok);
    expect(relay.sent('POST')).toHaveLength(1);
    expect(shell.asked.at(-1)).toContain('Type "acme"');
  });

  it('asks for --yes where nobody can be asked', async () => {
    const { relay, shell } = await stage();
    expect(await shell.run('erase acme --user u-17')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('Say --yes'),
    });
    expect(relay.sent('POST')).toEqual([]);
  });

  it('waits until it is done and prints a report that names nobody', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.looksUntilDone = 3;
    relay.state.rights.erasure = {
      undelivered: { 'edr/events': 4 },
      outside: {
        destinations: [
          { destination: 'edr', type: 'harfanglab', entries: 12 },
          { destination: 'falcon', type: 'falcon', entries: 1 },
          { destination: 'soc', type: 'slack', entries: 2 },
          { destination: 'team', type: 'teams', entries: 2 },
          { destination: 'hook', type: 'webhook', entries: 2 },
          { destination: 'new', type: 'carrier_pigeon', entries: 2 },
          { destination: 'idle', type: 'falcon', entries: 0 },
        ],
        recoverableUntil: '2026-12-22T05:00:00.000Z',
      },
      alsoSeen: ['p_abcdefghijkl0123456789'],
    };
    const ran = await shell.run('erase acme --user jane.doe@example.com --yes');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.all).not.toMatch(NAMES);
    expect(ran.stderr).toContain('Erasing: 6 things removed so far.');
    expect(ran.stdout).toContain(`Erasure 1 of a person from the tenant acme
begun     2026-11-22 05:00:00 UTC
done      2026-11-22 05:00:00 UTC
known as  ${JANE.key}

Removed from the relay
        5  events
        0  detections
`);
    for (const text of [
      '        4  edr/events',
      'come late are dropped until 2026-11-30 05:00:00 UTC',
      'edr (harfanglab): up to 12 entries. Look for',
      'falcon (falcon): up to 1 entry. Look for the names and the keys in Next-Gen SIEM',
      'soc (slack): up to 2 entries. Search the channel',
      'team (teams): up to 2 entries. Search the channel',
      'hook (webhook): up to 2 entries. Ask whoever runs the receiver',
      'new (carrier_pigeon): up to 2 entries. Ask whoever runs it',
      'idle (falcon): nothing of the person was delivered.',
      'until 2026-12-22 05:00:00 UTC',
      'npx noxys-relay erase acme --user-key p_abcdefghijkl0123456789',
    ])
      expect(ran.stdout).toContain(text);
  });

  it('says what still names the person, and ends with 1', async () => {
    const { relay, shell } = await stage();
    const path = 'destinations[0].where';
    relay.state.rights.erasure = { remaining: [{ path, mend: 'Take the entry out of\u001B[2J the file.' }] };
    const ran = await shell.run('erase acme --user u-17 --yes');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toContain(`${path}: Take the entry out of�[2J the file.`);
  });

  it('has the report as a document, too, with what is to do outside', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.erasure = {
      outside: {
        destinations: [{ destination: 'edr', type: 'harfanglab', entries: 1 }],
        recoverableUntil: AT,
      },
    };
    expect((await shell.run('erase acme --user u-17 --yes --json')).json()).toMatchObject({
      tenant: 'acme',
      erasure: { id: 1, keys: [JANE.key], doneAt: expect.any(String) },
      advice: [{ destination: 'edr', advice: expect.stringContaining('HarfangLab') }],
    });
  });

  it('is refused by a hold, and says how to lift it', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.holds.push(hold(3, { keys: [JANE.key] }), hold(4));
    const ran = await shell.run('erase acme --user u-17 --yes --json');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stderr).toContain(
      'Lift what is not needed any more:\n  npx noxys-relay holds lift acme 3\n  npx noxys-relay holds lift acme 4',
    );
    expect(ran.json()).toMatchObject({ error: { kind: 'subject_held', holds: [3, 4] } });
    expect(relay.state.rights.erasures).toEqual([]);
  });

  it('is not repeated where its answer was lost, as its report would be of nothing', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) => {
      if (!path.endsWith('/erase')) return undefined;
      throw Object.assign(new TypeError('fetch failed'), {
        cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
      });
    };
    expect(await shell.run('erase acme --user u-17 --yes')).toMatchObject({
      code: EXIT.unreachable,
      stderr: expect.stringContaining('It may have begun all the same: npx noxys-relay erasures acme'),
    });
    expect(relay.sent('POST', /erase$/)).toHaveLength(1);
  });

  it('tells how to look again where the relay goes away meanwhile', async () => {
    const { relay, shell } = await stage();
    relay.intercept = ({ path }) => {
      if (path.includes('/erasures/')) throw new TypeError('fetch failed');
      return undefined;
    };
    const ran = await shell.run('erase acme --user u-17 --yes --json');
    expect(ran.code).toBe(EXIT.unreachable);
    expect(ran.stderr).toContain('goes on by itself: npx noxys-relay erasures acme 1 --wait');
    expect(ran.json()).toMatchObject({ error: { kind: 'not_reachable', erasure: 1 } });
  });

  it('goes on by itself after Ctrl-C', async () => {
    const relay = await stage();
    const shell = new FakeIo({ fetch: relay.relay.fetch, onSleep: () => shell.controller.abort() });
    const ran = await shell.run('erase acme --user u-17 --yes');
    expect(ran).toMatchObject({
      code: EXIT.interrupted,
      stdout: '',
      stderr: expect.stringContaining('erasures acme 1 --wait'),
    });
  });

  it('gives up on one in which nothing happens any more', async () => {
    const { relay, shell } = await stage();
    const stuck = { ...(await begun(relay)), id: 1 };
    relay.intercept = ({ path }) => (path.endsWith('/erasures/1') ? Response.json(stuck) : undefined);
    const ran = await shell.run('erasures acme 1 --wait');
    expect(ran).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('doctor acme') });
    expect(shell.sleptMs).toBeGreaterThan(600_000);
  });

  it('refuses an answer that is none', async () => {
    const { relay, shell } = await stage();
    const { outside: _, ...rest } = await begun(relay);
    for (const body of [rest, { ...rest, outside: {} }]) {
      relay.intercept = ({ path }) => (path.endsWith('/erase') ? Response.json(body) : undefined);
      const ran = await shell.run('erase acme --user u-17 --yes');
      expect(ran).toMatchObject({
        code: EXIT.unreachable,
        stderr: expect.stringContaining('without outside'),
      });
    }
  });

  it('need not be waited for: erasures reports it later, and lists all by keys', async () => {
    const { relay, shell } = await stage();
    expect((await shell.run('erasures acme')).stdout).toBe('Nobody was erased.\n');
    const ran = await shell.run('erase acme --user u-17 --yes --no-wait');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toContain('not yet: it goes on by itself');
    expect(ran.stderr).toContain('erasures acme 1 --wait');
    expect(relay.sent('GET', /erasures/)).toHaveLength(1);
    const listed = await shell.run('erasures acme');
    expect(listed.stdout).toMatch(/^ 1 +2026-11-22 05:00:00 +goes on +5 +0 +p_0123456789abcdefghijkl$/m);
    const shown = await shell.run('erasures acme 1 --wait');
    expect(shown.stdout).toMatch(/^done +2026-11-22/m);
  });
});

/** An erasure as the relay answers it. */
async function begun(relay: StandIn): Promise<Record<string, unknown>> {
  const shell = new FakeIo({ fetch: relay.fetch });
  const ran = await shell.run('erase acme --user nobody --yes --no-wait --json');
  return ran.json<{ readonly erasure: Record<string, unknown> }>().erasure;
}

describe('export', () => {
  interface Document {
    readonly items: readonly ExportItem[];
  }

  it('writes all pages into one document', async () => {
    const { relay, shell } = await stage();
    const ran = await shell.run('export acme --user-id u-17');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.json()).toEqual({
      tenant: 'acme',
      exportedAt: new Date(NOW_MS).toISOString(),
      items: ITEMS,
      keys: [JANE.key],
      counts: { key: 1, event: 3, watch: 1 },
      isComplete: true,
    });
    expect(ran.stderr).toBe('Complete: 1 × key, 3 × event, 1 × watch.\n');
    expect(
      relay.sent('POST', /export$/).map(({ body }) => (JSON.parse(body) as { cursor?: string }).cursor),
    ).toEqual([undefined, 'at-2', 'at-4']);
  });

  it('is whole where nothing is stored, or a page is empty', async () => {
    const { relay, shell } = await stage();
    const ran = await shell.run('export acme --user nobody');
    expect(ran).toMatchObject({ code: EXIT.ok, stderr: 'Nothing is stored of this person.\n' });
    expect(ran.json()).toMatchObject({ items: [], isComplete: true });
    let page = 0;
    relay.intercept = () => Response.json(page++ === 0 ? { items: [], next: 'x' } : { items: [ITEMS[0]] });
    expect((await shell.run('export acme --user u-17')).json()).toMatchObject({ items: [ITEMS[0]] });
  });

  it('writes a new file for its owner alone, and no other', async () => {
    const { shell } = await stage({ files: { 'old.json': 'mine' } });
    const ran = await shell.run('export acme --user-id u-17 --out jane.json');
    expect(ran.stdout).toBe('5 items in jane.json.\n');
    const path = join(shell.cwd, 'jane.json');
    expect((JSON.parse(readFileSync(path, 'utf8')) as Document).items).toEqual(ITEMS);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await shell.run('export acme --user-id u-17 --out old.json');
    expect(again).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('--force') });
    expect(readFileSync(join(shell.cwd, 'old.json'), 'utf8')).toBe('mine');
    const forced = await shell.run('export acme --user-id u-17 --out old.json --force --json');
    expect(forced.json()).toMatchObject({ file: 'old.json', counts: { event: 3 } });
    expect(statSync(join(shell.cwd, 'old.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(shell.cwd).toSorted()).toEqual(['jane.json', 'old.json']);
  });

  it('asks nothing where the file can not be written', async () => {
    const { relay, shell } = await stage();
    mkdirSync(join(shell.cwd, 'folder'));
    for (const out of ['folder', 'nowhere/jane.json', 'folder --force'])
      expect((await shell.run(`export acme --user u-17 --out ${out}`)).code).toBe(EXIT.invalid);
    expect(relay.requests).toEqual([]);
  });

  it('takes no name that somebody else took meanwhile', async () => {
    const { relay, shell } = await stage();
    relay.intercept = () => void shell.write('jane.json', 'theirs') as undefined;
    const ran = await shell.run('export acme --user u-17 --out jane.json');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('there already') });
    expect(readFileSync(join(shell.cwd, 'jane.json'), 'utf8')).toBe('theirs');
    expect(readdirSync(shell.cwd)).toEqual(['jane.json']);
  });

  it('waits as long as a busy relay asks, and says so', async () => {
    const { relay, shell } = await stage();
    const busy = [
      problem(429, 'too_many_requests', 'Later.', {}, { 'retry-after': '7' }),
      undefined,
      problem(503, 'unavailable', 'Later.', {}, { 'retry-after': '3' }),
    ];
    relay.intercept = () => busy.shift();
    const ran = await shell.run('export acme --user u-17');
    expect(ran.json()).toMatchObject({ items: ITEMS, isComplete: true });
    expect(ran.stderr).toContain('asks to wait 7 s');
    expect(shell.sleptMs).toBe(10_000);
  });

  it.each([
    ['the relay goes away', EXIT.unreachable],
    ['it is interrupted', EXIT.interrupted],
    ['the place of the next page is forgotten', EXIT.invalid],
    ['the pages repeat', EXIT.failed],
    ['an answer is none', EXIT.unreachable],
  ])('leaves no file, and says that a document is not whole, where %s', async (what, code) => {
    for (const out of ['', ' --out jane.json']) {
      const { relay, shell } = await stage();
      relay.intercept = ({ body }) => {
        if (!body.includes('at-2')) return undefined;
        if (what.includes('goes away')) throw new TypeError('fetch failed');
        if (what.includes('interrupted')) shell.controller.abort();
        if (what.includes('forgotten'))
          return problem(400, 'parameter_invalid', 'cursor is none of this tenant');
        return Response.json(what.includes('repeat') ? { items: [], next: 'at-2' } : { items: [{}] });
      };
      const ran = await shell.run(`export acme --user u-17${out} --json`);
      expect(ran.code).toBe(code);
      expect(readdirSync(shell.cwd)).toEqual([]);
      if (out === '') {
        expect(ran.json()).toMatchObject({ items: ITEMS.slice(0, 2), isComplete: false });
        expect(ran.stderr).toContain('The export is not complete');
      } else {
        expect(ran.json()).toMatchObject({ error: { hint: expect.stringContaining('No file was written') } });
      }
    }
  });

  it('shows a terminal no control characters, and a reader of JSON all of them', async () => {
    const { relay, shell } = await stage();
    const items: ExportItem[] = [{ kind: 'device', hostname: 'WKS\u001B[31m\u202E7' }];
    relay.state.rights.persons.push({ key: 'p_7', id: 'u-7', items });
    const ran = await shell.run('export acme --user u-7');
    expect(ran.stdout).not.toMatch(/[\u001B\u202E]/u);
    expect(ran.json<Document>().items).toEqual(items);
  });

  it('ends where nobody reads on', async () => {
    const { relay, shell } = await stage();
    const gone = AbortSignal.abort();
    const { io } = shell;
    Object.assign(io, { readerGone: gone });
    expect((await shell.run('export acme --user u-17')).code).toBe(EXIT.ok);
    expect(relay.sent('POST', /export$/)).toHaveLength(1);
  });
});

describe('holds', () => {
  it('are placed for a person or for everything, with a reason, and listed by keys', async () => {
    const { relay, shell } = await stage();
    expect((await shell.run('holds list acme')).stdout).toBe('Nothing is held.\n');
    const line = ['holds', 'place', 'acme', '--reason', 'case 2026-17'];
    const placed = await shell.run([...line, '--user', JANE.email]);
    expect(placed.stdout).toContain(`Hold 1 of ${JANE.key} is in place`);
    expect((await shell.run([...line, '--everything'])).stdout).toContain('Hold 2 of everything');
    const bodies = relay.sent('POST', /holds$/).map(({ body }) => JSON.parse(body) as unknown);
    expect(bodies).toEqual([
      { user_id: JANE.email, user_email: JANE.email, reason: 'case 2026-17' },
      { reason: 'case 2026-17' },
    ]);
    const listed = await shell.run('holds list acme');
    expect(listed.stdout).toMatch(/^ 2 +2026-11-22 05:00:00 +everything +bootstrap +0 +case 2026-17$/m);
    expect(listed.all + placed.all).not.toMatch(NAMES);
  });

  it('are lifted once somebody agreed', async () => {
    const { relay, shell } = await stage({ answers: [false, true] });
    relay.state.rights.holds.push(hold(3, { keys: [JANE.key] }), hold(4));
    expect((await shell.run('holds lift acme 3')).code).toBe(EXIT.failed);
    expect(shell.asked[0]).toContain(`Lift hold 3 of ${JANE.key}`);
    expect(relay.state.rights.holds).toHaveLength(2);
    expect((await shell.run('holds lift acme 3')).stdout).toBe(`Hold 3 of ${JANE.key} is lifted.\n`);
    expect((await shell.run('holds lift acme 4 --yes --json')).json()).toMatchObject({ id: 4 });
    expect(relay.state.rights.holds).toEqual([]);
  });

  it('are refused when there are too many, and are not placed twice where an answer is lost', async () => {
    const { relay, shell } = await stage();
    for (let id = 1; id <= 50; id++) relay.state.rights.holds.push(hold(id));
    const line = 'holds place acme --everything --reason x';
    expect(await shell.run(line)).toMatchObject({
      code: EXIT.failed,
      stderr: expect.stringContaining('50 holds'),
    });
    relay.requests.length = 0;
    relay.intercept = () => {
      throw new TypeError('fetch failed');
    };
    expect((await shell.run(line)).code).toBe(EXIT.unreachable);
    expect(relay.requests).toHaveLength(1);
  });
});

describe('retention', () => {
  const line = { kind: 'events', days: 30, basis: 'retention.events', isOverdue: false };

  it('says of each kind how long it is kept, and that all is in time', async () => {
    const { relay, shell } = await stage();
    relay.state.rights.retention.push(
      { ...line, oldestAt: AT, goesBy: '2026-12-21T05:00:00.000Z', lastDroppedAt: AT },
      { ...line, kind: 'audit', days: 1 },
    );
    const ran = await shell.run('retention acme');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toMatch(
      /^events +30 days +retention\.events +2026-11-21 05:00:00 +2026-12-21 05:00:00 +2026-11-21 05:00:00 +in time$/m,
    );
    expect(ran.stdout).toMatch(/^audit +1 day +retention\.events +– +– +– +empty$/m);
  });

  it('ends with 1 where something is overdue and nothing says why', async () => {
    const { relay, shell } = await stage();
    const held = { ...line, oldestAt: AT, isOverdue: true, keptBy: 'hold 3' };
    relay.state.rights.retention.push(held);
    const kept = await shell.run('retention acme');
    expect(kept).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('kept: hold 3') });
    relay.state.rights.retention.push({ ...line, kind: 'detections', oldestAt: AT, isOverdue: true });
    const late = await shell.run('retention acme');
    expect(late.code).toBe(EXIT.failed);
    expect(late.stdout).toContain('OVERDUE');
    expect(late.stderr).toContain('detections: older than it may be');
    const json = await shell.run('retention acme --json');
    expect(json.code).toBe(EXIT.failed);
    expect(json.json<{ lines: object[] }>().lines).toHaveLength(2);
  });
});
