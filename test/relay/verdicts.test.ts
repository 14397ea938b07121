/** What an analyst finds a detection to be: counted by rule, audited, and told to the lanes that act on it. */

import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { RuleCounts } from '../../src/domain/rule-views.ts';
import { DETECTION_JUDGED_TYPE, type Verdict } from '../../src/domain/verdict.ts';
import { isFromNoxys, isTaken } from '../../src/domain/wanted.ts';
import { Database } from '../../src/lib/database.ts';
import { Audit } from '../../src/relay/audit.ts';
import { type DetectionEntry, DetectionStore } from '../../src/relay/detection-store.ts';
import { EventLog } from '../../src/relay/log.ts';
import { LOG_SIZES } from '../../src/relay/log-sizes.ts';
import { appendOwn, ownEntries } from '../../src/relay/own-entries.ts';
import { migrate } from '../../src/relay/schema.ts';
import { Verdicts } from '../../src/relay/verdicts.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { falconDocument } from './falcon-cloud.ts';
import { DAY_MS, eachOf, rowsOf, rowsWrittenBy, withRules } from './rules-for-test.ts';
import { START_MS, Tenant } from './tenant.ts';

const ACTOR = { by: 'token:t1', requestId: 'req-1', reason: 'INC-42' };
const MINUTE_MS = 60_000;
const TYPE = 'interaction.policy_violated';

async function detected(relay: Readonly<Record<string, unknown>> = {}): Promise<Tenant> {
  const tenant = await Tenant.create(withRules([eachOf(TYPE, { relay })]));
  await tenant.accept(tenant.event('evt-1'));
  return tenant;
}

async function detectionId(tenant: Tenant): Promise<string> {
  const [row] = await rowsOf<{ id: string }>(tenant, 'SELECT id FROM detections');
  return row?.id ?? '';
}

async function judge(tenant: Tenant, id: string, verdict: Verdict) {
  return tenant.inside(async (relay) => relay.judge({ v: 1, id, verdict, actor: ACTOR }));
}

async function counts(tenant: Tenant): Promise<RuleCounts> {
  const [row] = await rowsOf<{ counts: string }>(tenant, 'SELECT counts FROM rule_stats');
  return JSON.parse(row?.counts ?? '') as RuleCounts;
}

async function logged(tenant: Tenant): Promise<CanonicalEvent[]> {
  const rows = await rowsOf<{ body: string }>(tenant, 'SELECT body FROM events_1 ORDER BY seq');
  return rows.map(({ body }) => JSON.parse(body) as CanonicalEvent);
}

describe('a verdict', () => {
  it('is kept with the detection and counted for its rule, after a crash, too', async () => {
    const tenant = await detected();
    const id = await detectionId(tenant);
    expect(await judge(tenant, id, 'true_positive')).toEqual({ kind: 'judged', isNew: true });
    await tenant.crash();
    expect(await rowsOf(tenant, 'SELECT verdict FROM detections')).toEqual([{ verdict: 'true_positive' }]);
    expect(await counts(tenant)).toMatchObject({ detections: 1, truePositives: 1, falsePositives: 0 });
  });

  it('that is changed moves the counts, and the same again changes nothing', async () => {
    const tenant = await detected();
    const id = await detectionId(tenant);
    await judge(tenant, id, 'true_positive');
    expect(await judge(tenant, id, 'false_positive')).toEqual({ kind: 'judged', isNew: true });
    expect(await counts(tenant)).toMatchObject({ truePositives: 0, falsePositives: 1 });
    const rows = await rowsWrittenBy(tenant, async () => {
      expect(await judge(tenant, id, 'false_positive')).toEqual({ kind: 'judged', isNew: false });
    });
    expect(rows).toBe(0);
  });

  it('that is changed never makes a count less than nothing, where the counts were lost in between', async () => {
    const tenant = await detected();
    const id = await detectionId(tenant);
    await judge(tenant, id, 'true_positive');
    await rowsOf(tenant, "UPDATE rule_stats SET counts = '}'");
    await judge(tenant, id, 'false_positive');
    expect(await counts(tenant)).toMatchObject({ truePositives: 0, falsePositives: 1 });
    await judge(tenant, id, 'true_positive');
    expect(await counts(tenant)).toMatchObject({ truePositives: 1, falsePositives: 0 });
  });

  it('is audited with who, why, rule and detection', async () => {
    const tenant = await detected();
    const id = await detectionId(tenant);
    await judge(tenant, id, 'false_positive');
    const [entry] = await tenant.stub.auditEntries({ limit: 1 });
    expect(entry).toMatchObject({
      action: 'detection.judged',
      by: 'token:t1',
      reason: 'INC-42',
      detail: { id, rule: 'each', verdict: 'false_positive' },
    });
  });

  it('on what is no detection is answered so, and writes nothing', async () => {
    const tenant = await detected();
    const rows = await rowsWrittenBy(tenant, async () => {
      expect(await judge(tenant, 'det_nosuch', 'true_positive')).toEqual({ kind: 'not_found' });
    });
    expect(rows).toBe(0);
  });

  it('that no lane acts on makes no entry of the log', async () => {
    const tenant = await detected();
    await judge(tenant, await detectionId(tenant), 'true_positive');
    expect((await logged(tenant)).filter(({ judged }) => judged)).toEqual([]);
  });
});

