/** Windows in two tables that take turns: what may still count is kept, whatever the number of users, and the rest goes for nothing. */

import { describe, expect, it } from 'vitest';

import type { WindowState } from '../../src/detection/correlation.ts';
import { Database } from '../../src/lib/database.ts';
import { migrate } from '../../src/relay/schema.ts';
import { WindowStore } from '../../src/relay/window-store.ts';
import { DAY_MS, HOUR_MS, detectionsOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { START_MS, Tenant } from './tenant.ts';

/** The least time between two turns. */
const TURN_MS = 8 * DAY_MS;

/** Has a new store work on the storage of an object that nobody configured. */
async function onStore<T>(work: (store: WindowStore, db: Database) => T): Promise<T> {
  return Tenant.unknown().inside((_relay, { storage }) => {
    const db = new Database(storage);
    migrate(db, START_MS);
    return work(reloaded(db), db);
  });
}

function reloaded(db: Database): WindowStore {
  const store = new WindowStore(db);
  store.load();
  return store;
}

function stateOf(count: number): WindowState {
  return { at: count, gaps: [0], ids: [`evt-${count}`] };
}

function put(store: WindowStore, key: string, count = 1): void {
  const batch = store.batch();
  batch.put('rule', key, stateOf(count));
  batch.write();
}

function get(store: WindowStore, key: string): WindowState | undefined {
  return store.batch().get('rule', key);
}

describe('the windows of one transaction', () => {
  it('name the rule of a window that no row can hold, and drop it; the others are written', async () => {
    await onStore((store) => {
      put(store, 'large');
      const batch = store.batch();
      batch.put('rule-1:abc', 'large', { ...stateOf(2), ids: ['é'.repeat(1_000_000)] });
      batch.put('rule-1:abc', 'small', stateOf(3));
      expect(batch.write()).toMatchObject([{ rule: 'rule-1' }]);
      expect(store.batch().get('rule-1:abc', 'large')).toBeUndefined();
      expect(store.batch().get('rule-1:abc', 'small')).toEqual(stateOf(3));
    });
  });

  it('are written once each, and only those that were put', async () => {
    await onStore((store, db) => {
      put(store, 'known');
      const before = db.rowsWritten;
      const batch = store.batch();
      expect(batch.get('rule', 'known')).toEqual(stateOf(1));
      for (let n = 1; n <= 100; n++) batch.put('rule', 'counted', stateOf(n));
      expect(batch.get('rule', 'counted')).toEqual(stateOf(100));
      expect(batch.get('other', 'counted')).toBeUndefined();
      batch.write();
      expect(db.rowsWritten - before).toBe(1);
      expect(get(store, 'counted')).toEqual(stateOf(100));
    });
  });

  it('tell rules and groups apart whatever these are made of', async () => {
    await onStore((store) => {
      const batch = store.batch();
      batch.put('a', 'b,c', stateOf(1));
      batch.put('a,b', 'c', stateOf(2));
      batch.put('a"', '","b', stateOf(3));
      batch.write();
      const read = store.batch();
      expect(read.get('a', 'b,c')).toEqual(stateOf(1));
      expect(read.get('a,b', 'c')).toEqual(stateOf(2));
      expect(read.get('a"', '","b')).toEqual(stateOf(3));
      expect(read.get('a', 'c')).toBeUndefined();
    });
  });
});

describe('a turn', () => {
  it('keeps what was counted since the turn before, and drops what was not', async () => {
    await onStore((store, db) => {
      store.turn(HOUR_MS, START_MS); // nothing to drop: no turn
      put(store, 'left alone');
      store.turn(HOUR_MS, START_MS);
      store.turn(HOUR_MS, START_MS + TURN_MS);
      expect(get(store, 'left alone')).toEqual(stateOf(1));
      put(store, 'counted on', 2);
      const later = reloaded(db);
      later.turn(HOUR_MS, START_MS + 2 * TURN_MS);
      expect(get(later, 'left alone')).toBeUndefined();
      expect(get(later, 'counted on')).toEqual(stateOf(2));
    });
  });

  it('is no sooner than the longest window and a week after the one before', async () => {
    await onStore((store) => {
      put(store, 'group');
      store.turn(30 * DAY_MS, START_MS);
      expect(store.dueAtMs(30 * DAY_MS)).toBe(START_MS + 37 * DAY_MS);
      store.turn(30 * DAY_MS, START_MS + 37 * DAY_MS - 1);
      put(store, 'group', 2);
      store.turn(30 * DAY_MS, START_MS + 37 * DAY_MS);
      expect(store.dueAtMs(30 * DAY_MS)).toBe(START_MS + 74 * DAY_MS);
      expect(get(store, 'group')).toEqual(stateOf(2));
    });
  });

  it('reads the newer one of two windows of a group', async () => {
    await onStore((store) => {
      put(store, 'group', 1);
      store.turn(0, START_MS);
      store.turn(0, START_MS + TURN_MS);
      put(store, 'group', 2);
      expect(get(store, 'group')).toEqual(stateOf(2));
    });
  });

  it('drops a hundred thousand users and more for a few rows', async () => {
    await onStore((store, db) => {
      db.transaction(() => {
        const batch = store.batch();
        for (let n = 0; n < 110_000; n++) batch.put('rule', `user-${n}`, stateOf(n));
        batch.write();
      });
      store.turn(0, START_MS);
      store.turn(0, START_MS + TURN_MS);
      expect(get(store, 'user-109999')).toEqual(stateOf(109_999));
      const before = db.rowsWritten;
      store.turn(0, START_MS + 2 * TURN_MS);
      expect(db.rowsWritten - before).toBeLessThanOrEqual(5);
      expect(get(store, 'user-109999')).toBeUndefined();
      expect(store.dueAtMs(0)).toBeNull();
    });
  });

  it('comes in time after a clock that has gone back', async () => {
    await onStore((store) => {
      put(store, 'group');
      store.turn(0, START_MS + 400 * DAY_MS);
      store.turn(0, START_MS);
      expect(store.dueAtMs(0)).toBe(START_MS + TURN_MS);
    });
  });
});

describe("a tenant's windows", () => {
  const texts = [repeatedViolations({ timespan: '30d' })];

  it('count on over a turn, and go when nothing counts them any more', async () => {
    const tenant = await Tenant.create(withRules(texts));
    await tenant.accept(...tenant.events(3));
    await tenant.alarm();
    const beganAtMs = tenant.nowMs;
    tenant.nowMs = beganAtMs + 29 * DAY_MS;
    await tenant.accept(...tenant.events(2, 4));
    await tenant.crash();
    tenant.nowMs = beganAtMs + 38 * DAY_MS;
    await tenant.alarm();
    const turns = await rowsOf(tenant, "SELECT value FROM meta WHERE key = 'windows_turn'");
    expect(turns).toEqual([{ value: 1 }]);
    await tenant.accept(...tenant.events(3, 6));
    expect(await detectionsOf(tenant)).toEqual([]);
    await tenant.accept(tenant.event('sixth'));
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
    await tenant.passTimeUntil(async () => {
      const rows = await rowsOf(tenant, 'SELECT key FROM windows_0 UNION SELECT key FROM windows_1');
      return rows.length === 0;
    }, 'no window is left');
    expect(tenant.nowMs).toBeLessThan(beganAtMs + 120 * DAY_MS);
  });
});
