import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import type { FileReport } from '../../cli/rules/backtest-file.ts';
import { tenantYaml } from './tenant-documents.ts';
import { FakeIo, NOW_MS } from './fake-io.ts';

const MINUTE_MS = 60_000;
const NO_RELAY = { NOXYS_RELAY_URL: '', NOXYS_RELAY_TOKEN: '' };

function element(id: number, more: Readonly<Record<string, unknown>> = {}, data: object = {}) {
  return {
    id: `evt_${id}`,
    type: 'interaction.high_risk',
    timestamp: new Date(NOW_MS - 86_400_000 + id * MINUTE_MS).toISOString(),
    data: { user_id: 'u-17', platform_id: 'chatgpt', risk_score: 0.95, classifications: ['IBAN'], ...data },
    ...more,
  };
}

const violation = (id: number, data: object = {}) =>
  element(id, { type: 'interaction.policy_violated' }, { policy_decision: 'log', ...data });

function ndjson(...lines: readonly unknown[]): string {
  return lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
}

async function run(events: string, more = '', files: Readonly<Record<string, string>> = {}) {
  const shell = new FakeIo({ env: NO_RELAY, files: { 'events.ndjson': events, ...files } });
  const ran = await shell.run(`rules backtest acme${more} --events events.ndjson --json`);
  const report = ran.code === EXIT.ok ? ran.json<FileReport>() : undefined;
  return { ran, report, hitsOf: (rule: string) => report?.rules.find((one) => one.rule === rule)?.hits };
}

