/** Whoever looks at rows and stops early leaves nothing open: a table can be dropped at once. */

import { describe, expect, it } from 'vitest';

import { Database } from '../../src/lib/database.ts';
import { EventLog } from '../../src/relay/log.ts';
import { LOG_SIZES } from '../../src/relay/log-sizes.ts';
import { scanLog } from '../../src/relay/log-scan.ts';
import { Tenant } from './tenant.ts';

/** Whether the log's table can be dropped in the turn of some work. */
async function isDropped(work: (db: Database, log: EventLog) => void): Promise<boolean> {
  const tenant = await Tenant.create((document) => {
    document['destinations'] = [];
  });
  await tenant.accept(...tenant.events(600));
  return tenant.inside((_relay, { storage }) => {
    const db = new Database(storage);
    const log = new EventLog(db, LOG_SIZES);
    log.load(0);
    work(db, log);
    const [period] = log.periods;
    if (!period) throw new Error('Cannot drop a period: there is none');
    log.dropEvents(period);
    return !db.hasTable('events_1');
  });
}

describe('a table can be dropped in the turn in which somebody stopped early', () => {
  it('to look at its rows one by one', async () => {
    const dropped = await isDropped((db) => {
      for (const { seq } of db.each('SELECT seq FROM events_1 ORDER BY seq')) if (seq === 5) break;
    });
    expect(dropped).toBe(true);
  });

  it('to look at those of another table, or threw there', async () => {
    const dropped = await isDropped((db) => {
      const look = (): void => {
        for (const { key } of db.each('SELECT key FROM seen_1'))
          if (key !== null) throw new Error('no row like this one');
      };
      expect(look).toThrow('no row like this one');
    });
    expect(dropped).toBe(true);
  });

  it('to read a page of the log that is full by its length', async () => {
    const dropped = await isDropped((_db, log) => expect(log.page(0, 500, 1)).toHaveLength(1));
    expect(dropped).toBe(true);
  });

  it('to look through the log for a few, in either direction, and has found each of them once', async () => {
    const dropped = await isDropped((db, log) => {
      const search = { texts: [], pick: ({ seq }: { seq: number }) => ({ seq }) };
      expect(scanLog(db, log, { after: 0 }, 3, search).found.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      const all = scanLog(db, log, { before: 601 }, 1_000, search);
      expect(all.found.map(({ seq }) => seq)).toEqual(Array.from({ length: 600 }, (_, i) => 600 - i));
      expect(all).toMatchObject({ isComplete: true, rows: 600 });
      expect(scanLog(db, log, { after: 100 }, 1_000, { ...search, rowsMax: 251 })).toMatchObject({
        lastSeq: 351,
        rows: 251,
      });
    });
    expect(dropped).toBe(true);
  });
});

/** How many rows of the storage some work reads. */
async function rowsRead(tenant: Tenant, work: (log: EventLog) => void): Promise<number> {
  return tenant.inside((_relay, { storage }) => {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const exec: SqlStorage['exec'] = (query, ...bindings) => {
      const cursor = storage.sql.exec<never>(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    };
    const log = new EventLog(new Database({ sql: { exec } } as DurableObjectStorage), LOG_SIZES);
    log.load(0);
    const before = cursors.length;
    work(log);
    return cursors.slice(before).reduce((sum, cursor) => sum + cursor.rowsRead, 0);
  });
}

describe('a page of the log that is full by its length', () => {
  it('reads few rows that it does not give', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [];
    });
    for (let from = 1; from <= 501; from += 100) await tenant.accept(...tenant.events(100, from));
    expect(await rowsRead(tenant, (log) => expect(log.page(0, 500, 1)).toHaveLength(1))).toBeLessThan(50);
    const seqs = (count: number, from: number): number[] => Array.from({ length: count }, (_, i) => from + i);
    await rowsRead(tenant, (log) => {
      expect(log.page(0, 500, Infinity).map(({ seq }) => seq)).toEqual(seqs(500, 1));
      expect(log.page(568, 64, Infinity).map(({ seq }) => seq)).toEqual(seqs(32, 569));
    });
  });
});
