import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions } from './fake-io.ts';

const RULES = join(import.meta.dirname, '../../rules');
const NO_RELAY = { NOXYS_RELAY_URL: '', NOXYS_RELAY_TOKEN: '' };

function shellWith(files: Readonly<Record<string, string>>, options: FakeOptions = {}) {
  return new FakeIo({ env: NO_RELAY, files, ...options });
}

const MINE = `title: Risky model
name: mine
logsource: {product: noxys, service: ai_firewall}
detection:
  selection:
    risk_score|gt: 0.5
  condition: selection
level: high
relay:
  respond: [notify]
`;
const COUNTED = `title: Risky again and again
name: mine_often
correlation:
  type: event_count
  rules: [mine]
  group-by: [user_id]
  timespan: 1h
  condition: {gte: 3}
level: medium
`;

describe('rules check', () => {
  it('finds nothing wrong with the bundled rules, and needs no relay', async () => {
    const names = readdirSync(RULES).filter((name) => name.endsWith('.yml'));
    const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(RULES, name), 'utf8')]));
    const ran = await shellWith(files).run(['rules', 'check', ...names]);
    expect(ran).toMatchObject({ code: EXIT.ok, stderr: '' });
    expect(ran.stdout).toContain(`${names.length} files: all right.`);
    expect(ran.stdout).toContain('✔ noxys_hl2_pii_exposure (critical, rule)');
  });

  it('takes files that refer to each other and to bundled rules', async () => {
    const bundled = COUNTED.replace('rules: [mine]', 'rules: [noxys_hl2_pii_exposure]');
    const files = { 'a.yml': COUNTED, 'b.yml': MINE, 'c.yml': bundled.replaceAll('mine_often', 'other') };
    const ran = await shellWith(files).run('rules check a.yml b.yml c.yml');
    expect(ran.stdout).toContain('✔ mine (high, rule, part of others): Risky model');
    expect(ran.code).toBe(EXIT.ok);
  });

  it('takes a changed copy of a bundled rule', async () => {
    const name = 'noxys_hl2_pii_exposure_attempt.yml';
    const copy = readFileSync(join(RULES, name), 'utf8').replace('0.9', '0.7');
    expect(await shellWith({ [name]: copy }).run(`rules check ${name}`)).toMatchObject({ code: EXIT.ok });
  });

  it('shows every fault of every file at its line, column and path', async () => {
    const files = {
      'a.yml': MINE.replace('risk_score', 'risk_scor'),
      'b.yml': MINE.replace('|gt', '|greater').replace('level: high', 'level: huge'),
    };
    const ran = await shellWith(files).run('rules check b.yml a.yml');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toContain('a.yml:6:5: detection.selection.risk_scor|gt');
    expect(ran.stdout).toContain('did you mean "risk_score"?');
    expect(ran.stdout).toContain('b.yml:6:5: detection.selection.risk_score|greater');
    expect(ran.stdout).toContain('b.yml:8:8: level');
    expect(ran.stdout).toContain('3 faults.');
    const json = (await shellWith(files).run('rules check b.yml a.yml --json')).json<{ faults: object[] }>();
    expect(json.faults[0]).toMatchObject({ file: 'a.yml', line: 6, column: 5 });
  });

  it('shows what is wrong with the relay attribute of a second document at its place, too', async () => {
    const files = { 'a.yml': `${COUNTED}---\n${MINE.replace('respond:', 'responds:')}` };
    const ran = await shellWith(files).run('rules check a.yml');
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toContain('a.yml:20:3: relay.responds is not a known key: did you mean respond?');
  });

  it.each([
    [
      'a rule that nothing has',
      { 'a.yml': COUNTED },
      /^a\.yml:1:1: "Risky again and again" refers to mine, which/,
    ],
    [
      'two rules of one name',
      { 'a.yml': MINE, 'b.yml': `# Again\n${MINE}` },
      /^b\.yml:2:1: "Risky model" has the id or name mine, as "Risky model" of a\.yml has: give it another$/m,
    ],
    [
      'a timespan that is missing',
      { 'a.yml': COUNTED.replace('  timespan: 1h\n', '') },
      /^a\.yml:\d+:\d+: correlation\.timespan: timespan is missing\.$/m,
    ],
  ])('refuses %s, and says in which file', async (_what, files: Record<string, string>, words: RegExp) => {
    const ran = await shellWith(files).run(['rules', 'check', ...Object.keys(files)]);
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.stdout).toMatch(words);
  });

  it('lists filters, and tells of values that no event has', async () => {
    const filter =
      'title: Not for tests\nlogsource: {product: noxys}\nfilter:\n  rules: [mine]\n  t: {action: blocked}\n  condition: not t\n';
    const ran = await shellWith({ 'a.yml': MINE, 'b.yml': filter }).run('rules check a.yml b.yml');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toContain('✔ not_for_tests (filter of mine): Not for tests');
    expect(ran.stdout).toContain('1 rule and 1 filter in 2 files: all right.');
    expect(ran.stderr).toContain('! The rule mine: policy_decision is never blocked: did you mean block?');
  });

  it('sends a tenant file to where it is checked', async () => {
    const files = { 'acme.yaml': 'id: acme\nresidency: eu\ndestinations: []\n' };
    expect(await shellWith(files).run('rules check acme.yaml')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringMatching(/acme\.yaml is a tenant file[\s\S]*apply -f … --dry-run/),
    });
  });

  it('reads stdin, and refuses a file that is not there', async () => {
    expect((await shellWith({}, { stdin: MINE }).run('rules check -')).code).toBe(EXIT.ok);
    expect(await shellWith({}).run('rules check gone.yml')).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('gone.yml is not there'),
    });
  });
});
