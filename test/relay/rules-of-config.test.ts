/** A saved config's rules: at work with the next webhook, with the windows of what did not change, and never the end of an object. */

import { describe, expect, it, vi } from 'vitest';

import type { Row } from '../../src/lib/database.ts';
import { customRules } from '../../src/relay/custom-rule-store.ts';
import { Database } from '../../src/lib/database.ts';
import {
  detectionsOf,
  eachOf,
  repeatedViolations,
  rowsOf,
  rowsWrittenBy,
  withRules,
} from './rules-for-test.ts';
import { Tenant, readConfig, sealedConfig } from './tenant.ts';

const TYPE = 'interaction.policy_violated';

interface Changed extends Row {
  readonly version: number;
  readonly actor: string;
  readonly reason: string | null;
  readonly changes: string;
}

async function changesOf(tenant: Tenant) {
  const rows = await rowsOf<Changed>(tenant, 'SELECT * FROM rule_changes ORDER BY id');
  return rows.map((row) => ({ ...row, changes: JSON.parse(row.changes) as unknown }));
}

/** Stores a config as an object of another version of the product could have left it. */
async function leave(tenant: Tenant, rules: Readonly<Record<string, unknown>>): Promise<void> {
  const stored = await readConfig(tenant.stub);
  const config = { ...stored?.config, rules: { catalog: [], overrides: {}, custom: [], ...rules } };
  await rowsOf(tenant, 'UPDATE config SET document = ?', JSON.stringify(config));
  await tenant.crash();
}

describe('a saved rule', () => {
  it('is at work with the next webhook, and one that is gone or off is not', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.configure(withRules([eachOf(TYPE)]));
    await tenant.accept(tenant.event('evt-2'));
    await tenant.configure(withRules([eachOf(TYPE)], { overrides: { each: { enabled: false } } }));
    await tenant.accept(tenant.event('evt-3'));
    await tenant.configure();
    await tenant.accept(tenant.event('evt-4'));
    expect(await detectionsOf(tenant)).toEqual(['each evt-2']);
  });

  it('that did not change goes on counting, and one that counts something else starts anew', async () => {
    const kept = repeatedViolations({ name: 'kept' });
    const tenant = await Tenant.create(withRules([kept, repeatedViolations({ name: 'other' })]));
    await tenant.accept(...tenant.events(5));
    await tenant.configure(withRules([kept, repeatedViolations({ name: 'other', timespan: '90m' })]));
    await tenant.accept(tenant.event('sixth'));
    expect(await detectionsOf(tenant)).toEqual(['kept sixth']);
    await tenant.accept(...tenant.events(5, 7));
    expect(await detectionsOf(tenant)).toEqual(['kept sixth', 'other evt-11']);
  });

  it('of the tenant itself is parsed when it is saved, and read when the object starts', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    await tenant.inside((_relay, { storage }) => {
      const refuses = {
        parseCustom: () => {
          throw new Error('parsed');
        },
      };
      const { documents } = customRules(new Database(storage), refuses, [eachOf(TYPE)]);
      expect(documents).toMatchObject([[{ name: 'each' }]]);
      expect(() => customRules(new Database(storage), refuses, [eachOf('other')])).toThrow('parsed');
    });
    await tenant.crash();
    await tenant.accept(tenant.event('evt-1'));
    expect(await detectionsOf(tenant)).toEqual(['each evt-1']);
  });

  it('of an older Worker, which parsed nothing, is parsed once', async () => {
    const tenant = await Tenant.create();
    await leave(tenant, { custom: [eachOf(TYPE)] });
    await tenant.accept(tenant.event('evt-1'));
    expect(await detectionsOf(tenant)).toEqual(['each evt-1']);
    expect(await rowsOf(tenant, 'SELECT id FROM custom_rules')).toHaveLength(1);
  });
});

