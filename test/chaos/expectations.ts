/**
 * Which events of the log a lane must deliver, may deliver, and must not: told by where in the log its config changed.
 * A change under load has no exact place: what lies between two known ends of it may go either way. Pure.
 */

import type { LoggedEvent } from './dials.ts';

export type Expectation =
  | 'must'
  /** Its destination was removed later: delivered by then, or counted as given up. */
  | 'unless_discarded'
  | 'may'
  | 'never';

interface Span {
  /** Events after this seq … */
  readonly afterSeq: number;
  /** … up to this one may meet this state of the lane. */
  toSeq: number;
  /** Undefined: all. */
  readonly types: ReadonlySet<string> | undefined;
  expects: Exclude<Expectation, 'never'>;
}

export class Expectations {
  readonly #spans: Span[] = [];
  /** By key, events that were parked when a filter changed, and from which state of the lane on they are looked at again. */
  readonly #open = new Map<string, number>();
  readonly #whileAway: 'never' | 'may';
  #awayAfterSeq: number | undefined;

  /** `whileAway`: of events that came while the destination was removed. README, what it promises: one that comes back starts from then on. */
  constructor(whileAway: 'never' | 'may' = 'never') {
    this.#whileAway = whileAway;
  }

  /** The lane's destination was added while the head moved from one seq to the other; at the beginning, from 0 to 0. */
  add(head: { readonly beforeSeq: number; readonly afterSeq: number }): void {
    if (this.#awayAfterSeq !== undefined && this.#whileAway === 'may') {
      this.#spans.push({
        afterSeq: this.#awayAfterSeq,
        toSeq: head.beforeSeq,
        types: undefined,
        expects: 'may',
      });
    }
    this.#awayAfterSeq = undefined;
    if (head.afterSeq > head.beforeSeq) {
      this.#spans.push({ afterSeq: head.beforeSeq, toSeq: head.afterSeq, types: undefined, expects: 'may' });
    }
    this.#spans.push({ afterSeq: head.afterSeq, toSeq: Infinity, types: undefined, expects: 'must' });
  }

  /** It was removed: what it had not delivered by then is given up. */
  remove(head: { readonly beforeSeq: number; readonly afterSeq: number }): void {
    for (const span of this.#spans) {
      if (span.toSeq !== Infinity) continue;
      span.toSeq = head.beforeSeq;
      span.expects = span.expects === 'must' ? 'unless_discarded' : span.expects;
    }
    this.#spans.push({ afterSeq: head.beforeSeq, toSeq: head.afterSeq, types: undefined, expects: 'may' });
    this.#awayAfterSeq = head.afterSeq;
  }

  /**
   * Its filter changed. Events up to `settledSeq` were settled before, under earlier filters;
   * those after `afterSeq` came later. What lies between meets either, and so do events that may be parked:
   * they are looked at again when they are tried again.
   */
  filter(
    types: readonly string[] | undefined,
    at: {
      readonly settledSeq: number;
      readonly afterSeq: number;
      readonly perhapsParked?: readonly string[];
    },
  ) {
    for (const span of this.#spans) span.toSeq = Math.min(span.toSeq, at.afterSeq);
    for (const key of at.perhapsParked ?? []) {
      if (!this.#open.has(key)) this.#open.set(key, this.#spans.length);
    }
    this.#spans.push({
      afterSeq: at.settledSeq,
      toSeq: Infinity,
      types: types && new Set(types),
      expects: 'must',
    });
  }

  /** For a trace. */
  toJSON(): unknown {
    return this.#spans.map(({ types, ...span }) => ({ ...span, types: types && [...types] }));
  }

  of({ seq, type, key }: LoggedEvent): Expectation {
    const openFrom = this.#open.get(key) ?? Infinity;
    const met = this.#spans.filter(
      ({ afterSeq, toSeq }, i) => (seq > afterSeq && seq <= toSeq) || i >= openFrom,
    );
    const wanting = met.filter(({ types }) => !types || types.has(type));
    if (wanting.length === 0) return 'never';
    if (wanting.length < met.length || met.some(({ expects }) => expects === 'may')) return 'may';
    return met.every(({ expects }) => expects === 'must') ? 'must' : 'unless_discarded';
  }
}
