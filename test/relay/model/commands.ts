/** What may happen to a tenant, as commands that fast-check strings together. Each is held to the model when it is done. */

import * as fc from 'fast-check';

import { DEAD_LETTER_REASONS } from '../../../src/domain/lane-view.ts';
import { type RedriveRequest } from '../../../src/domain/rpc.ts';
import { BEHAVIOURS, type Behaviour } from './destination.ts';
import type { LaneSettings } from './lane-model.ts';
import { DESTINATIONS, type DestinationName, type World } from './world.ts';

/** What decides whether a command makes sense; all else that the model knows is in the world. */
export interface Course {
  passedMs: number;
}

export type Command = fc.AsyncCommand<Course, World>;

const DAY_MS = 86_400_000;
/** Shorter than de-duplication and retention: both have tests of their own, and the model knows neither. */
const PASSED_MS_MAX = 6 * DAY_MS;
const TYPES = ['interaction.policy_violated', 'alert.severity_high'] as const;

function command(name: string, run: (world: World) => Promise<void> | void): Command {
  return {
    check: () => true,
    run: async (_course, world) => {
      await run(world);
      world.time.commands++;
      await world.check();
    },
    toString: () => name,
  };
}

const named = fc.constantFrom(...DESTINATIONS);
const start = fc.constantFrom('now' as const, 'backlog' as const);

/** New events, old ones again, one id under both types, the same twice in one webhook; a webhook sent twice at once. */
const webhook = fc.record({
  fresh: fc.oneof(
    { weight: 5, arbitrary: fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 8 }) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...TYPES), { minLength: 20, maxLength: 40 }) },
  ),
  again: fc.array(fc.nat(1000), { maxLength: 2 }),
  times: fc.constantFrom(1, 1, 1, 2, 3),
  /** Whether what comes of it is waited for. */
  isQuiet: fc.boolean(),
});

function eventsOf(world: World, { fresh, again }: { fresh: readonly string[]; again: readonly number[] }) {
  const { tenant, log } = world;
  const old = again.flatMap((n) => log.entries[n % Math.max(1, log.head)] ?? []);
  // The second half of a new batch may share ids with the first, under another type.
  const entries = fresh.map((type, i) => ({ type, id: `evt-${log.head + 1 + (i % 30)}` }));
  return [...entries, ...old].map(({ type, id }) => tenant.event(id, { type }));
}

const accept = webhook.map(({ fresh, again, times, isQuiet }) =>
  command(
    `accept(${shortOf(fresh)}, again ${again.join()}, times ${times}${isQuiet ? ', quiet' : ''})`,
    async (world) => {
      await world.accept(eventsOf(world, { fresh, again }), times);
      if (isQuiet) await world.quiet();
    },
  ),
);

const acceptInCrash = webhook.map(({ fresh, again }) =>
  command(`acceptInCrash(${shortOf(fresh)}, again ${again.join()})`, async (world) =>
    world.acceptInCrash(eventsOf(world, { fresh, again })),
  ),
);

function shortOf(types: readonly string[]): string {
  return types.map((type) => (type === TYPES[0] ? 'v' : 'a')).join('');
}

const drain = fc
  .record({
    lane: fc.constantFrom('*', 'edr/events', 'falcon/events', 'no/such'),
    times: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ lane, times }) => command(`drain(${lane}, ${times})`, async (world) => world.drain(lane, times)));

/** What is at fault in one event is met most often: parking, dead letters and redriving come of it. */
export const anyBehaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('ok') },
  { weight: 6, arbitrary: fc.constantFrom('fails_poison', 'refuses_poison') },
  { weight: 2, arbitrary: fc.constantFrom('unauthorized', 'forbidden') },
  { weight: 10, arbitrary: fc.constantFrom(...BEHAVIOURS) },
);

const behave = fc
  .record({ name: named, behaviour: anyBehaviour, isSlow: fc.boolean() })
  .map(({ name, behaviour, isSlow }) =>
    command(`behave(${name}, ${behaviour}${isSlow ? ', slow' : ''})`, (world) =>
      world.behave(name, behaviour, isSlow),
    ),
  );

