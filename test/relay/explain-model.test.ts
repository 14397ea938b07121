/**
 * What the object says became of each event, against what the destinations of test/relay/model really got, under random commands:
 * faults, crashes, operators that pause, resume from now, change filters, remove destinations and bring them back.
 */

import * as fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';

import { anyBehaviour, anyCommand } from './model/commands.ts';
import { faultsOfExplanations } from './model/explanations.ts';
import { World } from './model/world.ts';

const { runs, seed, path, replayPath } = inject('model');
const COMMANDS_MAX = 40;
const TIMEOUT_MS = 60_000 + runs * 3_000;

describe('an explanation', () => {
  it(
    'agrees with what the destinations got, whatever happened',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.tuple(anyBehaviour, anyBehaviour, fc.boolean()),
          fc.commands([anyCommand], {
            maxCommands: COMMANDS_MAX,
            size: 'max',
            ...(replayPath === null ? {} : { replayPath }),
          }),
          async (inFlight, [edr, falcon, isSlow], commands) => {
            const world = await World.create(inFlight, 500);
            world.behave('edr', edr, isSlow);
            world.behave('falcon', falcon, isSlow);
            await fc.asyncModelRun(() => ({ model: { passedMs: 0 }, real: world }), commands);
            await world.quiet();
            expect(await faultsOfExplanations(world)).toEqual([]);
            await world.settle();
            expect(await faultsOfExplanations(world)).toEqual([]);
          },
        ),
        {
          numRuns: runs,
          interruptAfterTimeLimit: TIMEOUT_MS - 10_000,
          markInterruptAsFailure: true,
          ...(seed === null ? {} : { seed }),
          ...(path === null ? {} : { path }),
        },
      );
    },
    TIMEOUT_MS,
  );
});
