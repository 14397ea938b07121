/**
 * The source of a tenant's move: comes to rest, hands out sealed pages, lets go once the target has everything, or goes on as before.
 * While it leaves nothing is taken, sent or dropped, so a page is the same whenever it is asked for.
 * What it lets go it never has again: from then on its row says that the tenant moved, and how the target may begin.
 */

import { gzipSync } from 'node:zlib';

import type { Actor } from '../domain/principal.ts';
import type { LeaveAnswer, LeaveRequest, MoveFailure, MoveRefusal } from '../domain/move.ts';
import {
  COMPLETE_MS_MAX,
  DEPARTED_MS_MAX,
  LEAVING_MS_MAX,
  MOVE_PURPOSE,
  SETTLED_MS,
} from '../domain/move.ts';
import type { StoredConfig, VersionConflict } from '../domain/rpc.ts';
import type { Residency } from '../domain/tenant-config.ts';
import { encodeBase64, encodeUtf8 } from '../lib/bytes.ts';
import type { Database } from '../lib/database.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { logEvent } from '../lib/log.ts';
import { unreachable } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Settings } from '../settings.ts';
import { ingestKey } from '../tenants/ingest-config.ts';
import type { Alarm } from './alarm.ts';
import { Audit } from './audit.ts';
import type { ConfigStore } from './config-store.ts';
import { type FirstPage, type MovePage, OFFER, countsOf, readRows } from './move-pages.ts';
import type { Departed, Leaving, MoveStore } from './move-state.ts';
import type { Publisher } from './publisher.ts';
import type { Relay } from './relay.ts';
import { MIGRATIONS } from './schema.ts';

/** Requests under way end in a few seconds. */
const SETTLING_SECONDS = 2;
const RETRY_MS = 10_000;
/** Who does what no request asks for. */
const RELAY: Actor = { by: 'relay', requestId: '' };

export interface DepartureParts {
  readonly db: Database;
  readonly store: MoveStore;
  readonly alarm: Alarm;
  readonly configs: ConfigStore;
  readonly publisher: Publisher;
  readonly kv: () => KVNamespace;
  readonly sealer: () => Sealer;
  readonly settings: () => Settings;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly relay: () => Relay | undefined;
  readonly stopRelay: () => void;
  /** Begins anew with what is stored. */
  readonly startRelay: () => Promise<boolean>;
  readonly conflict: (expected: { readonly expectedVersion: number }) => VersionConflict | undefined;
}