const pass = fc
  .record({
    ms: fc.constantFrom(1_000, 20_000, 900_000, 2 * 3_600_000, 3 * 3_600_000, 25 * 3_600_000),
    isJump: fc.boolean(),
  })
  .map(({ ms, isJump }): Command => ({
    check: ({ passedMs }) => passedMs + ms <= PASSED_MS_MAX,
    run: async (course, world) => {
      course.passedMs += ms;
      await world.time.pass(ms, isJump);
      world.time.commands++;
      await world.check();
    },
    toString: () => `pass(${ms}${isJump ? ', jump' : ''})`,
  }));

const simple = fc.constantFrom(
  command('quiet', async (world) => world.quiet()),
  command('alarm', async (world) => void (await world.tenant.alarm())),
  command('evict', async (world) => world.evict()),
  command('crash', async (world) => world.crash()),
);

/** Operators act while requests are under way, too: after so many more. */
const amid = fc.constantFrom(0, 0, 1, 2, 4, 6, 8);

function operatorCommand(
  by: fc.Arbitrary<{ readonly name: string; readonly run: (world: World) => Promise<void> }>,
): fc.Arbitrary<Command> {
  return fc.tuple(by, amid).map(([{ name, run }, requests]) =>
    command(requests > 0 ? `${name} after ${requests}` : name, async (world) => {
      if (requests > 0) await world.time.untilAmid(requests);
      await run(world);
    }),
  );
}

const redrive = fc
  .oneof(
    fc.record({ id: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ reason: fc.constantFrom(...DEAD_LETTER_REASONS) }),
    fc.record({ lane: fc.constantFrom('edr/events', 'falcon/events') }),
    fc.record({ agoMs: fc.constantFrom(0, 60_000, DAY_MS) }),
  )
  .map((by) =>
    command(`redrive(${JSON.stringify(by)})`, async (world) => {
      const select: RedriveRequest['select'] =
        'agoMs' in by ? { sinceMs: world.tenant.nowMs - by.agoMs } : by;
      await world.redrive(select);
    }),
  );

const change = fc.oneof(
  fc.record({ isEnabled: fc.boolean() }),
  fc.record({ token: fc.integer({ min: 1, max: 9 }).map((n) => `token-${n}`) }),
  fc.record({ inFlight: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ types: fc.constantFrom(null, null, [TYPES[0]], [TYPES[1]]) }),
);

const configure = operatorCommand(
  fc.record({ name: named, changes: change, from: start }).map(({ name, changes, from }) => ({
    name: `configure(${name}, ${JSON.stringify(changes)}, ${from})`,
    run: async (world) => world.configure(name, changedSettings(world, name, changes), from),
  })),
);

/** A destination that was removed comes back with the change. */
function changedSettings(world: World, name: DestinationName, changes: Partial<LaneSettings>): LaneSettings {
  const before = world.lanes[name].settings ?? {
    isEnabled: true,
    token: 'token-back',
    inFlight: 1,
    types: null,
  };
  const inFlight = name === 'edr' ? (changes.inFlight ?? before.inFlight) : 1;
  return { ...before, ...changes, inFlight };
}

const remove = operatorCommand(
  named.map((name) => ({
    name: `remove(${name})`,
    run: async (world) => world.configure(name, null),
  })),
);
const pause = operatorCommand(
  named.map((name) => ({ name: `pause(${name})`, run: async (world) => world.pause(name) })),
);
const resume = operatorCommand(
  fc.record({ name: named, from: start }).map(({ name, from }) => ({
    name: `resume(${name}, ${from})`,
    run: async (world) => world.resume(name, from),
  })),
);

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: accept },
  { weight: 1, arbitrary: acceptInCrash },
  { weight: 2, arbitrary: drain },
  { weight: 8, arbitrary: behave },
  { weight: 7, arbitrary: pass },
  { weight: 6, arbitrary: simple },
  { weight: 5, arbitrary: redrive },
  { weight: 4, arbitrary: configure },
  { weight: 3, arbitrary: remove },
  { weight: 1, arbitrary: pause },
  { weight: 3, arbitrary: resume },
);
