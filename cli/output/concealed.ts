/** The secrets that a run was given: struck out of whatever it writes, as a last line of defence. */

/** Shorter values occur in ordinary words. */
const LENGTH_MIN = 8;
const STAND_IN = '[secret]';

export class Concealed {
  readonly #secrets = new Set<string>();

  /** From now on the value is not written. */
  add(secret: string): void {
    if (secret.length >= LENGTH_MIN) this.#secrets.add(secret);
  }

  scrub(text: string): string {
    let scrubbed = text;
    for (const secret of this.#secrets) scrubbed = scrubbed.replaceAll(secret, STAND_IN);
    return scrubbed;
  }
}
