/** Of the routes on stored events, on users, and on the audit. */

import * as z from 'zod/mini';

import { POLICY_DECISIONS } from '../../domain/event.ts';
import { LANE_OUTCOMES } from '../../domain/explanation.ts';
import { DEAD_LETTER_REASONS } from '../../domain/lane-view.ts';
import { PLAYBOOKS } from '../../domain/playbook.ts';
import { LEVELS } from '../../domain/severity.ts';
import { VERBS } from '../../domain/verbs.ts';
import { VERDICTS } from '../../domain/verdict.ts';
import { auditEntry, page, shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const text = z.optional(z.string());

const detectionFacts = z.strictObject({
  ruleId: z.string(),
  ruleName: z.string(),
  title: z.string(),
  level: z.enum(LEVELS),
  /** Users and devices are keys; what may be a name otherwise is `…`. */
  groupKey: text,
  platforms: z.array(z.string()),
  count: shared.count,
  windowSeconds: shared.count,
  firstAt: shared.instant,
  lastAt: shared.instant,
  eventIds: z.array(z.string()),
  causeId: text,
  respond: z.optional(z.array(z.enum(VERBS))),
  tags: z.optional(z.array(z.string())),
  playbook: z.optional(z.enum(PLAYBOOKS)),
  watchedUntil: z.optional(shared.instant),
  dryRun: z.boolean(),
});

const eventFields = {
  seq: shared.count,
  id: z.string(),
  type: z.string(),
  interactionId: text,
  occurredAt: shared.instant,
  receivedAt: shared.instant,
  tenant: shared.tenantId,
  /** The names only with `persons=show`. */
  user: z.optional(z.strictObject({ key: z.string(), id: text, email: text })),
  device: z.optional(z.strictObject({ key: z.string(), id: text, hostname: text })),
  platform: z.optional(z.strictObject({ id: z.string(), name: z.string() })),
  policy: z.optional(z.strictObject({ decision: z.optional(z.enum(POLICY_DECISIONS)), name: text })),
  riskScore: z.optional(z.number()),
  severity: z.optional(z.enum(LEVELS)),
  raisedFrom: z.optional(z.enum(LEVELS)),
  direction: text,
  sensor: text,
  interactionType: text,
  model: text,
  urlHost: text,
  classifications: z.array(z.string()),
  classificationCount: shared.count,
  faults: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
  source: z.literal('noxys'),
};
/** With `detection`, the relay made it for one of its rules. */
const event = z.strictObject({ ...eventFields, detection: z.optional(detectionFacts) });
export const detection = z.strictObject({
  ...eventFields,
  detection: detectionFacts,
  verdict: z.optional(z.enum(VERDICTS)),
});

const eventPage = z.strictObject({ events: z.array(event), ...page, lastSeq: shared.count });

export const explanation = z.strictObject({
  lane: z.string(),
  outcome: z.enum(LANE_OUTCOMES),
  why: z.string(),
  deadLetter: z.optional(z.int()),
  reason: z.optional(z.enum(DEAD_LETTER_REASONS)),
  filter: text,
  tries: z.optional(shared.count),
  due: z.optional(shared.instant),
});

const ROOT = '/api/v1/tenants/:id';
export const PERSONS =
  'Users and devices are keys: the pseudonyms of the tenant. `persons=show` adds their names, needs the role operator, and is audited.';

export const eventOperations: Operations = {
  [`GET ${ROOT}/events`]: {
    id: 'listEvents',
    tag: 'events',
    summary: 'The stored events, newest first; with `after`, oldest first',
    description: `${PERSONS} A page ends after 5,000 events were looked at: \`nextBefore\` says where the next one begins, also when it holds nothing. \`lastSeq\` is the next \`after\` of who waits for newer ones. \`since\` and \`until\` are of the time when the event occurred: from the one on, before the other.`,
    answers: { 200: { description: 'One page.', schema: eventPage } },
  },
  [`POST ${ROOT}/events/search`]: {
    id: 'searchEvents',
    tag: 'events',
    summary: 'The stored events of one user, newest first',
    description: `By exactly one of \`user_id\`, \`user_email\` and \`user_key\`. It is audited, with the key of the user. ${PERSONS}`,
    answers: { 200: { description: 'One page.', schema: eventPage } },
  },
  [`GET ${ROOT}/events/:eventId`]: {
    id: 'explainEvent',
    tag: 'events',
    summary: 'The events of an id, with what every lane did with them and why',
    description: `Looks from the newest on, at 5,000 events at once: while \`isComplete\` is false, go on with \`before\` set to \`nextBefore\`. With \`type\` it ends with the first that it finds. ${PERSONS}`,
    answers: {
      200: {
        description: 'What was found so far.',
        schema: z.strictObject({
          events: z.array(z.strictObject({ event, lanes: z.array(explanation) })),
          isComplete: z.boolean(),
          ...page,
        }),
      },
    },
  },
  [`POST ${ROOT}/users/key`]: {
    id: 'getUserKey',
    tag: 'events',
    summary: 'The key of a user',
    description: 'By either `user_id` or `user_email`. It is audited, with the key.',
    answers: { 200: { description: 'The key.', schema: z.strictObject({ key: z.string() }) } },
  },
  [`POST ${ROOT}/users/reveal`]: {
    id: 'revealUser',
    tag: 'events',
    summary: 'The name behind the key of a user',
    description:
      'From the sealed map, where the tenant keeps one (`privacy.sealed_map`). It is audited, with the key.',
    answers: {
      200: {
        description: 'The name, as Noxys sent it.',
        schema: z.union([
          z.strictObject({ user_id: z.string() }),
          z.strictObject({ user_email: z.string() }),
        ]),
      },
    },
  },
  [`GET ${ROOT}/audit`]: {
    id: 'listAudit',
    tag: 'audit',
    summary: 'Who did what and why, and who was shown persons, newest first',
    answers: {
      200: { description: 'One page.', schema: z.strictObject({ entries: z.array(auditEntry), ...page }) },
    },
  },
};
