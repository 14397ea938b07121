/**
 * Whose events of before an erasure are dropped when they come late: from the overflow, or sent again by Noxys. In memory as the table
 * `erasures` has them; a tenant without any pays nothing.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { beganAtMs } from './erased-person.ts';
import type { ErasureStore } from './erasure-store.ts';
import type { PersonKeys } from './person-keys.ts';

interface Mark {
  readonly id: number;
  readonly keys: readonly string[];
  readonly begunAtMs: number;
  readonly untilMs: number;
}

export interface Passed {
  readonly events: readonly CanonicalEvent[];
  /** How many were dropped, by erasure. */
  readonly dropped: ReadonlyMap<number, number>;
}

export class ErasureMarks {
  readonly #store: ErasureStore;
  #marks: readonly Mark[] = [];
  #lastUntilMs = 0;

  constructor(store: ErasureStore) {
    this.#store = store;
  }

  load(): void {
    this.#marks = this.#store
      .all()
      .map(({ id, keys, begunAtMs, untilMs }) => ({ id, keys, begunAtMs, untilMs }));
    this.#lastUntilMs = Math.max(0, ...this.#marks.map(({ untilMs }) => untilMs));
  }

  /** Nothing is dropped now. */
  isEmpty(nowMs: number): boolean {
    return this.#lastUntilMs <= nowMs;
  }

  /** Those of the events that are not of somebody who was erased after they happened, or came. Call it in the turn that takes them. */
  passing(events: readonly CanonicalEvent[], keys: PersonKeys, nowMs: number): Passed {
    const dropped = new Map<number, number>();
    const marks = this.#marks.filter(({ untilMs }) => untilMs > nowMs);
    const passed = events.filter((event) => {
      const { user } = event;
      const atMs = beganAtMs(event);
      const mark =
        user && marks.find((each) => atMs <= each.begunAtMs && each.keys.some((key) => keys.isOf(key, user)));
      if (mark) dropped.set(mark.id, (dropped.get(mark.id) ?? 0) + 1);
      return mark === undefined;
    });
    return { events: passed, dropped };
  }

  /** Writes what was dropped. */
  note(dropped: ReadonlyMap<number, number>): void {
    for (const [id, count] of dropped) {
      const known = this.#store.get(id);
      if (known) this.#store.update(id, { late: known.state.late + count });
    }
  }
}
