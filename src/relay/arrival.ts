/**
 * The target of a tenant's move: takes sealed pages in their order, each once, and is the tenant only when the source has let go.
 * Until then the object has no tenant. What stays unfinished is wiped.
 */

import type { ArriveAnswer, ArriveRequest, MoveFailure, MoveRefusal } from '../domain/move.ts';
import { ARRIVING_MS_MAX, COMPLETE_MS_MAX } from '../domain/move.ts';
import type { Residency } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { logEvent } from '../lib/log.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import type { Result } from '../lib/result.ts';
import { failure, unreachable } from '../lib/result.ts';
import { type Sealer, bindingOf } from '../lib/seal.ts';
import type { Settings } from '../settings.ts';
import type { Alarm } from './alarm.ts';
import { Audit } from './audit.ts';
import type { ConfigStore } from './config-store.ts';
import { type MovePage, OFFER, type TableRows, areSameCounts, countsOf, writeRows } from './move-pages.ts';
import type { Arriving, MoveStore } from './move-state.ts';
import { arrivingConfig, openPage } from './open-page.ts';
import { migrate, writeMeta } from './schema.ts';

/** Another move of the same id is being cleared away. */
const BUSY_SECONDS = 10;
/** Columns that hold a seal of their own, or JSON that has one as `sealed`. */
const SEALED_COLUMNS: Readonly<Record<string, string>> = { pseudonyms: 'sealed', erasures: 'state' };

export interface ArrivalParts {
  readonly db: Database;
  readonly store: MoveStore;
  readonly alarm: Alarm;
  readonly configs: ConfigStore;
  readonly sealer: () => Sealer;
  readonly settings: () => Settings;
  readonly nowMs: () => number;
  /** Which object this is: the source lets one alone begin. Without a dot. */
  readonly place: string;
  readonly hasTenant: () => boolean;
  /** For how long an earlier tenant of the id, or a claim on it, surely keeps the object from taking one; writes nothing. */
  readonly roomInMs: () => number;
  /** Whether nothing of an earlier tenant of the id is under way any more. */
  readonly hasRoom: () => Promise<boolean>;
  /** Everything that is stored goes at once: what is written in the same turn stands in an empty storage. */
  readonly clear: () => Promise<void>;
  /** Begins with what is stored; whether KV has it already. */
  readonly startRelay: () => Promise<boolean>;
}

type Place = Extract<ArriveRequest, { readonly sealed: string }>;

