import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { AT, bodyOf, hold, ITEMS, JANE, NAMES, refusing, stage } from './rights-for-test.ts';
import { problem } from './stand-in-types.ts';

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
    relay.state.rights.persons.push({ key: 'p_other', id: '0123456789abcdef0123456789abcdef', items: ITEMS });
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
    ['erase acme --yes --user-key p_short', 'A key is p_ and 22 characters', ''],
    ['export acme --user-key p_short', 'A key is p_ and 22 characters', ''],
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
    relay.intercept = refusing(403, 'role_missing', 'This needs the role admin.');
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
    relay.intercept = refusing(404, 'route_not_found', 'Nothing is here.');
    expect((await shell.run('retention acme')).stderr).toContain('older version');
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

  it('keep a tenant from being deleted, which says so in commands', async () => {
    const { relay, shell } = await stage();
    const words =
      'Nothing was removed, as legal hold 3 keeps it: lift that first, with DELETE …/holds/3 or noxys-relay holds lift acme 3.';
    relay.intercept = ({ method }) =>
      method === 'DELETE' ? problem(409, 'held', words, { holds: [3] }) : undefined;
    const ran = await shell.run('tenants delete acme --yes');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stderr).toBe(
      "Can't delete the tenant: Nothing was removed, as legal hold 3 keeps it: lift that first.\nSee `npx noxys-relay holds list` of the tenant; `holds lift` ends one.\n",
    );
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
      { ...line, kind: 'held_entries', days: 0, basis: 'until the hold is lifted' },
    );
    const ran = await shell.run('retention acme');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toMatch(
      /^events +30 days +retention\.events +2026-11-21 05:00:00 +2026-12-21 05:00:00 +2026-11-21 05:00:00 +in time$/m,
    );
    expect(ran.stdout).toMatch(/^held_entries +– +until the hold is lifted +–/m);
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
