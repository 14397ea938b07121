/** Of the steps of a tenant's move to another residency or another deployment. The command `noxys-relay tenants move` takes them in turn. */

import * as z from 'zod/mini';

import { shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const pages = shared.count;
const view = z.union([
  z.strictObject({
    side: z.literal('none'),
    hasTenant: z.boolean(),
    residency: z.optional(shared.residency),
  }),
  z.strictObject({
    side: z.literal('leaving'),
    move: z.string(),
    to: shared.residency,
    until: shared.instant,
    residency: z.optional(shared.residency),
  }),
  z.strictObject({
    side: z.literal('departed'),
    move: z.string(),
    to: shared.residency,
    release: z.string(),
    isSettled: z.boolean(),
    residency: z.optional(shared.residency),
  }),
  z.strictObject({
    side: z.literal('arriving'),
    move: z.string(),
    pages,
    proof: z.optional(z.string()),
    residency: z.optional(shared.residency),
  }),
  z.strictObject({ side: z.literal('arrived'), move: z.string(), residency: z.optional(shared.residency) }),
]);

const tag = 'move';
const where = { description: 'Where the object stands in the move.', schema: view };
const FAILURES = [409];

export const moveOperations: Operations = {
  'GET /api/v1/tenants/:id/move': {
    id: 'showMove',
    tag,
    summary: 'Where a tenant stands on its way from here',
    description:
      '`residency` is the place of the object that is asked: that of a tenant on its way, else of the tenant.',
    answers: { 200: where },
  },
  'POST /api/v1/tenants/:id/move/offer': {
    id: 'offerMove',
    tag,
    summary: 'What the target checks before anything is done: nothing is changed',
    description:
      'The config, sealed. `overflowing` is how many messages wait in the deployment’s overflow queue: those of the tenant do not reach it in another deployment. `leave_eu` must be true where an EU tenant is to be `global`.',
    answers: {
      200: {
        description: 'The offer, and the size of what is stored.',
        schema: z.strictObject({
          version: shared.version,
          sealed: z.string(),
          bytes: shared.count,
          overflowing: shared.count,
        }),
      },
    },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/move': {
    id: 'beginMove',
    tag,
    summary: 'Bring a tenant to rest, for a move',
    description:
      'Nothing is taken or sent from then on; senders are answered 503. 503 while requests of its lanes are under way: repeat it. Repeated, it says where the move stands. A move that is not handed over within a day ends by itself.',
    answers: { 200: where },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/move/pages': {
    id: 'exportPage',
    tag,
    summary: 'One page of what is stored, sealed',
    description:
      'Pages count from 0, which holds the config; one is the same whenever it is asked for. A page can be had once the one before was.',
    answers: {
      200: {
        description: 'Only the target opens it.',
        schema: z.strictObject({ n: shared.count, sealed: z.string(), isLast: z.boolean() }),
      },
    },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/move/finish': {
    id: 'finishMove',
    tag,
    summary: 'Let go of a tenant whose target has everything',
    description:
      '`proof` is what the target shows once it has. Everything of the tenant is erased here; `release` in the answer lets the target begin.',
    answers: { 200: where },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/move/settle': {
    id: 'settleMove',
    tag,
    summary: 'Say that the target works',
    description:
      'Senders are answered 503 here for 15 more minutes. Where the tenant is no more in this deployment, its tokens hold no longer.',
    answers: { 200: where },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/move/abandon': {
    id: 'abandonMove',
    tag,
    summary: 'Go on here as before',
    description: 'Possible until it is handed over.',
    answers: { 200: where },
    failures: FAILURES,
  },
  'GET /api/v1/tenants/:id/arrival': {
    id: 'showArrival',
    tag,
    summary: 'Where a tenant stands on its way here',
    description: '`to` is the residency that it is to have. `proof` is there once everything came.',
    answers: { 200: where },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/arrival/check': {
    id: 'checkArrival',
    tag,
    summary: 'Whether an offered tenant can come: nothing is changed',
    description: '422 with every fault that its config would have here.',
    answers: { 200: { description: 'It can.', schema: z.strictObject({ welcome: z.literal(true) }) } },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/arrival/pages': {
    id: 'importPage',
    tag,
    summary: 'Take one page of a tenant that comes',
    description: 'In their order. One that was taken changes nothing. At most 1 MiB.',
    answers: { 200: where },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/arrival/activate': {
    id: 'activateArrival',
    tag,
    summary: 'Make what came the tenant',
    description: '`release` is what the source gives once it has let go.',
    answers: {
      200: {
        description: 'It works; `published`: the edge has its config.',
        schema: z.strictObject({ version: shared.version, published: z.boolean() }),
      },
    },
    failures: FAILURES,
  },
  'POST /api/v1/tenants/:id/arrival/abandon': {
    id: 'abandonArrival',
    tag,
    summary: 'Wipe what came of a tenant that stays where it is',
    description: 'Abandon it at the source first.',
    answers: { 200: where },
    failures: FAILURES,
  },
};