describe('the entry that tells lanes of a verdict', () => {
  it('is not another detection in what digests count', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([eachOf(TYPE)])(document);
      document['destinations'] = [falconDocument({ cases: { close_with_verdict: true } })];
    });
    await tenant.accept(tenant.event('evt-1'));
    await judge(tenant, await detectionId(tenant), 'true_positive');
    expect((await logged(tenant)).filter(({ judged }) => judged)).toHaveLength(1);
    tenant.nowMs += 2 * MINUTE_MS;
    const counted = async () =>
      rowsOf<{ counts: string }>(tenant, "SELECT counts FROM rollups WHERE dimension = 'detection'");
    await tenant.passTimeUntil(async () => (await counted()).length > 0, 'it is counted');
    expect(await counted()).toEqual([{ counts: '{"high each":1}' }]);
  });

  /** Judges as in a tenant of which some lane takes verdicts, in a storage of its own. */
  async function told(dryRun: boolean, verdicts: readonly Verdict[]): Promise<CanonicalEvent[]> {
    return Tenant.unknown().inside((_relay, { storage }) => {
      const db = new Database(storage);
      migrate(db, START_MS);
      const log = new EventLog(db, LOG_SIZES);
      log.load(0);
      const detections = new DetectionStore(db);
      const found = detectionForTest({ dryRun, lastAt: new Date(START_MS).toISOString() });
      const entry = detectionEvent(found, { tenant: 'acme', receivedAt: found.lastAt }) as DetectionEntry;
      detections.add(1, entry, JSON.stringify(entry));
      const desk = new Verdicts({
        db,
        log,
        detections,
        audit: new Audit(db),
        entries: {
          isWanted: ({ type }) => type === DETECTION_JUDGED_TYPE,
          append: (judged, also, nowMs) => appendOwn({ db, log }, judged, also, nowMs),
        },
        nowMs: () => START_MS + 30 * DAY_MS,
      });
      for (const verdict of verdicts) desk.judge({ id: found.id, verdict });
      expect(ownEntries(db)).toBe(log.head);
      return log.page(0, 10, 1e6).map(({ event }) => event);
    });
  }

  it('is the detection with the verdict, of now, and another one for another verdict', async () => {
    const entries = await told(false, ['true_positive', 'false_positive', 'true_positive']);
    const {
      id: _id,
      occurredAt: _at,
      receivedAt: _received,
      type: _type,
      ...rest
    } = detectionEvent(detectionForTest({ lastAt: new Date(START_MS).toISOString() }), {
      tenant: 'acme',
      receivedAt: '',
    });
    const at = new Date(START_MS + 30 * DAY_MS).toISOString();
    const [first, second] = entries;
    const { detection, ...others } = rest;
    expect(first).toMatchObject({ ...others, type: DETECTION_JUDGED_TYPE, occurredAt: at, receivedAt: at });
    expect(first?.detection).toEqual({ ...detection, dryRun: true });
    expect(first?.judged).toEqual({ detectionId: 'det_17959439cff046d2', verdict: 'true_positive' });
    expect(second?.judged).toMatchObject({ verdict: 'false_positive' });
    expect(new Set(entries.map(({ id }) => id)).size).toBe(3);
  });

  it('is, for a Worker that knows no verdicts, no detection to do something for', async () => {
    const [{ judged, ...seen } = { id: '' }] = await told(false, ['false_positive']);
    expect(judged).toBeDefined();
    for (const detections of ['all', 'case', 'contain'] as const)
      expect(isTaken({ events: 'all', detections }, seen as CanonicalEvent)).toBe(false);
    expect(isFromNoxys(seen as CanonicalEvent)).toBe(false);
  });

  it('is not made of a detection of a dry run', async () => {
    expect(await told(true, ['true_positive'])).toEqual([]);
  });
});

