/**
 * Copies what ingest needs of the config to KV. One write at a time: KV keeps what comes last,
 * and a write that is late must not end up over a newer one. What fails is tried again from the alarm.
 */

import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import { type IngestConfigWriter, publishIngestConfig } from '../tenants/ingest-config.ts';
import type { ConfigStore } from './config-store.ts';

/** Longest wait of a caller. The write goes on unseen, and no other begins before it has settled. */
const DEADLINE_MS = 3_000;

export class Publisher {
  readonly #kv: IngestConfigWriter;
  readonly #configs: ConfigStore;
  readonly #connections: Semaphore;
  #underWay: Promise<void> | undefined;

  constructor(kv: IngestConfigWriter, configs: ConfigStore, connections: Semaphore) {
    this.#kv = kv;
    this.#configs = configs;
    this.#connections = connections;
  }

  /** Whether KV has the current version when this returns. Never throws. */
  async publish(): Promise<boolean> {
    if (this.#underWay) await withDeadline(this.#underWay, DEADLINE_MS);
    if (this.#configs.isPublished) return true;
    if (this.#underWay) return false;
    const writing = this.#write().finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = writing;
    await withDeadline(writing, DEADLINE_MS);
    return this.#configs.isPublished;
  }

  async #write(): Promise<void> {
    const stored = this.#configs.current;
    if (!stored) return;
    const release = await this.#connections.acquire();
    try {
      await publishIngestConfig(this.#kv, stored.config, stored.version);
      this.#configs.notePublished(stored.version);
    } catch (error) {
      logEvent('warn', 'config.publishing_failed', { tenant: stored.config.id, ...causeFields(error) });
    } finally {
      release();
    }
  }
}