export class Departure {
  readonly #parts: DepartureParts;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  async leave(request: LeaveRequest): Promise<LeaveAnswer> {
    switch (request.step) {
      case 'offer':
        return this.#offer(request);
      case 'begin':
        return this.#begin(request);
      case 'page':
        return this.#page(request.move, request.n);
      case 'finish':
        return this.#finish(request.move, request.proof);
      case 'settle':
        return this.#settle(request.move);
      case 'abandon':
        return this.#abandon(request.move, request.actor);
      default:
        return unreachable(request);
    }
  }

  async #offer({ to, leavesEu }: Extract<LeaveRequest, { step: 'offer' }>): Promise<LeaveAnswer> {
    const stored = this.#parts.configs.current;
    if (!stored) return { kind: 'unknown_tenant' };
    if (this.#leavesUnsaid(stored, to, leavesEu)) return refusal('leaves_eu');
    const begunAtMs = this.#parts.nowMs();
    const page = this.#pageOf(stored, OFFER, to, { releaseDigest: '', begunAtMs, leavesEu });
    const [version, bytes] = [stored.version, this.#parts.db.sizeBytes];
    return { kind: 'offered', version, sealed: await this.#seal(page), bytes };
  }

  /** Comes to rest first: what a destination is just answering counts as delivered, here and where it moves. */
  async #begin(request: Extract<LeaveRequest, { step: 'begin' }>): Promise<LeaveAnswer> {
    const { db, store, configs, publisher, alarm, relay, nowMs, newId } = this.#parts;
    const { to, leavesEu, actor } = request;
    const state = store.current;
    if (state?.side === 'leaving') return state.to === to ? this.#done() : refusal('another_move');
    if (state?.side === 'departed') return refusal('handed_over');
    const stored = configs.current;
    if (!stored || !relay()) return { kind: 'unknown_tenant' };
    const conflict = this.#parts.conflict(request);
    if (conflict) return conflict;
    if (this.#leavesUnsaid(stored, to, leavesEu)) return refusal('leaves_eu');
    const isAtRest = relay()?.comeToRest() === true;
    const isPublished = (await publisher.publish()) && (await publisher.rest());
    const isSame = configs.current === stored && store.current === state;
    if (!isAtRest || !isPublished || !isSame || relay()?.comeToRest() !== true) return settling();
    const { id: tenant, residency: from } = stored.config;
    const untilMs = nowMs() + LEAVING_MS_MAX;
    const ids = { move: newId(), release: newId(), proof: newId() };
    db.transaction(() => {
      relay()?.flush();
      store.write({ side: 'leaving', tenant, to, untilMs, leavesEu, ...ids });
      const detail = { move: ids.move, from, to, ...(leavesEu && { leavesEu }) };
      new Audit(db).append('tenant.move_begun', actor, detail, nowMs());
    });
    store.load();
    this.#parts.stopRelay();
    await alarm.set(untilMs);
    logEvent('info', 'move.begun', { tenant, move: ids.move, from, to });
    return this.#done();
  }

  async #page(move: string, n: number): Promise<LeaveAnswer> {
    const { db, store, configs } = this.#parts;
    const [state, stored] = [this.#leaving(move), configs.current];
    if (!state || !stored) return refusal('no_such_move');
    const releaseDigest = sha256Hex(state.release);
    const { to, leavesEu } = state;
    if (n === 0) {
      const begunAtMs = state.untilMs - LEAVING_MS_MAX;
      const page = this.#pageOf(stored, move, to, { releaseDigest, begunAtMs, leavesEu });
      return { kind: 'page', sealed: await this.#seal(page), n, isLast: false };
    }
    const start = n === 1 ? undefined : store.startOf(n);
    if (n > 1 && !start) return refusal('out_of_order');
    const { tables, next } = readRows(db, start);
    if (next) store.noteStart(n + 1, next);
    const last = next ? {} : { last: { counts: countsOf(db), proof: state.proof } };
    const page: MovePage = { ...headOf(stored, move, n, to), tables, ...last };
    return { kind: 'page', sealed: await this.#seal(page), n, isLast: !next };
  }

  /** Durable when it answers: nothing of the tenant is here any more. */
  async #finish(move: string, proof: string): Promise<LeaveAnswer> {
    const { db, store, alarm, configs, nowMs } = this.#parts;
    const { current } = store;
    const [known, target = ''] = proof.split('.');
    if (current?.side === 'departed' && current.move === move)
      return current.release.endsWith(`.${target}`) ? this.#done() : refusal('another_target');
    const [state, stored] = [this.#leaving(move), configs.current];
    if (!state || !stored) return refusal('no_such_move');
    if (state.proof !== known) return refusal('not_ready');
    const { tenant, to } = state;
    // Whoever else has every page may not begin.
    const release = `${state.release}.${target}`;
    const published = { version: stored.version, savedAt: stored.savedAt };
    const untilMs = nowMs() + COMPLETE_MS_MAX;
    db.transaction(() => configs.forget());
    configs.load();
    const wiped = db.deleteAll();
    // In the same turn, so that no other request finds the storage without it.
    this.#write({
      side: 'departed',
      move,
      tenant,
      to,
      release,
      published,
      untilMs,
      settledAtMs: null,
      isUnpublished: false,
    });
    alarm.noteGone();
    await Promise.all([wiped, alarm.set(untilMs)]);
    logEvent('info', 'move.handed_over', { tenant, move });
    return this.#done();
  }

  async #settle(move: string): Promise<LeaveAnswer> {
    const { store, alarm, nowMs } = this.#parts;
    const state = store.current;
    if (state?.side !== 'departed' || state.move !== move) return refusal('no_such_move');
    if (state.settledAtMs === null) {
      const settledAtMs = nowMs();
      this.#write({ ...state, settledAtMs, untilMs: settledAtMs + DEPARTED_MS_MAX });
      await alarm.set(this.nextAlarmAtMs());
      logEvent('info', 'move.settled', { tenant: state.tenant, move });
    }
    return this.#done();
  }

  async #abandon(move: string, actor: Actor | undefined): Promise<LeaveAnswer> {
    const { db, store, nowMs } = this.#parts;
    const { current } = store;
    if (current?.side === 'departed' && current.move === move) return refusal('handed_over');
    const state = this.#leaving(move);
    if (!state) return refusal('no_such_move');
    db.transaction(() => {
      store.forget();
      new Audit(db).append('tenant.move_abandoned', actor, { move }, nowMs());
    });
    store.load();
    logEvent('info', 'move.abandoned', { tenant: state.tenant, move });
    await this.#parts.startRelay();
    return this.#done();
  }

  /** What is due of it: a move that nobody ended, the copy in KV, the row itself. */
  async tidy(): Promise<void> {
    const { db, store, alarm, nowMs } = this.#parts;
    const state = store.current;
    if (state?.side === 'leaving' && nowMs() >= state.untilMs) await this.#abandon(state.move, RELAY);
    if (state?.side !== 'departed') return;
    if (nowMs() >= state.untilMs) {
      if (!state.isUnpublished) await this.#unpublish(state);
      const gone = db.deleteAll();
      alarm.noteGone();
      store.load();
      await gone;
    } else if (this.#unpublishAtMs(state) <= nowMs()) await this.#unpublish(state);
  }

  nextAlarmAtMs(): number | null {
    const state = this.#parts.store.current;
    if (state?.side === 'leaving') return state.untilMs;
    if (state?.side !== 'departed') return null;
    const nowMs = this.#parts.nowMs();
    const unpublishAtMs = this.#unpublishAtMs(state);
    return Math.min(state.untilMs, unpublishAtMs > nowMs ? unpublishAtMs : nowMs + RETRY_MS);
  }

  #unpublishAtMs({ settledAtMs, isUnpublished }: Departed): number {
    return settledAtMs === null || isUnpublished ? Infinity : settledAtMs + SETTLED_MS;
  }

  /** The copy in KV goes, unless the target, or a new tenant, has put its own there. */
  async #unpublish(state: Departed): Promise<void> {
    const key = ingestKey(state.tenant);
    const kv = this.#parts.kv();
    const { metadata } = await kv.getWithMetadata<Departed['published']>(key);
    const { version, savedAt } = state.published;
    if (metadata?.version === version && metadata.savedAt === savedAt) await kv.delete(key);
    if (this.#parts.store.current === state) this.#write({ ...state, isUnpublished: true });
  }

  #write(state: Departed): void {
    const { db, store } = this.#parts;
    db.transaction(() => store.write(state));
    store.load();
  }

  #leaving(move: string): Leaving | undefined {
    const state = this.#parts.store.current;
    return state?.side === 'leaving' && state.move === move ? state : undefined;
  }

  #leavesUnsaid({ config }: StoredConfig, to: Residency, leavesEu: boolean): boolean {
    return config.residency === 'eu' && to !== 'eu' && !leavesEu;
  }

  #done(): LeaveAnswer {
    const { store, relay } = this.#parts;
    return { kind: 'done', view: store.view(relay() !== undefined) };
  }

  #pageOf(
    stored: StoredConfig,
    move: string,
    to: Residency,
    more: Omit<FirstPage, 'config' | 'deployment'>,
  ): MovePage {
    const first = { config: stored.config, deployment: this.#parts.settings().residency, ...more };
    return { ...headOf(stored, move, 0, to), first, tables: [] };
  }

  async #seal(page: MovePage): Promise<string> {
    const tenant = this.#parts.configs.current?.config.id ?? '';
    const text = encodeBase64(gzipSync(encodeUtf8(JSON.stringify(page))));
    return this.#parts.sealer().seal(text, { tenant, purpose: MOVE_PURPOSE });
  }
}

function headOf(stored: StoredConfig, move: string, n: number, to: Residency) {
  const { version, createdAtMs } = stored;
  return { v: 1, move, n, to, schema: MIGRATIONS.at(-1)?.version ?? 0, version, createdAtMs } as const;
}

function refusal(reason: MoveRefusal): MoveFailure {
  return { kind: 'move_refused', reason };
}

function settling(): MoveFailure {
  return { kind: 'settling', retryAfterSeconds: SETTLING_SECONDS };
}