describe('a detection', () => {
  it('is kept for as long as retention.detections says, and goes with the alarm', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([eachOf(TYPE)])(document);
      document['retention'] = { events: 1, detections: 40 };
    });
    const beganAtMs = tenant.nowMs;
    await tenant.accept(tenant.event('evt-1'));
    tenant.nowMs += 30 * DAY_MS;
    await tenant.accept(tenant.event('evt-2'));
    tenant.nowMs = beganAtMs + 40 * DAY_MS;
    await tenant.alarm();
    expect(await rowsOf(tenant, 'SELECT id FROM detections')).toHaveLength(2);
    await tenant.passTimeUntil(
      async () => (await rowsOf(tenant, 'SELECT id FROM detections')).length === 1,
      'the older one is gone',
    );
    expect(tenant.nowMs).toBeLessThan(beganAtMs + 42 * DAY_MS);
    expect(await counts(tenant)).toMatchObject({ detections: 2 });
  });

  it('is one of thousands that go in steps of a thousand, for a row each', async () => {
    await Tenant.unknown().inside((_relay, { storage }) => {
      const db = new Database(storage);
      migrate(db, START_MS);
      const store = new DetectionStore(db);
      const found = detectionForTest({ lastAt: new Date(START_MS).toISOString() });
      const entry = detectionEvent(found, { tenant: 'acme', receivedAt: found.lastAt }) as DetectionEntry;
      db.transaction(() => {
        for (let seq = 1; seq <= 1_500; seq++) store.add(seq, entry, '{}');
      });
      const left = (): unknown => db.first('SELECT COUNT(*) AS count FROM detections');
      const oldAtMs = START_MS + 365 * DAY_MS;
      store.dropOld(365, oldAtMs);
      expect(left()).toEqual({ count: 1_500 });
      expect(store.dueAtMs(365)).toBe(oldAtMs + DAY_MS);
      const before = db.rowsWritten;
      store.dropOld(365, oldAtMs + DAY_MS);
      expect(left()).toEqual({ count: 500 });
      expect(db.rowsWritten - before).toBe(1_000);
      expect(store.dueAtMs(365)).toBe(oldAtMs + DAY_MS);
      store.dropOld(365, oldAtMs + DAY_MS);
      expect(left()).toEqual({ count: 0 });
      expect(store.dueAtMs(365)).toBeNull();
    });
  });

  it('can be judged when the log has it no longer', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([eachOf(TYPE)])(document);
      document['retention'] = { events: 1 };
      document['destinations'] = [];
    });
    await tenant.accept(tenant.event('evt-1'));
    const id = await detectionId(tenant);
    await tenant.passTimeUntil(
      async () =>
        (await rowsOf(tenant, "SELECT name FROM sqlite_master WHERE name = 'events_1'")).length === 0,
      'the log has dropped it',
    );
    expect(await judge(tenant, id, 'true_positive')).toEqual({ kind: 'judged', isNew: true });
  });
});
