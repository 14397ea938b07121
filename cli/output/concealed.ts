/** The secrets that a run was given: struck out of whatever it writes, as a last line of defence. */

import { printable } from './printable.ts';

/** Shorter values occur in ordinary words. */
const LENGTH_MIN = 8;
const STAND_IN = '[secret]';

export class Concealed {
  /** Every spelling of every secret by its beginning, the longest first: a run may have tens of thousands. */
  readonly #spellings = new Map<string, readonly string[]>();

  /** From now on the value is not written. */
  add(secret: string): void {
    if (secret.length < LENGTH_MIN) return;
    const lines = secret.split('\n').map((line) => line.trim());
    const encoded = encodeURIComponent(secret.toWellFormed());
    for (const spelling of [secret, quotedOf(secret), printable(secret), encoded, ...lines]) {
      if (spelling.length < LENGTH_MIN) continue;
      const known = this.#startingAs(spelling, 0);
      if (known.includes(spelling)) continue;
      const all = [...known, spelling].toSorted((one, other) => other.length - one.length);
      this.#spellings.set(spelling.slice(0, LENGTH_MIN), all);
    }
  }

  /** For texts. What is to be cut or wrapped is scrubbed before: half a secret is not recognised. */
  scrub(text: string): string {
    if (this.#spellings.size === 0) return text;
    let scrubbed = '';
    let done = 0;
    for (let at = 0; at + LENGTH_MIN <= text.length;) {
      const from = at;
      const found = this.#startingAs(text, from).find((spelling) => text.startsWith(spelling, from));
      if (found !== undefined) {
        scrubbed += text.slice(done, at) + STAND_IN;
        done = at + found.length;
      }
      at = found === undefined ? at + 1 : done;
    }
    return scrubbed + text.slice(done);
  }

  #startingAs(text: string, at: number): readonly string[] {
    return this.#spellings.get(text.slice(at, at + LENGTH_MIN)) ?? [];
  }

  /** For what becomes JSON: texts and keys are scrubbed, and a number is one that is a secret as a whole. */
  scrubValue(value: unknown): unknown {
    if (typeof value === 'string') return this.scrub(value);
    if (typeof value === 'number') return this.scrub(String(value)) === STAND_IN ? STAND_IN : value;
    if (Array.isArray(value)) return value.map((inner: unknown) => this.scrubValue(inner));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]: [string, unknown]) => [
        this.scrub(key),
        this.scrubValue(inner),
      ]),
    );
  }
}

/** As it stands in a JSON text. */
function quotedOf(secret: string): string {
  return JSON.stringify(secret).slice(1, -1);
}
