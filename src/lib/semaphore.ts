/**
 * A counting semaphore with a first-come queue.
 * A Durable Object may hold six connections that wait for headers, over all it does; a seventh waits unseen.
 * Source: Cloudflare Durable Objects limits, read 2026-11.
 */

export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Waits for a slot; the returned function gives it back, once however often it is called. */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
