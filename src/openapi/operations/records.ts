/** Of the routes on what is kept: a person's export, legal holds, retention. */

import * as z from 'zod/mini';

import { VERDICTS } from '../../domain/verdict.ts';
import { shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const ROOT = '/api/v1/tenants/:id';
/** As it is stored: names, pseudonyms or neither, as the tenant's `privacy` was when it came. */
const storedEvent = z.looseObject({ id: z.string(), type: z.string(), occurredAt: shared.instant });
const verdict = z.optional(z.enum(VERDICTS));

const exportItem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('event'), event: storedEvent }),
  z.strictObject({ kind: z.literal('detection'), event: storedEvent, verdict }),
  z.strictObject({ kind: z.literal('held'), hold: shared.count, event: storedEvent, verdict }),
  z.strictObject({
    kind: z.literal('dead_letter'),
    lane: z.string(),
    eventId: z.string(),
    reason: z.string(),
    at: shared.instant,
    excerpt: z.string(),
  }),
  z.strictObject({
    kind: z.literal('window'),
    rule: z.string(),
    group: z.record(z.string(), z.string()),
    count: shared.count,
  }),
  z.strictObject({ kind: z.literal('watch'), since: shared.instant, until: shared.instant }),
  z.strictObject({ kind: z.literal('device'), hostname: z.string() }),
  z.strictObject({ kind: z.literal('key'), key: z.string() }),
  z.strictObject({
    kind: z.literal('name'),
    key: z.string(),
    user_id: z.optional(z.string()),
    user_email: z.optional(z.string()),
  }),
  z.strictObject({ kind: z.literal('audit'), at: shared.instant, action: z.string() }),
]);

const hold = z.strictObject({
  id: shared.count,
  at: shared.instant,
  keys: z.optional(z.array(z.string())),
  by: z.string(),
  reason: z.string(),
  held: shared.count,
});

const retentionLine = z.strictObject({
  kind: z.string(),
  days: z.number(),
  basis: z.string(),
  oldestAt: z.optional(shared.instant),
  goesBy: z.optional(shared.instant),
  isOverdue: z.boolean(),
  keptBy: z.optional(z.string()),
  lastDroppedAt: z.optional(shared.instant),
});

export const recordOperations: Operations = {
  [`POST ${ROOT}/export`]: {
    id: 'exportPerson',
    tag: 'privacy',
    summary: 'All that is stored of a person, page by page',
    description:
      'By at least one of `user_id`, `user_email` and `user_key`: names that are given together are those of one person. It is audited once, with their keys. A page ends after 200 items, or after 5,000 rows were looked at: go on with `cursor` set to `next`, also when it holds nothing. What came after the first page is not in it. In a window that others are counted in, too, their values are `…`. A `name` is what the sealed map holds behind a key: `user_id` or `user_email`.',
    answers: {
      200: {
        description: 'One page; no `next`: it was the last.',
        schema: z.strictObject({ items: z.array(exportItem), next: z.optional(z.string()) }),
      },
    },
  },
  [`GET ${ROOT}/holds`]: {
    id: 'listHolds',
    tag: 'privacy',
    summary: 'The legal holds of a tenant',
    answers: {
      200: {
        description: 'Without `keys`: everything is held. `held`: entries that were copied so far.',
        schema: z.strictObject({ holds: z.array(hold) }),
      },
    },
  },
  [`POST ${ROOT}/holds`]: {
    id: 'placeHold',
    tag: 'privacy',
    summary: 'Keep what is stored of a person, or everything, whatever retention says',
    description:
      'Of a person, by `user_id`, `user_email`, `user_key`, or several of them; without a name, of everything. Entries of the person are copied before they are dropped, those to come, too. Under a hold of everything nothing is dropped, and full storage stays full. `reason` is required.',
    answers: { 201: { description: 'Placed.', schema: hold } },
    failures: [409],
  },
  [`DELETE ${ROOT}/holds/:holdId`]: {
    id: 'liftHold',
    tag: 'privacy',
    summary: 'Lift a legal hold',
    description: 'Its copies are removed step by step; what is older than its retention goes soon after.',
    answers: { 200: { description: 'The hold, as it was.', schema: hold } },
  },
  [`GET ${ROOT}/retention`]: {
    id: 'showRetention',
    tag: 'privacy',
    summary: 'How long each kind of data is kept, and the oldest of it',
    description:
      '`goesBy`: when the oldest goes at the latest, the rest of its day included. `isOverdue`: it is there an hour after that; `keptBy` says why. `lastDroppedAt`: when something of the kind last went because it was too old; the audit has an entry `retention.applied` of it.',
    answers: {
      200: {
        description: 'A line for each kind. `days` 0: `basis` says what decides instead.',
        schema: z.strictObject({ lines: z.array(retentionLine) }),
      },
    },
  },
};
