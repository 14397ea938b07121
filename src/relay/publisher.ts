/**
 * Copies what ingest needs of the config to KV. One write at a time: KV keeps what comes last,
 * and what a late write may have covered is written again. What fails is tried again from the alarm.
 */

import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import { type IngestConfigWriter, publishIngestConfig } from '../tenants/ingest-config.ts';
import type { ConfigStore } from './config-store.ts';

/** Longest wait of a caller. The write goes on unseen. */
const DEADLINE_MS = 3_000;
/** A write that has not settled by then is given up: it must not hold up the next ones for ever. */
const GIVEN_UP_MS = 30_000;

/** The version that KV has when it is not known which. */
const NONE = 0;

export class Publisher {
  readonly #kv: IngestConfigWriter;
  readonly #configs: ConfigStore;
  readonly #connections: Semaphore;
  readonly #askAgain: () => void;
  readonly #givenUpMs: number;
  #underWay: Promise<void> | undefined;

  /** `askAgain` asks for another `publish`. */
  constructor(
    kv: IngestConfigWriter,
    configs: ConfigStore,
    connections: Semaphore,
    askAgain: () => void,
    givenUpMs = GIVEN_UP_MS,
  ) {
    this.#kv = kv;
    this.#configs = configs;
    this.#connections = connections;
    this.#askAgain = askAgain;
    this.#givenUpMs = givenUpMs;
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

  #writeAgain(): void {
    this.#configs.notePublished(NONE);
    this.#askAgain();
  }

  async #write(): Promise<void> {
    const stored = this.#configs.current;
    if (!stored) return;
    const release = await this.#connections.acquire();
    try {
      const writing = publishIngestConfig(this.#kv, stored.config, stored.version);
      const written = await withDeadline(writing, this.#givenUpMs);
      if (written.ok) return this.#configs.notePublished(stored.version);
      logEvent('warn', 'config.publishing_failed', { tenant: stored.config.id, cause: 'deadline' });
      // Should it arrive after all, it may lie over a newer version: that is written once more then.
      void writing.then(() => this.#writeAgain()).catch(() => undefined);
    } catch (error) {
      logEvent('warn', 'config.publishing_failed', { tenant: stored.config.id, ...causeFields(error) });
    } finally {
      release();
    }
  }
}
