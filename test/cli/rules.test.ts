import { describe, expect, it } from 'vitest';

import type { BacktestReport, RuleDetail, RuleTest } from '../../cli/api-types.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo, type FakeOptions, NOW_MS } from './fake-io.ts';
import { ruleForTest, ruleTestForTest } from './rules-for-test.ts';
import { StandIn } from './stand-in.ts';

function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  return { relay, shell: new FakeIo({ fetch: relay.fetch, ...options }) };
}

const EVENT = JSON.stringify({ type: 'interaction.high_risk', data: { risk_score: 0.95 } });
const SIGMA =
  'title: Mine\nlogsource: {product: noxys}\ndetection: {s: {risk_score|gt: 0.5}, condition: s}\n';

describe('rules list', () => {
  it('shows each rule with its state, what it asks for and what it found', async () => {
    const { relay, shell } = stage();
    const counts = { detections: 7, dryRuns: 1, truePositives: 3, falsePositives: 2, failures: 0 };
    const lastDetectionAt = new Date(NOW_MS - 120_000).toISOString();
    relay.state.rules.push(
      ruleForTest({ name: 'first', counts: { ...counts, lastDetectionAt } }),
      ruleForTest({ name: 'part', id: 'b', alerts: false, respond: [] }),
      ruleForTest({ name: 'dry', id: 'c', dryRun: true }),
      ruleForTest({ name: 'off', id: 'd', enabled: false }),
    );
    const ran = await shell.run('rules list acme');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toMatch(/^first +critical +on +case, notify +7 +1 +3 +2 +0 +2 min ago$/m);
    expect(ran.stdout).toMatch(/^part +critical +part of others +–/m);
    expect(ran.stdout).toMatch(/^dry +critical +dry run/m);
    expect(ran.stdout).toMatch(/^off +critical +off/m);
    expect((await shell.run('rules list acme --json')).json<{ rules: object[] }>().rules).toHaveLength(4);
  });

  it('names the rules that fail, and says how rules are switched on where there is none', async () => {
    const { relay, shell } = stage();
    expect((await shell.run('rules list acme')).stdout).toContain('catalog: all');
    relay.state.rules.push(ruleForTest({ counts: { ...ruleForTest().counts, failures: 3 } }));
    expect((await shell.run('rules list acme')).stdout).toMatch(/^pii .* 3 +–\n.*failed on 3 events/m);
  });
});

describe('rules show', () => {
  it('shows one as it is evaluated, with how often it was wrong', async () => {
    const { relay, shell } = stage();
    const rule: RuleDetail = ruleForTest({
      description: 'Two\nlines \u001B[31m',
      counts: { ...ruleForTest().counts, truePositives: 3, falsePositives: 1 },
    });
    relay.state.rules.push(rule);
    const ran = await shell.run(`rules show acme ${rule.name}`);
    expect(ran.stdout).toContain('3 true, 1 false (25 % of what was marked)');
    expect(ran.stdout).toContain('Two\nlines �[31m');
    expect(ran.stdout).toContain('risk_score|gt: 0.9');
    expect((await shell.run(`rules show acme ${rule.id} --json`)).json()).toMatchObject({ id: rule.id });
  });

  it('is 4 of a rule that is not there', async () => {
    const ran = await stage().shell.run('rules show acme nosuch');
    expect(ran).toMatchObject({ code: EXIT.notFound, stderr: expect.stringContaining('rules list') });
  });
});

describe('rules changes', () => {
  it('shows who changed what, and why', async () => {
    const { relay, shell } = stage();
    expect((await shell.run('rules changes acme')).stdout).toBe('The rules have not changed.\n');
    relay.state.ruleChanges.push({
      id: 4,
      at: new Date(NOW_MS).toISOString(),
      version: 7,
      by: 'ops',
      reason: 'too loud',
      changes: [
        { rule: 'a', change: 'changed', parts: [{ part: 'threshold', from: '5', to: '8' }] },
        { rule: 'b', change: 'removed', parts: [] },
      ],
    });
    const ran = await shell.run('rules changes acme');
    expect(ran.stdout).toBe(
      '2026-11-22 05:00:00 UTC  version 7  ops: too loud\n  ~ a\n      threshold  5 → 8\n  - b\n',
    );
  });
});

