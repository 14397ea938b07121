/**
 * A user's day is told right whatever was counted before it: a look that goes on from an earlier entry's tells what one from nothing would.
 * Over the log of a real object, against a plain count of what was put in.
 */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { type Desk, atDesk } from './records-desk.ts';
import { START_MS } from './tenant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const atOf = ({ occurredAt }: CanonicalEvent) => Date.parse(occurredAt);

/** What an entry's user did in the day up to it, of what had come by then. */
function plainDay(desk: Desk, seq: number) {
  const seqs = Array.from({ length: seq }, (_, i) => i + 1);
  const events = seqs.flatMap((n) => desk.log.read(n)?.event ?? []);
  const entry = events.at(-1);
  if (!entry) throw new Error(`Cannot count for entry ${seq} as it must be in the log: it is not`);
  const toMs = atOf(entry);
  const fromMs = Math.floor((toMs - DAY_MS) / MINUTE_MS) * MINUTE_MS;
  const own = events.filter(
    (event) => event.user?.id === entry.user?.id && atOf(event) >= fromMs && atOf(event) <= toMs,
  );
  const byType: Record<string, number> = {};
  for (const { type } of own) byType[type] = (byType[type] ?? 0) + 1;
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    events: own.length,
    byType,
    onDevice: own.filter(({ device }) => device?.id === entry.device?.id).length,
    isComplete: true,
  };
}

describe('a day after another of the same user', () => {
  it('is a day also where both are asked within a minute, though their entries are hours apart', async () => {
    await atDesk(async (desk) => {
      desk.add(30 * HOUR_MS, ...Array.from({ length: 10 }, () => ({})));
      const first = desk.add(10 * HOUR_MS, {});
      const second = desk.add(0, {});
      // The destination was down: both are delivered now.
      expect(await desk.ask(first)).toMatchObject({ events: 11 });
      expect(await desk.ask(second)).toMatchObject({
        from: new Date(START_MS - DAY_MS).toISOString(),
        events: 2,
      });
    });
  });

  it('counts what happened between the two, but came before the first', async () => {
    await atDesk(async (desk) => {
      desk.add(HOUR_MS, {}, {}, {});
      const late = desk.add(5 * HOUR_MS, {});
      const second = desk.add(0, {});
      expect(await desk.ask(late)).toMatchObject({ events: 1 });
      expect(await desk.ask(second)).toMatchObject({ events: 5, isComplete: true });
    });
  });

  it('does so where it is but seconds, in one minute', async () => {
    await atDesk(async (desk) => {
      desk.nowMs += 50_000;
      desk.add(10_000, {}, {});
      const late = desk.add(20_000, {});
      const second = desk.add(0, {});
      expect(await desk.ask(late)).toMatchObject({ events: 1 });
      expect(await desk.ask(second)).toMatchObject({ events: 4 });
    });
  });

  it('leaves out what the one before counted, but its own entry is too early for', async () => {
    await atDesk(async (desk) => {
      desk.nowMs += 50_000;
      const first = desk.add(0, {}, {});
      const late = desk.add(20_000, {});
      expect(await desk.ask(first)).toMatchObject({ events: 2 });
      expect(await desk.ask(late)).toMatchObject({ events: 1 });
    });
  });

  it('is not looked for from its beginning while entries of one minute come in order', async () => {
    await atDesk(async (desk) => {
      for (let n = 0; n < 4; n++)
        desk.add(HOUR_MS, ...Array.from({ length: 4_500 }, () => ({ user: { id: 'user-2' } })));
      await desk.ask(desk.add(0, {}));
      const before = desk.yields;
      for (let n = 0; n < 50; n++) {
        desk.nowMs += 1_000;
        expect(await desk.ask(desk.add(0, {}))).toMatchObject({ events: n + 2, isComplete: true });
      }
      // A turn each, where four of them would be needed from nothing, and the tenant's rows would not do.
      expect(desk.yields - before).toBeLessThanOrEqual(50);
    });
  });
});

/** How old an event is when it comes: mostly fresh, some late, some at one time, some about the edge of a day. */
const age = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, MINUTE_MS, HOUR_MS) },
  { weight: 2, arbitrary: fc.integer({ min: DAY_MS - 2 * MINUTE_MS, max: DAY_MS + 2 * MINUTE_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 48 * HOUR_MS }) },
);

const event = fc.record({
  ageMs: age,
  user: fc.constantFrom('ana', 'bob', 'eve'),
  device: fc.constantFrom('d-1', 'd-2'),
  type: fc.constantFrom('interaction.policy_violated', 'alert.severity_high'),
});

/** Events come and time goes on; entries are delivered one by one, several at once, or all again: a backlog in a burst. */
const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ come: fc.array(event, { minLength: 1, maxLength: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ passMs: fc.integer({ min: 0, max: 2 * MINUTE_MS }) }) },
  { weight: 1, arbitrary: fc.record({ passMs: fc.integer({ min: HOUR_MS, max: 30 * HOUR_MS }) }) },
  { weight: 4, arbitrary: fc.record({ ask: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.constant({ askAll: true }) },
);

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

/** Takes a step. Returns what was asked for: what the channel was told, and what it should have been. */
async function take(desk: Desk, step: Step): Promise<{ told: object | undefined; right: object }[]> {
  if ('passMs' in step) desk.nowMs += step.passMs;
  if ('come' in step) {
    const receivedAt = new Date(desk.nowMs).toISOString();
    for (const { ageMs, user, device, type } of step.come)
      desk.add(ageMs, { user: { id: user }, device: { id: device }, type, receivedAt });
  }
  const all = Array.from({ length: desk.log.head }, (_, i) => i + 1);
  const some = 'ask' in step && desk.log.head > 0 ? step.ask.map((n) => 1 + (n % desk.log.head)) : [];
  const asked = ('askAll' in step ? all : some).map(async (seq) => ({
    told: await desk.ask(seq),
    right: plainDay(desk, seq),
  }));
  return Promise.all(asked);
}

it('is what a plain count says, for any log and whatever was asked before', async () => {
  expect.hasAssertions();
  const steps = fc.array(anyStep, { minLength: 2, maxLength: 25 });
  const property = fc.asyncProperty(steps, async (taken) =>
    atDesk(async (desk) => {
      for (const one of taken)
        for (const { told, right } of await take(desk, one)) expect(told).toMatchObject(right);
    }),
  );
  await fc.assert(property, { numRuns: 60 });
});
