/**
 * A tenant's real object against a simple model of it, under random commands (fast-check's model-based runner).
 * The model knows what was accepted, what each lane owed at that time, and what destinations took: see test/relay/model.
 * A long hunt: `MODEL_SEED=random MODEL_RUNS=500 npx vitest run --project workers test/relay/model.test.ts`. To repeat a failure, set `MODEL_SEED`,
 * `MODEL_PATH` and `MODEL_REPLAY` to the seed, path and replayPath that it printed; what depends on real time may come out differently.
 */

import * as fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';

import { anyBehaviour, anyCommand } from './model/commands.ts';
import { World } from './model/world.ts';

const { runs, seed, path, replayPath } = inject('model');
const COMMANDS_MAX = 50;
/** For a run and its part of the shrinking, on a slow machine. */
const RUN_MS = 3_000;
const TIMEOUT_MS = 60_000 + runs * RUN_MS;

describe('a tenant', () => {
  it(
    'keeps its promises, whatever happens',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.constantFrom(500, 12),
          fc.tuple(anyBehaviour, anyBehaviour, fc.boolean()),
          fc.commands([anyCommand], {
            maxCommands: COMMANDS_MAX,
            size: 'max',
            ...(replayPath === null ? {} : { replayPath }),
          }),
          async (inFlight, requestsPerSlice, [edr, falcon, isSlow], commands) => {
            const world = await World.create(inFlight, requestsPerSlice);
            world.behave('edr', edr, isSlow);
            world.behave('falcon', falcon, isSlow);
            await fc.asyncModelRun(() => ({ model: { passedMs: 0 }, real: world }), commands);
            await world.settle();
            expect(world.violations).toEqual([]);
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
