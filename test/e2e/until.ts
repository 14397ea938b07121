/** Bounded waiting: the only way in which a whole-system test lets time pass. */

import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Waits until a condition holds; resolves to the milliseconds that it took. Throws when it does not hold in time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  { withinMs }: { readonly withinMs: number },
): Promise<number> {
  const startMs = Date.now();
  while (!(await condition())) {
    if (Date.now() - startMs > withinMs) {
      throw new Error(`Cannot go on as this must hold within ${withinMs} ms: ${what}. It does not`);
    }
    await sleep(POLL_MS);
  }
  return Date.now() - startMs;
}

/** Waits for a moment: the pace of a sender, never a guess at how long something takes. */
export async function untilMoment(atMs: number): Promise<void> {
  await sleep(Math.max(0, atMs - Date.now()));
}