describe('rules test', () => {
  const test: RuleTest = ruleTestForTest();

  it('shows each selection, the window and what would be done, those that match first', async () => {
    const { relay, shell } = stage({ files: { 'event.json': EVENT } });
    relay.state.ruleTests.push(
      ruleTestForTest({
        rule: 'other-id',
        name: 'other',
        title: 'Other',
        matches: false,
        selections: [],
        responses: [],
      }),
      {
        ...test,
        window: { value: 6, condition: 'event_count > 5 in 1h', crossed: true, isQuiet: true },
        playbook: 'critical_response',
        checklist: ['[x] Counted: 6 events', '[ ] To check: is there a ticket?'],
      },
    );
    const ran = await shell.run('rules test acme --event event.json');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toBe(`✓ PII on its way out (critical)  pii
    ✓ high
        ✓ risk_score|gt: 0.9
    ✗ listed
        ✗ classifications: IBAN
    condition  high or listed
    window     6 with this event, needs event_count > 5 in 1h: crossed, and quiet: it has alerted already
    would do
      waiting  case    falcon/cases: It would open a case.
      skipped  notify  No destination does it.
    playbook   critical_response
      [x] Counted: 6 events
      [ ] To check: is there a ticket?

✗ Other (critical)  other

1 of 2 rules match.
`);
    expect(JSON.parse(relay.requests[0]?.body ?? '')).toEqual({ event: JSON.parse(EVENT) as unknown });
  });

  it('takes a stored event, one rule, or a rule file, and an event from stdin', async () => {
    const { relay, shell } = stage({ files: { 'mine.yml': SIGMA }, stdin: EVENT });
    relay.state.rules.push(ruleForTest({ id: 'pii' }));
    relay.state.ruleTests.push(test);
    await shell.run('rules test acme pii --event -');
    await shell.run('rules test acme --rule-file mine.yml --event -');
    expect(relay.requests.map(({ body }) => JSON.parse(body) as object)).toEqual([
      { event: JSON.parse(EVENT) as unknown, rule: 'pii' },
      { event: JSON.parse(EVENT) as unknown, text: SIGMA },
    ]);
    expect((await shell.run('rules test acme --event-id evt_gone')).code).toBe(EXIT.notFound);
  });

  it.each([
    ['no event', 'rules test acme', 'Which event?'],
    ['two events', 'rules test acme --event e.json --event-id x', 'in one way'],
    ['two rules', 'rules test acme pii --rule-file mine.yml --event e.json', 'in one way'],
    ['an event that is no JSON', 'rules test acme --event bad.json', 'bad.json is not JSON'],
    ['a list of events', 'rules test acme --event list.json', 'no single event'],
    ['an event file that is not there', 'rules test acme --event gone.json', 'gone.json is not there'],
    ['a rule file that is too large', 'rules test acme --event e.json --rule-file big.yml', '64 KiB'],
  ])('refuses %s before it asks the relay', async (_what, line, words) => {
    const files = {
      'e.json': EVENT,
      'bad.json': '{',
      'list.json': `[${EVENT},${EVENT}]`,
      'big.yml': 'x'.repeat(65_537),
    };
    const { relay, shell } = stage({ files });
    const ran = await shell.run(line);
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining(words) });
    expect(relay.requests).toEqual([]);
  });

  it('says where a text is no rule, as the relay says it', async () => {
    const { shell } = stage({ files: { 'mine.yml': 'nonsense', 'e.json': EVENT } });
    const ran = await shell.run('rules test acme --rule-file mine.yml --event e.json');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringContaining('line 1, column 1') });
  });
});

