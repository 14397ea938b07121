/**
 * What was put lately, in memory that does not grow with a file: two maps that take turns. What is in neither was put long ago.
 * Pure state.
 */

export class Recent<T> {
  readonly #sizeMin: number;
  #current = new Map<string, T>();
  #earlier = new Map<string, T>();

  /** `sizeMin`: so many are kept at least. */
  constructor(sizeMin: number) {
    this.#sizeMin = sizeMin;
  }

  get size(): number {
    return this.#current.size + this.#earlier.size;
  }

  get(key: string): T | undefined {
    return this.#current.get(key) ?? this.#earlier.get(key);
  }

  put(key: string, value: T): void {
    this.#current.set(key, value);
  }

  /** Lets go of what was not put since the turn before, once there is enough of it to matter. */
  turn(): void {
    if (this.#current.size < this.#sizeMin) return;
    this.#earlier = this.#current;
    this.#current = new Map();
  }
}
