/**
 * Keeps the copy in KV of what ingest needs: writes each config there, and deletes it once the tenant is removed.
 * One write at a time, whatever becomes of the tenant meanwhile: KV keeps what comes last, and what a late write may have covered
 * is written again. What fails is tried again from the alarm.
 */

import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import { type IngestConfigWriter, ingestKey, publishIngestConfig } from '../tenants/ingest-config.ts';
import type { ConfigStore } from './config-store.ts';
import type { Removal } from './removal.ts';

/** Longest wait of a caller. The write goes on unseen. */
const DEADLINE_MS = 3_000;
/** A write that has not settled by then is given up: it must not hold up the next ones for ever. */
const GIVEN_UP_MS = 30_000;

/** The version that KV has when it is not known which. */
const NONE = 0;

export interface PublisherParts {
  readonly kv: () => IngestConfigWriter;
  readonly configs: Pick<ConfigStore, 'current' | 'isPublished' | 'notePublished'>;
  readonly removal: Pick<Removal, 'unpublished' | 'noteUnpublished' | 'again'>;
  readonly connections: Semaphore;
  readonly nowMs: () => number;
  /** Asks for another `publish`. */
  readonly askAgain: () => void;
  /** Default 30 s. */
  readonly givenUpMs?: number;
}

/** What KV lacks. */
interface Due {
  readonly tenant: string;
  readonly write: (kv: IngestConfigWriter) => Promise<void>;
  /** It holds. Says so only if nothing else is due by then. */
  readonly note: () => void;
}

export class Publisher {
  readonly #parts: PublisherParts;
  #underWay: Promise<void> | undefined;
  /** Writes that were given up and may still come. */
  #late = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /** Whether KV has what it should when this returns. Never throws. */
  async publish(): Promise<boolean> {
    if (this.#underWay) await withDeadline(this.#underWay, DEADLINE_MS);
    const due = this.#due();
    if (!due) return true;
    if (this.#underWay) return false;
    const writing = this.#write(due).finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = writing;
    await withDeadline(writing, DEADLINE_MS);
    return this.#due() === undefined;
  }

  /** Whether nothing is on its way to KV any more, after waiting a little. */
  async rest(): Promise<boolean> {
    if (this.#underWay) await withDeadline(this.#underWay, DEADLINE_MS);
    return this.#underWay === undefined && this.#late === 0;
  }

  #due(): Due | undefined {
    const { configs, removal } = this.#parts;
    const stored = configs.current;
    if (stored) {
      if (configs.isPublished) return undefined;
      return {
        tenant: stored.config.id,
        write: async (kv) => publishIngestConfig(kv, stored),
        // A tenant that was made again may have the same version.
        note: () => configs.current === stored && configs.notePublished(stored.version),
      };
    }
    const removed = removal.unpublished;
    if (!removed) return undefined;
    return {
      tenant: removed.tenant,
      write: async (kv) => kv.delete(ingestKey(removed.tenant)),
      note: () => removal.unpublished === removed && removal.noteUnpublished(),
    };
  }

  async #write({ tenant, write, note }: Due): Promise<void> {
    const { kv, connections, givenUpMs = GIVEN_UP_MS } = this.#parts;
    const release = await connections.acquire();
    try {
      const writing = write(kv());
      const written = await withDeadline(writing, givenUpMs);
      if (written.ok) return note();
      logEvent('warn', 'config.publishing_failed', { tenant, cause: 'deadline' });
      this.#late++;
      void writing
        // It may lie over what is newer: that is written once more then.
        .then(() => this.#writeAgain(tenant))
        .catch(() => undefined)
        .finally(() => this.#late--);
    } catch (error) {
      logEvent('warn', 'config.publishing_failed', { tenant, ...causeFields(error) });
    } finally {
      release();
    }
  }

  #writeAgain(tenant: string): void {
    const { configs, removal, nowMs, askAgain } = this.#parts;
    if (configs.current) configs.notePublished(NONE);
    else removal.again(tenant, nowMs());
    askAgain();
  }
}