describe('a change of the rules', () => {
  it('is kept with its version, who made it and why, rule by rule', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    const config = await sealedConfig(
      tenant.id,
      withRules([repeatedViolations(), eachOf(TYPE, { level: 'critical' })], {
        overrides: { each: { dry_run: true } },
      }),
    );
    const actor = { by: 'token:t1', requestId: 'req-1', reason: 'INC-42' };
    await tenant.stub.configure({ v: 1, config, expectedVersion: 1, actor });
    await tenant.configure();
    const [first, second, third] = await changesOf(tenant);
    expect(first).toMatchObject({
      version: 1,
      actor: 'unknown',
      reason: null,
      changes: [{ rule: 'each', change: 'added', parts: [] }],
    });
    expect(second).toMatchObject({ version: 2, actor: 'token:t1', reason: 'INC-42' });
    expect(second?.changes).toContainEqual({
      rule: 'each',
      change: 'changed',
      parts: [
        { part: 'level', from: '"high"', to: '"critical"' },
        { part: 'dry_run', from: 'false', to: 'true' },
      ],
    });
    expect(second?.changes).toContainEqual({ rule: 'repeated_violations', change: 'added', parts: [] });
    expect(third).toMatchObject({ version: 3 });
    expect(third?.changes).toContainEqual({ rule: 'each', change: 'removed', parts: [] });
  });

  it('is no row where a config changes something else', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    await tenant.configure((document) => {
      withRules([eachOf(TYPE)])(document);
      document['language'] = 'fr';
    });
    expect(await changesOf(tenant)).toHaveLength(1);
    expect(await rowsOf(tenant, 'SELECT id FROM custom_rules')).toHaveLength(1);
  });

  it('costs nothing where there are no rules', async () => {
    const tenant = await Tenant.create();
    expect(await changesOf(tenant)).toEqual([]);
    const rows = await rowsWrittenBy(tenant, async () => tenant.configure());
    expect(await rowsOf(tenant, 'SELECT id FROM custom_rules')).toEqual([]);
    const other = await Tenant.create();
    expect(await rowsWrittenBy(other, async () => other.configure())).toBe(rows);
  });
});

describe('a stored config of which some rules can not be made', () => {
  it('is logged by its places, without a word of the rules: they may name somebody', async () => {
    const lines: string[] = [];
    const spy = vi
      .spyOn(console, 'error')
      .mockImplementation((line: unknown) => void lines.push(String(line)));
    const tenant = await Tenant.create();
    const text =
      'title: x\nlogsource: {product: noxys}\ndetection: {s: {jane_doe: jane.doe@acme.fr}, condition: s}';
    await leave(tenant, { catalog: ['jane_doe'], custom: [text] });
    await tenant.accept(tenant.event('evt-1'));
    tenant.nowMs += 5_000;
    await tenant.alarm();
    spy.mockRestore();
    const left = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === 'rules.left_out');
    const paths = expect.arrayContaining(['rules.catalog[0]']) as string[];
    expect(left).toMatchObject([{ tenant: tenant.id, count: 2, paths }]);
    expect(JSON.stringify(lines)).not.toMatch(/jane/);
  });

  it('runs the others, and tells of it once', async () => {
    const tenant = await Tenant.create();
    await leave(tenant, {
      catalog: ['nosuch'],
      custom: ['}', eachOf(TYPE), repeatedViolations({ name: 'counted', over: 1 })],
      overrides: { nosuch: { enabled: true }, counted: { dry_run: true } },
    });
    expect(await tenant.accept(...tenant.events(2))).toMatchObject({ accepted: 2 });
    expect(await detectionsOf(tenant)).toEqual(['each evt-1', 'each evt-2', 'counted evt-2']);
    expect(await rowsOf(tenant, 'SELECT rule FROM detections WHERE dry_run = 1')).toHaveLength(1);
    tenant.nowMs += 5_000;
    await tenant.alarm();
    tenant.nowMs += 5_000;
    await tenant.alarm();
    const notices = await tenant.stub.notices({ limit: 10 });
    expect(notices).toMatchObject([{ kind: 'rule_failed' }]);
    expect(notices[0]?.text).toContain('can not be used');
    expect(notices[0]?.text).toContain('rules.c');
  });

  it('is mended by the next one', async () => {
    const tenant = await Tenant.create();
    await leave(tenant, { catalog: ['nosuch'] });
    await tenant.configure(withRules([eachOf(TYPE)]));
    await tenant.accept(tenant.event('evt-1'));
    expect(await detectionsOf(tenant)).toEqual(['each evt-1']);
    tenant.nowMs += 5_000;
    await tenant.alarm();
    expect(await tenant.stub.notices({ limit: 10 })).toEqual([]);
  });
});
