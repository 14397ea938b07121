/**
 * Which events of the log a lane must deliver, may deliver, and must not: told by where in the log its config changed.
 * A change under load has no exact place: what lies between two known ends of it may go either way. Pure.
 */

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

  /** The lane's destination was added while the head moved from one seq to the other; at the beginning, from 0 to 0. */
  add(head: { readonly beforeSeq: number; readonly afterSeq: number }): void {
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
    this.#spans.push({
      afterSeq: head.beforeSeq,
      toSeq: head.afterSeq,
      types: undefined,
      expects: 'may',
    });
  }

  /**
   * Its filter changed. Events up to `settledSeq` were settled before, under earlier filters;
   * those after `afterSeq` came later. What lies between meets either.
   */
  filter(
    types: readonly string[] | undefined,
    at: { readonly settledSeq: number; readonly afterSeq: number },
  ) {
    for (const span of this.#spans) span.toSeq = Math.min(span.toSeq, at.afterSeq);
    this.#spans.push({
      afterSeq: at.settledSeq,
      toSeq: Infinity,
      types: types && new Set(types),
      expects: 'must',
    });
  }

  of({ seq, type }: { readonly seq: number; readonly type: string }): Expectation {
    const met = this.#spans.filter(({ afterSeq, toSeq }) => seq > afterSeq && seq <= toSeq);
    const wanting = met.filter(({ types }) => !types || types.has(type));
    if (wanting.length === 0) return 'never';
    if (wanting.length < met.length || met.some(({ expects }) => expects === 'may')) return 'may';
    return met.every(({ expects }) => expects === 'must') ? 'must' : 'unless_discarded';
  }
}
