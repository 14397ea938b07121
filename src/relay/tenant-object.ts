/**
 * What is in the storage of a tenant's object: nothing yet, a tenant at work, one that is removed or on a move, or a fault.
 * Wires these together, has the relay do what is asked, and looks after all of them with the alarm. The constructor never throws:
 * what is wrong with the storage is a fault that is reported and tried again. What an object can be asked is tenant-relay.ts's.
 */

import type {
  ConfigureAnswer,
  ConfigureRequest,
  RemoveAnswer,
  RemoveRequest,
  VersionConflict,
} from '../domain/rpc.ts';
import type { Refused } from '../domain/unavailable.ts';
import { Database } from '../lib/database.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import { createSealer } from '../lib/seal.ts';
import { Semaphore } from '../lib/semaphore.ts';
import { type Env, settingsOf } from '../settings.ts';
import { Alarm } from './alarm.ts';
import { ConfigStore } from './config-store.ts';
import { createTenant } from './create-tenant.ts';
import type { RelayIo } from './io.ts';
import type { Timeouts } from './lane-parts.ts';
import { MoveStore } from './move-state.ts';
import { Moves } from './moves.ts';
import { Publisher } from './publisher.ts';
import type { RelaySizes } from './relay-parts.ts';
import { Relay } from './relay.ts';
import { Removal } from './removal.ts';
import { isCreated, migrate } from './schema.ts';
import { Vacancy } from './vacancy.ts';
import { WATCH_MS } from './watchdog.ts';

type Unavailable = Extract<Refused, { readonly kind: 'unavailable' }>;

type Expected = Pick<ConfigureRequest, 'expectedVersion' | 'expectedCreatedAtMs'>;

export interface TenantObjectParts {
  readonly storage: DurableObjectStorage;
  /** The object's own id, which tells it from every other. */
  readonly id: string;
  readonly env: () => Env;
  readonly io: RelayIo;
  readonly sizes: () => RelaySizes;
  readonly timeouts: () => Timeouts;
}

/** Its members are this file's and the façade's: nothing here is reached from outside the object. */
export class TenantObject {
  readonly db: Database;
  readonly configs: ConfigStore;
  readonly moves: Moves;
  readonly vacancy: Vacancy;
  readonly alarm: Alarm;
  readonly #parts: TenantObjectParts;
  readonly #removal: Removal;
  /** These two outlive a tenant: what an earlier one has under way must not come after a later one's. */
  readonly #outside = new Semaphore(1);
  readonly #publisher: Publisher;
  #relay: Relay | undefined;
  #isFaulty = false;

