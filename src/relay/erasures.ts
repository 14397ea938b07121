/**
 * Erases people from what a tenant has stored: one after the other, in turns that others' work comes between, and on from where it was
 * after a crash. From the moment that it is asked for, nothing that comes late of the person is taken any more.
 */

import { OVERFLOW_AGE_MS_MAX, deduplicationMs } from '../domain/deduplication.ts';
import type { Actor } from '../domain/principal.ts';
import type { EraseAnswer, ErasuresAnswer, SubjectRequest } from '../domain/rights.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Alarm } from './alarm.ts';
import type { Audit } from './audit.ts';
import { ErasedPerson, type RawNames, namesGiven } from './erased-person.ts';
import type { ErasureMarks } from './erasure-marks.ts';
import { type Erasure, type ErasureStore, NOTHING_REMOVED, doneDetail } from './erasure-store.ts';
import { ERASURE_PHASES, type ErasurePhase } from './erasure-phases.ts';
import { type Step, type StepParts, nextStep } from './erasure-steps.ts';
import type { RelayIo } from './io.ts';
import { type PersonKeys, openPersonKeys } from './person-keys.ts';
import { ERASURE_PURPOSE, type Resealed, resealErasures } from './reseal-erasures.ts';
import { keysOfSubject } from './person.ts';

const UNKNOWN: Actor = { by: 'unknown', requestId: '' };
const DAY_MS = 24 * 3_600_000;
/** Lanes that must come to rest are looked at again this soon. */
const REST_WAIT_MS = 50;
/** After a failure or a crash the alarm goes on with it; what fails again and again is tried ever less often. */
const RETRY_MS = 5_000;
const RETRY_MS_MAX = 3_600_000;

export interface ErasureParts extends StepParts {
  readonly store: ErasureStore;
  readonly marks: ErasureMarks;
  readonly sealer: Sealer;
  readonly io: RelayIo;
  readonly alarm: Alarm;
  readonly audit: Audit;
  readonly isRemoved: () => boolean;
  /** Whatever is in memory of anybody goes. */
  readonly forget: () => void;
  /** A config was saved. */
  readonly publish: () => void;
}

export class Erasures {
  readonly #parts: ErasureParts;
  #isWorking = false;
  #mustLanesRest = false;
  #droppedAtMs = 0;
  /** Runs in a row that did not come to their end. */
  #failures = 0;

  constructor(parts: ErasureParts) {
    this.#parts = parts;
  }

  /** Whether every lane must come to rest. */
  get holdsLanes(): boolean {
    return this.#mustLanesRest;
  }

  /** Whether something is to be done that no hold has put off. */
  get isUnderWay(): boolean {
    return this.#isWorking || this.#parts.store.nextOpen() !== undefined;
  }

  list(): ErasuresAnswer {
    const { store } = this.#parts;
    return { kind: 'erasures', erasures: store.all().map((erasure) => store.viewOf(erasure)) };
  }