export class Arrival {
  readonly #parts: ArrivalParts;
  /** One page at a time: what is awaited in between must not let another in. */
  #isBusy = false;

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
  }

  async arrive(request: ArriveRequest): Promise<ArriveAnswer> {
    if (this.#isBusy) return { kind: 'settling', retryAfterSeconds: 1 };
    this.#isBusy = true;
    try {
      switch (request.step) {
        case 'check':
          return await this.#check(request);
        case 'page':
          return await this.#take(request);
        case 'activate':
          return await this.#activate(request);
        case 'abandon':
          return await this.#abandon(request.move);
        default:
          return unreachable(request);
      }
    } finally {
      this.#isBusy = false;
    }
  }

  async #check(request: Place): Promise<ArriveAnswer> {
    const opened = await this.#open(request);
    if (!opened.ok) return opened.error;
    const page = opened.value;
    const refused = this.#taken(page, request.knownCreatedAtMs);
    if (refused) return refused;
    const config = await this.#configOf(page, request.to);
    if (!config.ok) return config.error;
    // Before the source rests: page 0 would have to wait as long.
    const waitMs = this.#parts.store.current?.side === 'arriving' ? 0 : this.#parts.roomInMs();
    return waitMs > 0
      ? { kind: 'settling', retryAfterSeconds: Math.ceil(waitMs / 1000) }
      : { kind: 'welcome' };
  }

  async #take(request: Place): Promise<ArriveAnswer> {
    const opened = await this.#open(request);
    if (!opened.ok) return opened.error;
    const page = opened.value;
    const { current } = this.#parts.store;
    if (current?.side === 'arriving' && current.move === page.move) {
      if (isAnother(current, request)) return refusal('taken');
      if (page.n < current.pages) return this.#done();
      return page.n === current.pages ? this.#next(current, page) : refusal('out_of_order');
    }
    const refused = this.#taken(page, request.knownCreatedAtMs);
    if (refused) return refused;
    const isFirst = page.n === 0 && page.move !== OFFER;
    return isFirst ? this.#first(page, request) : refusal('out_of_order');
  }

  /** The config alone; it stands in the row of the move until the tenant works. */
  async #first(page: MovePage, { tenant, to, knownCreatedAtMs }: Place): Promise<ArriveAnswer> {
    const { db, store, alarm, nowMs } = this.#parts;
    const config = await this.#configOf(page, to);
    if (!config.ok) return config.error;
    const hasRoom = store.current?.side === 'arriving' || (await this.#parts.hasRoom());
    if (!hasRoom) return { kind: 'settling', retryAfterSeconds: BUSY_SECONDS };
    const refused = this.#taken(page, knownCreatedAtMs);
    if (refused) return refused;
    const { move, version, createdAtMs, first } = page;
    const untilMs = nowMs() + ARRIVING_MS_MAX;
    const from = first?.config.residency ?? to;
    const begunAtMs = first?.begunAtMs ?? 0;
    const state: Arriving = {
      side: 'arriving',
      move,
      tenant,
      from,
      to,
      version,
      createdAtMs,
      begunAtMs,
      untilMs,
      pages: 1,
      proof: null,
      releaseDigest: first?.releaseDigest ?? '',
      config: config.value,
    };
    const cleared = this.#parts.clear();
    db.transaction(() => {
      migrate(db, nowMs());
      store.write(state);
    });
    store.load();
    await Promise.all([cleared, alarm.set(untilMs)]);
    logEvent('info', 'arrival.begun', { tenant, move, from, to });
    return this.#done();
  }

  async #next(state: Arriving, page: MovePage): Promise<ArriveAnswer> {
    const { db, store, alarm, nowMs } = this.#parts;
    const tables = await Promise.all(page.tables.map(async (table) => this.#resealed(state.tenant, table)));
    const proof = page.last ? `${page.last.proof}.${this.#parts.place}` : null;
    const untilMs = nowMs() + (proof === null ? ARRIVING_MS_MAX : COMPLETE_MS_MAX);
    try {
      db.transaction(() => {
        for (const table of tables) writeRows(db, table);
        if (page.last && !areSameCounts(page.last.counts, countsOf(db))) throw new CountsDiffer();
        store.write({ ...state, pages: page.n + 1, proof, untilMs });
      });
    } catch (error) {
      if (error instanceof CountsDiffer) return refusal('counts_differ');
      throw error;
    }
    store.load();
    await alarm.set(untilMs);
    return this.#done();
  }

  /** The version after the source's, so that neither the edge nor a writer takes one for the other. */
  async #activate(request: Extract<ArriveRequest, { step: 'activate' }>): Promise<ArriveAnswer> {
    const { db, store, configs, nowMs } = this.#parts;
    const { move, release, actor } = request;
    const { current: state } = store;
    if (state?.side === 'arrived' && state.move === move && this.#parts.hasTenant()) return this.#active();
    if (state?.side !== 'arriving' || state.move !== move) return refusal('no_such_move');
    const [secret = '', place] = release.split('.');
    if (state.proof === null || sha256Hex(secret) !== state.releaseDigest) return refusal('not_ready');
    if (place !== this.#parts.place) return refusal('another_target');
    // The source has let go: who is at work in the other place was brought there otherwise.
    if (request.knownCreatedAtMs !== null) return refusal('taken');
    const { tenant, from, to, config } = state;
    const version = state.version + 1;
    db.transaction(() => {
      configs.write(config, nowMs(), version);
      writeMeta(db, 'published_version', 0);
      new Audit(db).append('tenant.moved', actor, { move, from, to, version }, nowMs());
      store.write({ side: 'arrived', move });
    });
    store.load();
    logEvent('info', 'tenant.moved', { tenant, move, from, to, version });
    return this.#active();
  }

  async #active(): Promise<ArriveAnswer> {
    const isPublished = await this.#parts.startRelay();
    return { kind: 'active', version: this.#parts.configs.current?.version ?? 0, isPublished };
  }

  async #abandon(move: string): Promise<ArriveAnswer> {
    const { current } = this.#parts.store;
    if (current?.side === 'arrived' && current.move === move) return refusal('handed_over');
    if (current?.side !== 'arriving' || current.move !== move) return refusal('no_such_move');
    await this.#parts.clear();
    logEvent('info', 'arrival.wiped', { tenant: current.tenant, move });
    return this.#done();
  }

  /** What nobody went on with. */
  async tidy(): Promise<void> {
    const { current } = this.#parts.store;
    if (current?.side !== 'arriving' || this.#parts.nowMs() < current.untilMs) return;
    await this.#parts.clear();
    logEvent('warn', 'arrival.wiped', { tenant: current.tenant, move: current.move, cause: 'deadline' });
  }

  nextAlarmAtMs(): number | null {
    const { current } = this.#parts.store;
    return current?.side === 'arriving' ? current.untilMs : null;
  }

  /** An unfinished move of the same tenant gives way to a later one alone: its source is still there, or could not seal this page. */
  #taken({ createdAtMs, first }: MovePage, knownCreatedAtMs: number | null): MoveFailure | undefined {
    const { store, hasTenant } = this.#parts;
    const { current } = store;
    const isElsewhere = isAnother({ createdAtMs }, { knownCreatedAtMs });
    if (hasTenant() || current?.side === 'leaving' || isElsewhere) return refusal('taken');
    if (current?.side === 'departed' && current.settledAtMs === null) return refusal('another_move');
    if (current?.side !== 'arriving') return undefined;
    const isLater = (first?.begunAtMs ?? 0) > current.begunAtMs;
    return current.createdAtMs !== createdAtMs || !isLater ? refusal('another_move') : undefined;
  }

  async #open(place: Place): Promise<Result<MovePage, MoveFailure>> {
    return openPage(this.#parts.sealer(), place);
  }

  async #configOf({ first }: MovePage, to: Residency) {
    if (!first) return failure(refusal('out_of_order'));
    // An EU tenant's object is in the EU here, too; the deployment's KV, registry and logs need not be.
    const isWider = first.deployment === 'eu' && this.#parts.settings().residency !== 'eu';
    if (isWider && !first.leavesEu) return failure(refusal('leaves_eu'));
    return arrivingConfig(this.#parts.sealer(), this.#parts.settings(), { stored: first.config, to });
  }

  /** What a row holds sealed stays readable when the source's master key is gone. */
  async #resealed(tenant: string, table: TableRows): Promise<TableRows> {
    const at = table.columns.indexOf(SEALED_COLUMNS[table.name] ?? '');
    if (at === -1) return table;
    const rows = await Promise.all(
      table.rows.map(async (row) => {
        const text = row[at];
        return typeof text === 'string' ? row.with(at, await this.#resealedIn(tenant, text)) : row;
      }),
    );
    return { ...table, rows };
  }

  async #resealedIn(tenant: string, text: string): Promise<string> {
    if (!text.startsWith('{')) return this.#sealedHere(tenant, text);
    const state = jsonIn(text);
    if (!isRecord(state) || typeof state['sealed'] !== 'string') return text;
    return JSON.stringify({ ...state, sealed: await this.#sealedHere(tenant, state['sealed']) });
  }

  async #sealedHere(tenant: string, jwe: string): Promise<string> {
    const sealer = this.#parts.sealer();
    const { purpose } = bindingOf(jwe) ?? {};
    const { isPrimaryKey, setAtSeconds } = await sealer.describe(jwe);
    if (isPrimaryKey || typeof purpose !== 'string') return jwe;
    const opened = await sealer.open(jwe, { tenant, purpose });
    return opened.ok ? sealer.seal(opened.value, { tenant, purpose }, setAtSeconds) : jwe;
  }

  #done(): ArriveAnswer {
    return { kind: 'done', view: this.#parts.store.view(this.#parts.hasTenant()) };
  }
}

/** Whether the deployment has another tenant of this id than the one that comes. */
function isAnother(
  { createdAtMs }: Pick<MovePage, 'createdAtMs'>,
  { knownCreatedAtMs }: Pick<ArriveRequest, 'knownCreatedAtMs'>,
): boolean {
  return knownCreatedAtMs !== null && knownCreatedAtMs !== createdAtMs;
}

class CountsDiffer extends Error {}

function refusal(reason: MoveRefusal): MoveFailure {
  return { kind: 'move_refused', reason };
}
