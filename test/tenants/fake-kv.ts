/** A KV namespace in memory. It refuses what Workers KV refuses, and counts what it is asked. */

/** Source: Workers KV, read 2026-11. */
const CACHE_TTL_SECONDS_MIN = 30;
const KEY_BYTES_MAX = 512;
const METADATA_BYTES_MAX = 1024;
const LIST_KEYS_MAX = 1000;

export class FakeKv {
  readonly values = new Map<string, string>();
  readonly metadata = new Map<string, unknown>();
  reads = 0;
  writes = 0;
  lists = 0;
  /** Set: every call fails with it. */
  fault: Error | undefined;
  /** Set: a read waits for it first. */
  gate: Promise<void> | undefined;

  async get(key: string, options?: { type?: string; cacheTtl?: number }): Promise<unknown> {
    this.reads++;
    await this.gate;
    if (this.fault) throw this.fault;
    if ((options?.cacheTtl ?? CACHE_TTL_SECONDS_MIN) < CACHE_TTL_SECONDS_MIN)
      throw new Error('Invalid cache_ttl');
    const value = this.values.get(key);
    if (value === undefined) return null;
    return options?.type === 'json' ? (JSON.parse(value) as unknown) : value;
  }

  async put(key: string, value: string, options?: { metadata?: unknown }): Promise<void> {
    this.writes++;
    if (this.fault) throw this.fault;
    if (new TextEncoder().encode(key).byteLength > KEY_BYTES_MAX)
      throw new Error('UTF-8 encoded length exceeds key limit');
    if (JSON.stringify(options?.metadata ?? {}).length > METADATA_BYTES_MAX)
      throw new Error('Metadata length exceeds limit');
    this.values.set(key, value);
    this.metadata.set(key, options?.metadata);
  }
  async delete(key: string): Promise<void> {
    this.writes++;
    if (this.fault) throw this.fault;
    this.values.delete(key);
    this.metadata.delete(key);
  }

  /** Keys in order, with their metadata; the cursor is opaque, and another one is refused. */
  async list({ prefix = '', limit = LIST_KEYS_MAX, cursor = '' }: ListOptions = {}): Promise<ListResult> {
    this.lists++;
    if (this.fault) throw this.fault;
    if (limit < 1 || limit > LIST_KEYS_MAX) throw new Error('KV GET failed: 400 Invalid key_count_limit');
    if (cursor !== '' && !cursor.startsWith('after ')) throw new Error('KV GET failed: 400 Invalid cursor');
    const names = [...this.values.keys()]
      .filter((name) => name.startsWith(prefix) && name > cursor.slice('after '.length))
      .toSorted();
    const keys = names.slice(0, limit).map((name) => ({ name, metadata: this.metadata.get(name) }));
    const last = keys.at(-1);
    const isComplete = names.length <= limit;
    return isComplete || !last
      ? { keys, list_complete: true }
      : { keys, list_complete: false, cursor: `after ${last.name}` };
  }
}

interface ListOptions {
  readonly prefix?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

type ListResult = { readonly keys: readonly { readonly name: string; readonly metadata?: unknown }[] } & (
  { readonly list_complete: true } | { readonly list_complete: false; readonly cursor: string }
);