  /** Begins. What is under way for just these keys already is answered as it stands. */
  async erase({ subject, actor = UNKNOWN }: SubjectRequest): Promise<EraseAnswer> {
    const { store, sealer, config, isRemoved } = this.#parts;
    const keys = await openPersonKeys(sealer, config());
    const person = new ErasedPerson(keysOfSubject(subject, keys), namesGiven(subject));
    const sealed = await this.#seal(person.names);
    if (isRemoved()) return { kind: 'unknown_tenant' };
    const holds = store.holdsOn(person.keys);
    if (holds.length > 0) return { kind: 'held', holds };
    const same = store
      .all()
      .find(({ state, keys: known }) => state.doneAtMs === undefined && isSame(known, person.keys));
    const id = same?.id ?? (await this.#begin(person, keys, { actor, sealed }));
    const isShut = same !== undefined && !(await this.#opens(same));
    if (isShut && !isRemoved() && store.get(id)?.state.sealed === same.state.sealed)
      // From the start, with the names of now: what it had found out is sealed under a key that is gone.
      store.update(id, { sealed, phase: firstPhase(person, keys), at: null });
    this.start();
    const erasure = store.get(id);
    return erasure ? { kind: 'erasing', erasure: store.viewOf(erasure) } : { kind: 'unknown_tenant' };
  }

  async #begin(
    person: ErasedPerson,
    keys: PersonKeys,
    { actor, sealed }: { readonly actor: Actor; readonly sealed: string },
  ): Promise<number> {
    const { db, store, marks, io, audit, log, config, forget, alarm } = this.#parts;
    const begunAtMs = io.nowMs();
    const lateMs = Math.max(OVERFLOW_AGE_MS_MAX, deduplicationMs(config().webhook.tolerance_seconds));
    const id = db.transaction(() => {
      audit.append('user.erased', actor, { keys: person.keys, what: 'begun' }, begunAtMs);
      return store.add({
        begunAtMs,
        untilMs: begunAtMs + lateMs,
        keys: person.keys,
        state: {
          phase: firstPhase(person, keys),
          at: null,
          sealed,
          head: log.head,
          to: null,
          actor: { by: actor.by, requestId: actor.requestId },
          removed: NOTHING_REMOVED,
          undelivered: {},
          destinations: [],
          remaining: [],
          alsoSeen: [],
          late: 0,
        },
      });
    });
    marks.load();
    forget();
    // In the turn of what was written.
    await alarm.armBy(begunAtMs + RETRY_MS);
    return id;
  }

  /** Goes on with what is not done, unless that is under way. Never throws. */
  start(): void {
    if (this.#isWorking || !this.#parts.store.nextOpen()) return;
    this.#isWorking = true;
    void this.#work();
  }

  /** Seals the names of what is not done under the primary master key. */
  async reseal(actor: Actor = UNKNOWN): Promise<Resealed> {
    return resealErasures(this.#parts, actor);
  }

  /** Drops what is kept of old erasures, once a day. */
  dropOld(nowMs: number): void {
    const { store, config, holds } = this.#parts;
    // A clock that has gone back looks again, too.
    if (holds.isEverythingHeld || Math.abs(nowMs - this.#droppedAtMs) < DAY_MS) return;
    this.#droppedAtMs = nowMs;
    store.dropOld(nowMs - config().retention.audit * DAY_MS, nowMs);
  }

  /** When the alarm is to go on with what is not done; null: all is. */
  dueAtMs(nowMs: number): number | null {
    const waitMs = Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MS_MAX);
    return this.#parts.store.nextOpen() ? nowMs + waitMs : null;
  }

  async #work(): Promise<void> {
    const { store, isRemoved, config } = this.#parts;
    const failed = new Set<number>();
    try {
      for (let next = store.nextOpen(); next && !isRemoved(); next = store.nextOpen(failed)) {
        const { id } = next;
        await this.#finish(next).catch((error: unknown) => {
          // Those of others don't wait for it.
          failed.add(id);
          logEvent('error', 'erasure.deferred', { tenant: config().id, erasure: id, ...causeFields(error) });
        });
      }
      this.#failures = failed.size > 0 ? this.#failures + 1 : 0;
    } catch (error) {
      this.#failures++;
      logEvent('error', 'erasure.deferred', { tenant: config().id, ...causeFields(error) });
    } finally {
      this.#isWorking = false;
      this.#letLanesGo();
    }
  }

  /** Works on one erasure to its end. */
  async #finish({ id }: Erasure): Promise<void> {
    const { store, sealer, config, io, isRemoved } = this.#parts;
    let person: ErasedPerson | undefined;
    for (;;) {
      const erasure = store.get(id);
      if (!erasure || erasure.state.doneAtMs !== undefined) return;
      // New each turn: it keeps the names that it was asked for.
      const keys = await openPersonKeys(sealer, config());
      person ??= await this.#open(erasure);
      if (isRemoved()) return;
      // What came late meanwhile is counted in its state; a hold puts off what it has begun.
      const current = store.get(id) ?? erasure;
      if (store.holdsOn(current.keys).length > 0) return;
      const step = nextStep(this.#parts, { erasure: current, person, keys, nowMs: io.nowMs() });
      if (step === 'lanes_must_rest') await this.#holdLanes();
      else {
        person = await this.#take(current, person, step);
        await io.sleep(0);
      }
      if (isRemoved()) return;
    }
  }

  /** Writes a step, and how far the erasure is with it. */
  async #take(erasure: Erasure, person: ErasedPerson, step: Step): Promise<ErasedPerson> {
    const { db, store, isRemoved } = this.#parts;
    const known = step.person ?? person;
    const sealed = known === person ? undefined : await this.#seal(known.names);
    if (isRemoved() || store.holdsOn(erasure.keys).length > 0) return known;
    const { id, state } = erasure;
    db.transaction(() => {
      const changes = step.write?.() ?? {};
      const { at } = step;
      if (state.phase === 'end') return this.#end(id);
      const phase = at ? state.phase : (ERASURE_PHASES[ERASURE_PHASES.indexOf(state.phase) + 1] ?? 'end');
      store.update(id, { ...changes, phase, at, ...(sealed !== undefined && { sealed }) });
    });
    step.after?.();
    this.#letLanesGo();
    if (state.phase === 'config') this.#parts.publish();
    if (state.phase === 'end') this.#tell(id);
    return known;
  }

