import { beforeEach, describe, expect, it } from 'vitest';

import type { StoredConfig } from '../../src/domain/rpc.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { Publisher } from '../../src/relay/publisher.ts';
import type { Removing } from '../../src/relay/removal.ts';
import { sealedConfig } from './tenant.ts';

const GIVEN_UP_MS = 20;

/** The parts of the stores that a publisher uses. */
class Configs {
  current: StoredConfig | null = null;
  publishedVersion = 0;

  get isPublished(): boolean {
    return this.current === null || this.publishedVersion === this.current.version;
  }

  notePublished(version: number): void {
    this.publishedVersion = version;
  }
}

class Removals {
  unpublished: Removing | null = null;

  noteUnpublished(): void {
    this.unpublished = null;
  }

  again(tenant: string, nowMs: number): void {
    this.unpublished = { tenant, dueAtMs: nowMs, isWiped: true };
  }
}

/** KV in which a write hangs until it is told to arrive. */
class HangingKv {
  readonly held: (() => void)[] = [];
  /** What came, in order: the version that was written, or `deleted`. */
  readonly arrived: (number | 'deleted')[] = [];
  isHanging = false;

  async put(_key: string, value: string): Promise<void> {
    await this.#hold();
    this.arrived.push((JSON.parse(value) as { version: number }).version);
  }

  async delete(): Promise<void> {
    await this.#hold();
    this.arrived.push('deleted');
  }

  async #hold(): Promise<void> {
    if (this.isHanging) await new Promise<void>((resolve) => this.held.push(resolve));
  }
}

let configs: Configs;
let removal: Removals;
let kv: HangingKv;
let asked: number;
let publisher: Publisher;
beforeEach(() => {
  configs = new Configs();
  removal = new Removals();
  kv = new HangingKv();
  asked = 0;
  publisher = new Publisher({
    kv: () => kv,
    configs,
    removal,
    connections: new Semaphore(1),
    nowMs: () => 0,
    askAgain: () => void asked++,
    givenUpMs: GIVEN_UP_MS,
  });
});

async function stored(version: number): Promise<StoredConfig> {
  const savedAt = '2026-11-22T00:00:00.000Z';
  return { version, savedAt, createdAtMs: 0, config: await sealedConfig('acme') };
}

const REMOVING: Removing = { tenant: 'acme', dueAtMs: 0, isWiped: false };

describe('a write to KV that never settles', () => {
  it('is given up, so that the next version gets through, which is written again should the late one arrive', async () => {
    configs.current = await stored(1);
    kv.isHanging = true;
    expect(await publisher.publish()).toBe(false);
    kv.isHanging = false;
    configs.current = await stored(2);
    expect(await publisher.publish()).toBe(true);
    expect(kv.arrived).toEqual([2]);

    kv.held[0]?.();
    await scheduler.wait(5);
    expect(kv.arrived).toEqual([2, 1]);
    expect(asked).toBe(1);
    expect(configs.isPublished).toBe(false);
    expect(await publisher.publish()).toBe(true);
    expect(kv.arrived.at(-1)).toBe(2);
  });

  it('does not bring a removed tenant back: should it arrive late, the copy is deleted once more', async () => {
    configs.current = await stored(1);
    kv.isHanging = true;
    expect(await publisher.publish()).toBe(false);
    kv.isHanging = false;
    configs.current = null;
    removal.unpublished = REMOVING;
    expect(await publisher.publish()).toBe(true);
    expect(await publisher.rest()).toBe(false);

    kv.held[0]?.();
    await scheduler.wait(5);
    expect(asked).toBe(1);
    expect(await publisher.publish()).toBe(true);
    expect(kv.arrived).toEqual(['deleted', 1, 'deleted']);
    expect(await publisher.rest()).toBe(true);
  });

  it('does not take the tenant that was made again away: should the late deletion arrive, it is written once more', async () => {
    removal.unpublished = REMOVING;
    kv.isHanging = true;
    expect(await publisher.publish()).toBe(false);
    kv.isHanging = false;
    removal.unpublished = null;
    configs.current = await stored(1);
    expect(await publisher.publish()).toBe(true);

    kv.held[0]?.();
    await scheduler.wait(5);
    expect(asked).toBe(1);
    expect(await publisher.publish()).toBe(true);
    expect(kv.arrived).toEqual([1, 'deleted', 1]);
  });
});

describe('a write to KV under way while its tenant is removed', () => {
  it('is waited for: the deletion comes after it', async () => {
    configs.current = await stored(1);
    kv.isHanging = true;
    const publishing = publisher.publish();
    await scheduler.wait(1);
    kv.isHanging = false;
    configs.current = null;
    removal.unpublished = REMOVING;
    const removing = publisher.publish();
    kv.held[0]?.();
    await Promise.all([publishing, removing]);
    expect(kv.arrived).toEqual([1, 'deleted']);
  });

  it('is not taken for that of a tenant made again with the same version', async () => {
    configs.current = await stored(1);
    kv.isHanging = true;
    const publishing = publisher.publish();
    await scheduler.wait(1);
    kv.isHanging = false;
    configs.current = await stored(1);
    kv.held[0]?.();
    await publishing;
    expect(configs.isPublished).toBe(false);
    expect(await publisher.publish()).toBe(true);
    expect(kv.arrived).toEqual([1, 1]);
  });
});