describe('rules backtest', () => {
  const step = (more: Partial<BacktestReport>): BacktestReport => ({
    job: 'j1',
    isComplete: false,
    scanned: 50,
    total: 100,
    since: new Date(NOW_MS - 86_400_000).toISOString(),
    until: new Date(NOW_MS).toISOString(),
    forgottenWindows: 0,
    rules: [],
    ...more,
  });
  const done = step({
    isComplete: true,
    scanned: 100,
    rules: [
      {
        rule: 'pii',
        title: 'PII',
        hits: 6,
        perDay: { '2026-11-21': 2, '2026-11-22': 4 },
        topUsers: [{ user: 'p_17', hits: 5 }],
        markedFalse: 1,
        markedTrue: 2,
        failures: 0,
        samples: [{ eventId: 'evt_1', at: new Date(NOW_MS).toISOString(), count: 6 }],
      },
    ],
  });

  it('asks for step after step until it is complete, and shows hits, days, users and marks', async () => {
    const { relay, shell } = stage();
    relay.state.backtests.push(step({}), step({ scanned: 80 }), done);
    const ran = await shell.run('rules backtest acme --since 7d');
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.stdout).toMatch(
      /^100 entries of the log looked at, received from 2026-11-21 05:00:00 to 2026-11-22 05:00:00 UTC\. Days and times below are of the events\.$/m,
    );
    expect(ran.stdout).toMatch(/^pii +6 +3\.0 +2 +1$/m);
    expect(ran.stdout).toContain(`  2026-11-21  ${'█'.repeat(20)} 2\n  2026-11-22  ${'█'.repeat(40)} 4\n`);
    expect(ran.stdout).toContain('most: p_17 (5)');
    expect(ran.stdout).toContain('2026-11-22 05:00:00  evt_1, 6 events counted');
    expect(relay.requests.map(({ body }) => JSON.parse(body) as object)).toEqual([
      { since: '2026-11-15T05:00:00.000Z' },
      { job: 'j1' },
      { job: 'j1' },
    ]);
  });

  it('begins again once when the relay lost the run, and gives up the second time', async () => {
    const { relay, shell } = stage();
    relay.state.backtests.push(step({}), step({ job: 'j2' }), { ...done, job: 'j2' });
    const ran = await shell.run('rules backtest acme --json');
    expect(ran).toMatchObject({ code: EXIT.ok, stderr: expect.stringContaining('begins again') });
    expect(ran.json()).toMatchObject({ scanned: 100, rules: [{ hits: 6 }] });
    relay.state.backtests.push(step({}), step({ job: 'j2' }), step({ job: 'j3' }));
    expect((await shell.run('rules backtest acme')).code).toBe(EXIT.failed);
  });

  it('keeps saying who may see persons with every step', async () => {
    const { relay, shell } = stage();
    relay.state.backtests.push(step({}), done);
    await shell.run('rules backtest acme --persons');
    expect(relay.requests.map(({ body }) => JSON.parse(body) as object)).toEqual([
      { persons: 'show' },
      { job: 'j1', persons: 'show' },
    ]);
  });

  it('stops at Ctrl-C', async () => {
    const { relay, shell } = stage();
    relay.state.backtests.push(step({}));
    relay.intercept = () => {
      shell.controller.abort();
      return undefined;
    };
    expect((await shell.run('rules backtest acme')).code).toBe(EXIT.interrupted);
    expect(relay.requests).toHaveLength(1);
  });

  it.each([
    ['a rule and a rule file', 'rules backtest acme pii --rule-file mine.yml'],
    ['-f without --events', 'rules backtest acme -f tenants'],
  ])('refuses %s', async (_what, line) => {
    const { relay, shell } = stage({ files: { 'mine.yml': SIGMA } });
    expect((await shell.run(line)).code).toBe(EXIT.invalid);
    expect(relay.requests).toEqual([]);
  });
});
