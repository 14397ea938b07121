/** Of the routes on one destination. */

import * as z from 'zod/mini';

import { BLOCKED_REASONS, RETRY_REASONS } from '../../domain/outcome.ts';
import { savedDestination, shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const ROOT = '/api/v1/tenants/:id/destinations/:name';

const laneTest = z.strictObject({
  lane: z.string(),
  outcome: z.enum(['delivered', 'retry', 'blocked', 'rejected']),
  reason: z.optional(z.enum([...RETRY_REASONS, ...BLOCKED_REASONS])),
  status: z.optional(z.int()),
  detail: z.optional(z.string()),
  durationMs: shared.count,
  notes: z.optional(z.array(z.string())),
  eventId: z.optional(z.string()),
  hint: z.optional(z.string()),
});

export const destinationOperations: Operations = {
  [`POST ${ROOT}/pause`]: {
    id: 'pauseDestination',
    tag: 'destinations',
    summary: 'Stop a destination: its lanes keep their place and their events',
    description:
      'The same as `enabled: false` in the config: a new version of it, unless it is paused already.',
    answers: { 200: { description: 'Paused.', schema: savedDestination } },
    hasEtag: true,
  },
  [`POST ${ROOT}/resume`]: {
    id: 'resumeDestination',
    tag: 'destinations',
    summary: 'Let a destination go on, at once, also when it is blocked',
    description:
      '`from: backlog` (the default) goes on where it stopped. `from: now` gives up what waits, for good: `discarded` says how many events.',
    answers: { 200: { description: 'Resumed.', schema: savedDestination } },
    hasEtag: true,
  },
  [`POST ${ROOT}/test`]: {
    id: 'testDestination',
    tag: 'destinations',
    summary: 'Test each channel of a destination, now',
    description:
      "The tenant's object sends one event to each channel of events; it is in no log, and the lanes stay as they are. A channel that would change something, such as cases or containment, is asked with harmless reads instead: it has no `eventId`, and its `notes` say what works and what can not be tested. With a config in the body, which needs the role `admin`, that one is tested and nothing is stored. At most ten a minute for a tenant, one at a time for a destination.",
    answers: {
      200: {
        description:
          'What came of it, by lane. `hint` says what to do; `summary` is there when every channel passed.',
        schema: z.strictObject({
          destination: z.string(),
          tests: z.array(laneTest),
          summary: z.optional(z.string()),
        }),
      },
    },
    failures: [409],
    body: 'optional_config',
  },
  [`POST ${ROOT}/lift-containment`]: {
    id: 'liftContainment',
    tag: 'destinations',
    summary: 'Let an isolated host back into the network, now',
    description:
      'By its agent id (`device_id`) or by its whole name (`hostname`), one of them. Exactly one host must be meant, and be isolated or on the way into it; else nothing is done (409). Works while the destination is disabled or blocked. 502: the destination did not do it; `detail` says why, and `reason` in one word. At most ten a minute for a tenant, one at a time for a destination.',
    answers: {
      200: {
        description: 'Asked for, or on its way already; `detail` says which.',
        schema: z.strictObject({ lifted: z.literal(true), device_id: z.string(), detail: z.string() }),
      },
    },
    failures: [409, 502],
  },
};
