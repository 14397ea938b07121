/** Rows of the rules that can't be read, or that no row can hold: events are stored all the same, and the rest goes on. */

import { describe, expect, it } from 'vitest';

import { detectionsOf, eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { Tenant } from './tenant.ts';

const ACTOR = { kind: 'user', by: 'analyst', requestId: 'r-1' } as const;

async function tenantOf(text: string): Promise<Tenant> {
  return Tenant.create((document) => {
    document['destinations'] = [];
    withRules([text])(document);
  });
}

async function countsOf(tenant: Tenant): Promise<Record<string, unknown>> {
  const [row] = await rowsOf<{ counts: string }>(tenant, 'SELECT counts FROM rule_stats');
  return JSON.parse(row?.counts ?? '{}') as Record<string, unknown>;
}

describe('counts of a rule that can not be read', () => {
  it.each(['{broken', 'null', '7'])('count anew, and keep no event from being stored: %s', async (row) => {
    const tenant = await tenantOf(eachOf('interaction.policy_violated'));
    await tenant.accept(...tenant.events(3));
    await rowsOf(tenant, 'UPDATE rule_stats SET counts = ?', row);
    expect(await tenant.stub.health()).toMatchObject({ eventsAccepted: 3 });
    expect(await tenant.accept(tenant.event('next'))).toMatchObject({ accepted: 1 });
    expect(await countsOf(tenant)).toMatchObject({ detections: 1, failures: 0 });
  });
});

describe('parsed rules that can not be read', () => {
  it.each(['{broken', 'null', '{}', '[null]', '[[null]]'])('are parsed again: %s', async (row) => {
    const tenant = await tenantOf(eachOf('interaction.policy_violated'));
    await rowsOf(tenant, 'UPDATE custom_rules SET documents = ?', row);
    await tenant.evict();
    expect(await tenant.accept(tenant.event('next'))).toMatchObject({ accepted: 1 });
    expect(await detectionsOf(tenant)).toEqual(['each next']);
    const [stored] = await rowsOf<{ documents: string }>(tenant, 'SELECT documents FROM custom_rules');
    expect(JSON.parse(stored?.documents ?? '')).toMatchObject([[{ name: 'each' }]]);
  });
});

describe('a window that is none', () => {
  it.each(['{}', '[]', '{"at":"x","gaps":[],"ids":[]}', '{"at":1,"gaps":[0],"ids":["a"],"alerts":5}'])(
    'fails its rule once, and counts anew from there: %s',
    async (row) => {
      const tenant = await tenantOf(repeatedViolations());
      await tenant.accept(tenant.event('evt-1'));
      await rowsOf(tenant, 'UPDATE windows_0 SET state = ?', row);
      const windows = await tenant.stub.windows({ v: 1, limit: 10, actor: ACTOR });
      expect(windows).toMatchObject({ kind: 'windows', windows: [] });
      await tenant.accept(tenant.event('lost'));
      await tenant.accept(...tenant.events(6, 2));
      expect(await detectionsOf(tenant)).toEqual(['repeated_violations evt-7']);
      expect(await countsOf(tenant)).toMatchObject({ detections: 1, failures: 1 });
    },
  );
});

describe('a window of many long values', () => {
  it('stays below what a row may hold, and its rule fires', async () => {
    const part = eachOf('interaction.policy_violated', { name: 'part' });
    const many = {
      title: 'Many kinds',
      name: 'many_kinds',
      correlation: {
        type: 'value_count',
        rules: ['part'],
        timespan: '60m',
        condition: { gt: 900, field: 'classifications' },
      },
    };
    const tenant = await tenantOf(`${part}\n---\n${JSON.stringify(many)}`);
    const kinds = (n: number) => Array.from({ length: 64 }, (_, i) => `KIND ${n * 64 + i} ${'é'.repeat(50)}`);
    const event = (n: number) => tenant.event(`evt-${n}`, { classifications: kinds(n) });
    for (let from = 0; from < 400; from += 100) {
      const events = Array.from({ length: 100 }, (_, i) => event(from + i));
      expect(await tenant.accept(...events)).toMatchObject({ accepted: 100 });
      const [row] = await rowsOf<{ bytes: number }>(
        tenant,
        'SELECT MAX(LENGTH(CAST(state AS BLOB))) AS bytes FROM windows_0',
      );
      expect(row?.bytes ?? 0).toBeLessThan(2_000_000);
    }
    expect(await countsOf(tenant)).toMatchObject({ failures: 0, detections: 1 });
  });
});

describe('a detection that can not be read', () => {
  it.each(['{broken', 'null', '{}'])('is left out of what is asked for: %s', async (row) => {
    const tenant = await tenantOf(eachOf('interaction.policy_violated'));
    await tenant.accept(...tenant.events(3));
    const [, second] = await rowsOf<{ id: string }>(tenant, 'SELECT id FROM detections ORDER BY seq');
    const id = second?.id ?? '';
    await rowsOf(tenant, "UPDATE detections SET body = ?, verdict = 'true_positive' WHERE id = ?", row, id);
    const asked = { v: 1, actor: ACTOR, showsPersons: false } as const;
    const page = await tenant.stub.detections({ ...asked, filter: { rule: 'gone' }, limit: 10 });
    expect(page).toMatchObject({ kind: 'detections', detections: [] });
    const all = await tenant.stub.detections({ ...asked, filter: {}, limit: 10 });
    expect(all.kind === 'detections' && all.detections).toHaveLength(2);
    expect(await tenant.stub.detection({ ...asked, id })).toEqual({ kind: 'not_found' });
    expect(await tenant.stub.judge({ v: 1, actor: ACTOR, id, verdict: 'false_positive' })).toEqual({
      kind: 'not_found',
    });
    expect(await tenant.stub.backtest(asked)).toMatchObject({ kind: 'backtest', isComplete: true });
  });
});
