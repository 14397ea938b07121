/** Noxys events of whole-system tests: each with an id of its own, in the spelling that carries raw values, prompt and person. */

import { randomInt } from 'node:crypto';

import { type NoxysEvent, NoxysEvents } from '../simulators/noxys-events.ts';
import type { NoxysSender, SendResult } from '../simulators/noxys.ts';

/** Events with ids. */
export function makeEvents(count: number): (NoxysEvent & { readonly id: string })[] {
  const source = new NoxysEvents({ seed: randomInt(2 ** 31), nowMs: Date.now });
  return Array.from({ length: count }, () => {
    const event = source.next({ spelling: 'nested' });
    return { ...event, id: event.facts.id };
  });
}

/** One event, ready to send. */
export function makeEvent(): NoxysEvent & { readonly id: string } {
  const [event] = makeEvents(1);
  if (!event) throw new Error('Cannot make an event as one must be drawn: none is');
  return event;
}

/** Sends each event by itself, `width` at once. A request that broke off is `undefined`. */
export async function sendAll(
  sender: NoxysSender,
  events: readonly NoxysEvent[],
  width: number,
): Promise<(SendResult | undefined)[]> {
  const results: (SendResult | undefined)[] = [];
  const waiting = events.entries();
  const work = async (): Promise<void> => {
    for (const [i, event] of waiting) {
      results[i] = await sender.send(event.body).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

/** How many answers have each status; `0` broke off. */
export function countStatuses(results: readonly (SendResult | undefined)[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const result of results) counts[result?.status ?? 0] = (counts[result?.status ?? 0] ?? 0) + 1;
  return counts;
}

/** The value that a share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
