/**
 * The object's SQLite storage behind one thin wrapper that counts rows written: they are what a tenant costs.
 * Never keeps a cursor open across an await.
 */

export type Row = Record<string, SqlStorageValue>;

export class Database {
  readonly #storage: DurableObjectStorage;
  #rowsWritten = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Rows written since the object started, each alarm that was set counted as one. Source: Cloudflare Durable Objects pricing. */
  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    return this.#storage.sql.databaseSize;
  }

  /** Runs one statement and returns how many rows it wrote. */
  run(sql: string, ...bindings: SqlStorageValue[]): number {
    const cursor = this.#storage.sql.exec(sql, ...bindings);
    cursor.toArray();
    this.#rowsWritten += cursor.rowsWritten;
    return cursor.rowsWritten;
  }

  /** All rows of a query; for bounded results. */
  all<T extends Row>(sql: string, ...bindings: SqlStorageValue[]): T[] {
    return this.#storage.sql.exec<T>(sql, ...bindings).toArray();
  }

  first<T extends Row>(sql: string, ...bindings: SqlStorageValue[]): T | undefined {
    return this.all<T>(sql, ...bindings)[0];
  }

  /**
   * The rows of a query one by one; the caller may stop early, but must not await in between. What it leaves is read to its end: as long
   * as a cursor is open no table can be dropped, and nothing else closes it before it is collected. So the query must have a bound.
   */
  *each<T extends Row>(sql: string, ...bindings: SqlStorageValue[]): Generator<T, void, undefined> {
    const cursor = this.#storage.sql.exec<T>(sql, ...bindings);
    let row = cursor.next();
    try {
      for (; row.done !== true; row = cursor.next()) yield row.value;
    } finally {
      while (row.done !== true) row = cursor.next();
    }
  }

  /** All or nothing: a throw rolls every write back. */
  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  /** Whether the table exists. Reads only: an object that nobody configured must stay without a trace. */
  hasTable(name: string): boolean {
    return this.first("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name) !== undefined;
  }

  /** Everything goes at once, the alarm too: what is written in the same turn stands in an empty storage. */
  async deleteAll(): Promise<void> {
    await this.#storage.deleteAll();
  }

  async setAlarm(atMs: number): Promise<void> {
    this.#rowsWritten++;
    await this.#storage.setAlarm(atMs);
  }

  async deleteAlarm(): Promise<void> {
    await this.#storage.deleteAlarm();
  }

  async getAlarm(): Promise<number | null> {
    return this.#storage.getAlarm();
  }
}
