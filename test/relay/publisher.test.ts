import { describe, expect, it } from 'vitest';

import type { ConfigStore } from '../../src/relay/config-store.ts';
import { Publisher } from '../../src/relay/publisher.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import type { StoredConfig } from '../../src/domain/rpc.ts';
import { sealedConfig } from './tenant.ts';

/** The part of the store that a publisher uses. */
class Configs {
  current: StoredConfig;
  publishedVersion = 0;

  constructor(current: StoredConfig) {
    this.current = current;
  }

  get isPublished(): boolean {
    return this.publishedVersion === this.current.version;
  }

  notePublished(version: number): void {
    this.publishedVersion = version;
  }
}

describe('a write to KV that never settles', () => {
  it('is given up, so that the next version gets through, which is written again should the late one arrive', async () => {
    const config = await sealedConfig('acme');
    const configs = new Configs({ version: 1, savedAt: '2026-11-22T00:00:00.000Z', config });
    const arrive: (() => void)[] = [];
    const written: string[] = [];
    const kv = {
      put: async (_key: string, value: string) => {
        if (written.length === 0 && arrive.length === 0)
          await new Promise<void>((resolve) => arrive.push(resolve));
        written.push(value);
      },
    };
    let asked = 0;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of it that is used
    const store = configs as unknown as ConfigStore;
    const publisher = new Publisher(kv, store, new Semaphore(1), () => void asked++, 20);
    expect(await publisher.publish()).toBe(false);
    configs.current = { ...configs.current, version: 2 };
    expect(await publisher.publish()).toBe(true);
    expect(written).toHaveLength(1);

    arrive[0]?.();
    await scheduler.wait(5);
    expect(written).toHaveLength(2);
    expect(asked).toBe(1);
    expect(configs.isPublished).toBe(false);
    expect(await publisher.publish()).toBe(true);
    expect(written[2]).toBe(written[0]);
  });
});