  constructor(parts: TenantObjectParts) {
    const { env, io } = parts;
    this.#parts = parts;
    this.db = new Database(parts.storage);
    this.alarm = new Alarm(this.db);
    this.configs = new ConfigStore(this.db);
    this.#removal = new Removal(this.db);
    this.#publisher = new Publisher({
      kv: () => env().RELAY_KV,
      configs: this.configs,
      removal: this.#removal,
      connections: this.#outside,
      nowMs: () => io.nowMs(),
      askAgain: () => void this.alarm.armBy(io.nowMs()).catch(() => undefined),
    });
    const store = new MoveStore(this.db);
    this.vacancy = new Vacancy({
      db: this.db,
      alarm: this.alarm,
      removal: this.#removal,
      publisher: this.#publisher,
      nowMs: () => io.nowMs(),
      isTaken: () => this.#relay !== undefined || this.moves.isLeaving,
      moves: store,
    });
    this.moves = this.#makeMoves(store);
  }

  /** Undefined: never configured, removed, moved away, or faulty. */
  get relay(): Relay | undefined {
    return this.#relay;
  }

  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  get tenant(): string {
    return this.configs.current?.config.id ?? '';
  }

  /** Only storage is awaited here: nothing that may hang holds requests back. */
  async start(): Promise<void> {
    await this.alarm.load().catch(() => undefined);
    this.load();
    if (this.#relay || this.vacancy.isKeeping || this.#isFaulty)
      await this.alarm.armBy(this.#parts.io.nowMs() + WATCH_MS).catch(() => undefined);
  }

  /** Saves a config unless another writer was first. The first one creates the tables. */
  async configure(request: ConfigureRequest): Promise<ConfigureAnswer> {
    if (request.v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    const away = this.moves.refusal;
    if (away) return { kind: 'unavailable', reason: away };
    const conflict = this.conflict(request);
    if (conflict) return conflict;
    const refused = this.#relay ? undefined : this.vacancy.refusal(request);
    if (refused) return refused;
    try {
      const cleared = this.#relay ? undefined : this.vacancy.clear();
      if (this.#relay) this.#relay.reconfiguration.configure(request);
      else {
        createTenant(this.db, this.configs, request, this.#parts.io.nowMs());
        this.#relay = this.#makeRelay();
      }
      const saved = this.configs.current?.version ?? 0;
      const [isPublished] = await Promise.all([this.#relay.putToWork(), cleared]);
      return { kind: 'saved', version: saved, isPublished };
    } catch (error) {
      logEvent('error', 'config.saving_failed', { tenant: request.config.id, ...causeFields(error) });
      // A relay that runs goes on with the config that it has: the transaction left nothing behind.
      if (!this.#relay) this.load();
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  /** Forgets the tenant at once and for good; what that leaves behind goes step by step, from the alarm if need be. */
  async remove(request: RemoveRequest): Promise<RemoveAnswer> {
    return this.ask(request.v, 'removal.failed', async (relay) => {
      const conflict = this.conflict(request);
      if (conflict) return conflict;
      const held = relay.records.holds.ids;
      if (held.length > 0) return { kind: 'held', holds: held };
      const rest = relay.rest();
      if (rest.length > 0 && !request.discard) return { kind: 'undelivered', rest };
      const [tenant, nowMs] = [this.tenant, this.#parts.io.nowMs()];
      this.db.transaction(() => {
        this.#removal.begin(tenant, nowMs);
        this.configs.forget();
      });
      const armed = this.alarm.armBy(nowMs + WATCH_MS);
      relay.stop();
      this.#relay = undefined;
      this.configs.load();
      this.#removal.load();
      await armed;
      await this.vacancy.goOnRemoving().catch((error: unknown) => {
        logEvent('warn', 'removal.deferred', { tenant, ...causeFields(error) });
      });
      return { kind: 'removed', rest, isUnpublished: this.#removal.unpublished === null };
    });
  }

  /** Re-arms first, then works: whatever fails below, the next alarm is set. */
  async watch(): Promise<void> {
    this.alarm.noteGone();
    await this.alarm.armBy(this.#parts.io.nowMs() + WATCH_MS);
    try {
      if (this.#isFaulty) this.load();
      await this.#relay?.watch();
      await this.moves.tidy();
      await this.vacancy.tidy();
      // Asked and set in one turn: what an event that comes in meanwhile needs is not overwritten.
      if (this.#isFaulty) return;
      const keeper = this.#relay ?? (this.moves.isKeeping ? this.moves : this.vacancy);
      await this.alarm.set(keeper.nextAlarmAtMs());
    } catch (error) {
      logEvent('error', 'alarm.failed', { tenant: this.tenant, ...causeFields(error) });
    }
  }

  /** Reads the storage anew. A fault is kept for the next try. */
  load(): void {
    try {
      this.#relay = undefined;
      this.#isFaulty = false;
      this.vacancy.load();
      if (!isCreated(this.db)) return;
      migrate(this.db, this.#parts.io.nowMs());
      this.configs.load();
      if (this.configs.current && !this.moves.isLeaving) this.#relay = this.#makeRelay();
    } catch (error) {
      this.#isFaulty = true;
      logEvent('error', 'object.loading_failed', causeFields(error));
    }
  }

  /** Has the relay do something, if there is one; whatever goes wrong there is an answer. */
  async ask<A>(
    v: number,
    event: `${string}.${string}`,
    work: (relay: Relay) => Promise<A>,
  ): Promise<A | Refused> {
    if (v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    const away = this.moves.refusal;
    if (away) return { kind: 'unavailable', reason: away };
    const relay = this.#relay;
    if (!relay)
      return this.#isFaulty ? { kind: 'unavailable', reason: 'object_fault' } : { kind: 'unknown_tenant' };
    return this.attempt<A | Refused>(v, event, async () => {
      const answer = await work(relay);
      // It came to rest meanwhile: that is no end.
      return this.moves.isLeaving && this.#relay !== relay
        ? { kind: 'unavailable', reason: 'moving' }
        : answer;
    });
  }

  /** Has something done that needs no tenant, as long as the storage can be read. Whatever goes wrong is an answer. */
  async attempt<A>(
    v: number,
    event: `${string}.${string}`,
    work: () => Promise<A>,
  ): Promise<A | Unavailable> {
    if (v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    if (this.#isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    try {
      return await work();
    } catch (error) {
      logEvent('error', event, { tenant: this.tenant, ...causeFields(error) });
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  /** Whether what the writer read is another version, or another tenant of this id. */
  conflict({ expectedVersion, expectedCreatedAtMs }: Expected): VersionConflict | undefined {
    const { version = null, createdAtMs = 0 } = this.configs.current ?? {};
    const isSame = expectedCreatedAtMs === undefined || expectedCreatedAtMs === createdAtMs;
    return expectedVersion === version && isSame ? undefined : { kind: 'version_conflict', version };
  }

  #makeMoves(store: MoveStore): Moves {
    const { env, io } = this.#parts;
    return new Moves({
      db: this.db,
      store,
      alarm: this.alarm,
      configs: this.configs,
      publisher: this.#publisher,
      kv: () => env().RELAY_KV,
      sealer: () => createSealer(settingsOf(env()).masterKeys),
      settings: () => settingsOf(env()),
      nowMs: () => io.nowMs(),
      newId: () => io.newId(),
      place: sha256Hex(this.#parts.id).slice(0, 16),
      relay: () => this.#relay,
      hasTenant: () => this.#relay !== undefined,
      stopRelay: () => {
        this.#relay?.stop();
        this.#relay = undefined;
      },
      startRelay: async () => {
        if (!this.#relay) this.load();
        return (await this.#relay?.putToWork()) ?? false;
      },
      conflict: (expected) => this.conflict(expected),
      roomInMs: () => this.vacancy.roomInMs(),
      hasRoom: async () =>
        !this.vacancy.refusal({}) && (await this.vacancy.makeRoom({ v: 1, claims: false })).kind === 'made',
      clear: async () => this.vacancy.clear(),
    });
  }

  #makeRelay(): Relay {
    const { env, io, sizes, timeouts } = this.#parts;
    const settings = settingsOf(env());
    return new Relay({
      db: this.db,
      alarm: this.alarm,
      configs: this.configs,
      env: env(),
      settings,
      sealer: createSealer(settings.masterKeys),
      io,
      sizes: sizes(),
      timeouts,
      publisher: this.#publisher,
      outside: this.#outside,
    });
  }
}