  /** The last turn: nothing but keys and counts is left. */
  #end(id: number): void {
    const { store, audit, io, forget } = this.#parts;
    forget();
    store.update(id, { doneAtMs: io.nowMs() });
    const done = store.get(id);
    store.unseal(id);
    if (done) audit.append('user.erased', done.state.actor, doneDetail(done), io.nowMs());
  }

  #tell(id: number): void {
    const { store, config } = this.#parts;
    const { removed, undelivered } = store.get(id)?.state ?? { removed: NOTHING_REMOVED, undelivered: {} };
    const { events, detections } = removed;
    const lost = Object.values(undelivered).reduce((sum, count) => sum + count, 0);
    logEvent('info', 'user.erased', {
      tenant: config().id,
      erasure: id,
      events,
      detections,
      undelivered: lost,
    });
  }

  /** Under a steady flow no lane would ever be found between two batches. */
  async #holdLanes(): Promise<void> {
    const { lanes, io } = this.#parts;
    this.#mustLanesRest = true;
    for (const lane of lanes.known) lane.nudge();
    await io.sleep(REST_WAIT_MS);
  }

  #letLanesGo(): void {
    if (!this.#mustLanesRest) return;
    this.#mustLanesRest = false;
    if (!this.#parts.isRemoved()) this.#parts.lanes.startAll();
  }

  async #seal(names: RawNames): Promise<string> {
    const { sealer, config } = this.#parts;
    return sealer.seal(JSON.stringify(names), { tenant: config().id, purpose: ERASURE_PURPOSE });
  }

  async #opens(erasure: Erasure): Promise<boolean> {
    return (await this.#openSeal(erasure)).ok;
  }

  async #openSeal({ state }: Erasure): ReturnType<Sealer['open']> {
    const { sealer, config } = this.#parts;
    return sealer.open(state.sealed ?? '', { tenant: config().id, purpose: ERASURE_PURPOSE });
  }

  async #open(erasure: Erasure): Promise<ErasedPerson> {
    const { keys } = erasure;
    const opened = await this.#openSeal(erasure);
    if (!opened.ok) throw new Error(`Cannot go on erasing as the names must open: ${opened.error.kind}`);
    return new ErasedPerson(keys, JSON.parse(opened.value) as RawNames);
  }
}

/** Where the raw names are looked for first, unless all are known. */
function firstPhase(person: ErasedPerson, keys: PersonKeys): ErasurePhase {
  return person.hasUnknown(keys) ? 'names_in_log' : 'windows_0';
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((key) => others.includes(key));
}
