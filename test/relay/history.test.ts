/**
 * Random histories of a tenant: events, failures, crashes, evictions, lost wake-ups, config changes, days that pass.
 * Whatever happens, at the end every accepted event is at both destinations or a dead letter, and nothing went twice
 * but what was under way, or not yet written down, at a crash.
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { EDR, HEC, type Sent, Tenant, destination } from './tenant.ts';

type Step =
  | { readonly do: 'accept'; readonly count: number }
  | { readonly do: 'repeat'; readonly back: number }
  | { readonly do: 'answer'; readonly at: 'edr' | 'falcon'; readonly status: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'crash' | 'evict' | 'alarm' | 'wake' }
  | { readonly do: 'configure'; readonly inFlight: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('accept' as const), count: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), back: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      at: fc.constantFrom('edr' as const, 'falcon' as const),
      status: fc.constantFrom(202, 202, 503, 429, 401, 400),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(100, 5_000, 60_000, 3_600_000, 25 * 3_600_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('crash' as const, 'evict' as const, 'alarm' as const, 'wake' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('configure' as const), inFlight: fc.integer({ min: 1, max: 4 }) }),
  },
);

/** Answers with the status; 400 refuses every seventh event only, so that lanes do not block on it. */
function answering(status: number) {
  return ({ ids }: Sent): Response => {
    if (status === 400) return new Response('no', { status: ids.some(isRefused) ? 400 : 202 });
    const headers: Record<string, string> = status === 429 ? { 'retry-after': '2' } : {};
    return new Response('{}', { status, headers });
  };
}

function isRefused(id: string): boolean {
  return Number(id.slice(4)) % 7 === 0;
}

class History {
  readonly tenant: Tenant;
  readonly accepted = new Set<string>();
  crashes = 0;
  #next = 1;

  constructor(tenant: Tenant) {
    this.tenant = tenant;
  }

  async take(next: Step): Promise<void> {
    const { tenant } = this;
    switch (next.do) {
      case 'accept': {
        const events = tenant.events(next.count, this.#next);
        this.#next += next.count;
        const answer = await tenant.accept(...events);
        if (answer.kind === 'accepted') for (const { id } of events) this.accepted.add(id);
        return;
      }
      case 'repeat':
        await tenant.accept(tenant.event(`evt-${Math.max(1, this.#next - 1 - next.back)}`)).then(() => {
          this.accepted.add(`evt-${Math.max(1, this.#next - 1 - next.back)}`);
          this.#next = Math.max(2, this.#next);
        });
        return;
      case 'answer':
        tenant.destinations.answer(next.at === 'edr' ? EDR : HEC, answering(next.status));
        return;
      case 'wait':
        tenant.nowMs += next.ms;
        return;
      case 'crash':
        this.crashes++;
        return tenant.crash();
      case 'evict':
        // As the platform does: an object that is at work is not evicted.
        await tenant.until(async () => this.#isQuiet(), 'nothing is under way');
        return tenant.evict();
      case 'alarm':
        await tenant.alarm();
        return;
      case 'wake':
        await tenant.stub.drain({ v: 1, lane: '*' });
        return;
      case 'configure':
        return tenant.configure(destination('edr', { in_flight: next.inFlight }));
    }
  }

  /** Nothing is under way, and what has just settled is written down. */
  async #isQuiet(): Promise<boolean> {
    const { destinations } = this.tenant;
    const sent = destinations.sent.length;
    await scheduler.wait(10);
    return destinations.underWay === 0 && destinations.sent.length === sent;
  }

  /** Both destinations take everything again; time passes until nothing is left. */
  async end(): Promise<void> {
    const { tenant } = this;
    for (const url of [EDR, HEC]) tenant.destinations.answer(url, answering(202));
    await tenant.passTimeUntil(
      async () => (await tenant.stub.lanes()).every(({ undelivered, parked }) => undelivered + parked === 0),
      'nothing is undelivered',
    );
  }
}

describe('a tenant', () => {
  it('loses nothing and repeats nothing without cause, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const history = new History(await Tenant.create());
        for (const one of steps) await history.take(one);
        await history.end();
        const { tenant, accepted, crashes } = history;
        const letters = await tenant.stub.deadLetters({ limit: 500 });
        for (const [url, lane, perCrash] of [
          [EDR, 'edr/events', 8],
          [HEC, 'falcon/events', 500],
        ] as const) {
          const taken = tenant.destinations.ids(url);
          const dead = letters.filter((letter) => letter.lane === lane).map(({ eventId }) => eventId);
          const ended = new Set([...taken, ...dead]);
          expect([...accepted].filter((id) => !ended.has(id))).toEqual([]);
          expect(taken.length - new Set(taken).size).toBeLessThanOrEqual(crashes * perCrash);
          expect(dead.every(isRefused)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
