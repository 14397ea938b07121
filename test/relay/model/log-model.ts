/** The log as the model knows it: which (type, id) were accepted, in which order. */

export interface Entry {
  readonly seq: number;
  readonly type: string;
  readonly id: string;
}

export class LogModel {
  readonly #entries: Entry[] = [];
  readonly #seqs = new Map<string, number>();

  get head(): number {
    return this.#entries.length;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Undefined: never accepted. */
  seqOf({ type, id }: Pick<Entry, 'type' | 'id'>): number | undefined {
    return this.#seqs.get(`${type}\n${id}`);
  }

  /** The new entry; undefined for a duplicate. */
  append({ type, id }: Pick<Entry, 'type' | 'id'>): Entry | undefined {
    if (this.seqOf({ type, id }) !== undefined) return undefined;
    const entry = { seq: this.head + 1, type, id };
    this.#entries.push(entry);
    this.#seqs.set(`${type}\n${id}`, entry.seq);
    return entry;
  }
}