describe('rules backtest --events', () => {
  it('runs the bundled rules over Noxys events, without a relay', async () => {
    const { report, hitsOf } = await run(
      ndjson(element(1), element(2, {}, { risk_score: 0.5 }), element(3, {}, { user_id: 'u-2' }), element(4)),
    );
    expect(hitsOf('noxys_hl2_pii_exposure')).toBe(3);
    expect(hitsOf('noxys_alert_high')).toBe(0);
    const found = report?.rules.find(({ rule }) => rule === 'noxys_hl2_pii_exposure');
    expect(found).toMatchObject({ perDay: { '2026-11-21': 3 }, samples: [{ eventId: 'evt_4' }, {}, {}] });
    expect(found?.topUsers.map(({ hits }) => hits)).toEqual([2, 1]);
    expect(JSON.stringify(report)).not.toContain('u-17');
    expect(report?.rules.map(({ rule }) => rule)).not.toContain('noxys_policy_violated_60m');
  });

  it('counts in windows as the relay does: the sixth violation within an hour, once, and each user alone', async () => {
    const lines = [1, 2, 3, 4, 5].map((id) => violation(id));
    expect((await run(ndjson(...lines))).hitsOf('noxys_hl3_repeated_violations')).toBe(0);
    const more = [...lines, violation(6), violation(7), violation(8, { user_id: 'u-2' })];
    expect((await run(ndjson(...more))).hitsOf('noxys_hl3_repeated_violations')).toBe(1);
    const newestFirst = await run(ndjson(...more.toReversed()));
    expect(newestFirst.hitsOf('noxys_hl3_repeated_violations')).toBe(1);
  });

  it('takes stored events as `events tail --json` shows them, by the keys of their users', async () => {
    const stored = (id: number) => ({
      seq: id,
      id: `evt_${id}`,
      type: 'interaction.high_risk',
      occurredAt: new Date(NOW_MS - MINUTE_MS).toISOString(),
      receivedAt: new Date(NOW_MS).toISOString(),
      tenant: 'acme',
      user: { key: 'p_0123456789abcdefghijkl' },
      platform: { id: 'chatgpt', name: 'ChatGPT' },
      riskScore: 0.95,
      severity: 'critical',
      classifications: ['IBAN'],
      classificationCount: 1,
      faults: [],
      source: 'noxys',
    });
    const { report, hitsOf } = await run(
      ndjson(stored(1), { ...stored(2), type: 'relay.detection', detection: {} }),
    );
    expect(hitsOf('noxys_hl2_pii_exposure')).toBe(1);
    expect(report).toMatchObject({ scanned: 1, leftOut: 1, duplicates: 0 });
    expect(report?.rules.find(({ hits }) => hits > 0)?.topUsers).toEqual([
      { user: 'p_0123456789abcdefghijkl', hits: 1 },
    ]);
  });

  it('names bad lines by their number, skips and counts them, and goes on', async () => {
    const { ran, report, hitsOf } = await run(
      ndjson('{', element(1), '', '42', '{"a":1}', `{"type":"x","pad":"${'x'.repeat(300_000)}"}`, element(2)),
    );
    expect(hitsOf('noxys_hl2_pii_exposure')).toBe(2);
    expect(report?.skipped).toEqual({
      count: 4,
      lines: [
        { line: 1, reason: 'is not JSON' },
        { line: 4, reason: 'is no JSON object' },
        { line: 5, reason: 'has no type' },
        { line: 6, reason: 'is longer than 256 KiB' },
      ],
    });
    expect(ran.stderr).toContain('events.ndjson:6 is longer than 256 KiB');
    expect(ran.stderr).toContain('4 lines of events.ndjson skipped.');
  });

  it('counts an event that comes again once, and leaves out types that are not forwarded and other times', async () => {
    const { report, hitsOf } = await run(
      ndjson(
        element(1),
        element(1),
        element(2, { type: 'interaction.created' }),
        element(3, { timestamp: '2026-01-01T00:00:00Z' }),
      ),
      ' --since 7d',
    );
    expect(hitsOf('noxys_hl2_pii_exposure')).toBe(1);
    expect(report).toMatchObject({ scanned: 1, duplicates: 1, leftOut: 2 });
  });

  it('runs one rule, a rule file, or the rules of a tenant file', async () => {
    const rule =
      'title: Mine\nname: mine\nlogsource: {product: noxys}\ndetection: {s: {platform_id: chatgpt}, condition: s}\n';
    const one = await run(ndjson(element(1)), ' noxys_cs3_financial_data');
    expect(one.report?.rules).toMatchObject([{ rule: 'noxys_cs3_financial_data', hits: 1 }]);
    const own = await run(ndjson(element(1)), ' --rule-file mine.yml', { 'mine.yml': rule });
    expect(own.report?.rules).toMatchObject([{ rule: 'mine', hits: 1 }]);
    const files = {
      'tenants/acme.yaml': `${tenantYaml('acme')}rules: {catalog: [noxys_cs3_financial_data], custom: [{file: mine.yml}]}\n`,
      'tenants/mine.yml': rule,
    };
    const its = await run(ndjson(element(1)), ' -f tenants', files);
    expect(its.ran.stderr).toBe('');
    expect(its.report?.rules.map((found) => found.rule)).toEqual(['noxys_cs3_financial_data', 'mine']);
    expect((await run(ndjson(element(1)), ' nosuch')).ran.code).toBe(EXIT.notFound);
  });

  it('shows users with --persons alone', async () => {
    const { report } = await run(ndjson(element(1)), ' --persons');
    expect(report?.rules.find(({ hits }) => hits > 0)?.topUsers).toEqual([{ user: 'u-17', hits: 1 }]);
  });

  it.each([
    ['a file that is not there', 'rules backtest acme --events gone.ndjson', 'gone.ndjson is not there'],
    ['a folder', 'rules backtest acme --events .', 'is not a regular file'],
    [
      'a rule file that is no rule',
      'rules backtest acme --rule-file bad.yml --events e.ndjson',
      'rules check',
    ],
    ['a file without a single event', 'rules backtest acme --events e.ndjson', '1 line of e.ndjson skipped'],
  ])('refuses %s', async (_what, line, words) => {
    const shell = new FakeIo({ env: NO_RELAY, files: { 'bad.yml': 'title: x', 'e.ndjson': 'nonsense' } });
    expect(await shell.run(line)).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining(words),
    });
  });

  it('stops at Ctrl-C', async () => {
    const shell = new FakeIo({ env: NO_RELAY, files: { 'e.ndjson': ndjson(element(1)) } });
    shell.controller.abort();
    expect((await shell.run('rules backtest acme --events e.ndjson')).code).toBe(EXIT.interrupted);
  });

  it('reads a file of 60,000 users in memory that does not grow with it', { timeout: 120_000 }, async () => {
    const shell = new FakeIo({ env: NO_RELAY });
    const file = openSync(join(shell.cwd, 'large.ndjson'), 'w');
    const part = 2_000;
    for (let from = 0; from < 60_000; from += part) {
      // A day's events in ten days: each user counts once.
      const lines = Array.from({ length: part }, (_, at) =>
        violation(from + at, {
          user_id: `user-${from + at}`,
          padding: 'x'.repeat(40),
        }),
      );
      writeSync(file, `${ndjson(...lines)}\n`);
    }
    closeSync(file);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed - before)), 50);
    const ran = await shell.run('rules backtest acme --events large.ndjson --json');
    clearInterval(timer);
    expect(ran.json()).toMatchObject({ scanned: 60_000 });
    expect(most).toBeLessThan(200 * 1024 * 1024);
  });
});
