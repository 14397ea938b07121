/** Destinations that tell people: Slack, Teams, any webhook. Pure; what their values must be beyond their shape is checked in tenants/. */

import * as z from 'zod/mini';

import { country, destinationBase, secret } from './destination-base.ts';
import { LEVELS } from './severity.ts';
import type { Verb } from './verbs.ts';

export const MESSAGE_VERBS = ['notify'] as const satisfies readonly Verb[];

/** Of a header of the customer's own. Source: RFC 9110 5.1. */
const HEADER_NAME_PATTERN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
export const SIGNING_SECRETS_MAX = 3;
const HEADERS_MAX = 10;

const level = z.enum(LEVELS);

const messages = z.strictObject({
  /** Detections of this level and above are told at once; those below are in the digests alone. */
  at_once_at_or_above: z._default(level, 'critical'),
  /** Noxys' events of this level and above, beside detections. Absent: detections only. */
  events_at_or_above: z.optional(level),
  /** What the operator must know of the relay itself. */
  notices: z._default(z.boolean(), true),
  /** The tenant's daily and weekly digest. */
  digests: z._default(z.boolean(), true),
  /** The same about the same user is told once in this time; the digest counts the others. */
  quiet_minutes: z._default(z.int().check(z.minimum(1), z.maximum(1440)), 60),
  /** Messages about detections and events in an hour; above it one message says so, and the digest counts. */
  per_hour_max: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 20),
});
export type MessagesConfig = z.infer<typeof messages>;
export const MESSAGES_DEFAULT: MessagesConfig = {
  at_once_at_or_above: 'critical',
  notices: true,
  digests: true,
  quiet_minutes: 60,
  per_hour_max: 20,
};

const messageBase = {
  ...destinationBase,
  actions: z.optional(z.array(z.enum(MESSAGE_VERBS)).check(z.minLength(1), z.maxLength(1))),
  messages: z._default(messages, MESSAGES_DEFAULT),
};

export const TRANSFER_MECHANISMS = [
  'adequacy_decision',
  'standard_contractual_clauses',
  'binding_corporate_rules',
  'derogation',
] as const;

/** On what ground an EU tenant's messages leave the EU. Source: GDPR, chapter V (Articles 45, 46 and 49). */
const transferBasis = z.strictObject({
  mechanism: z.enum(TRANSFER_MECHANISMS),
  /** Where it is written down: a contract, a decision, an assessment. */
  reference: z.string().check(z.minLength(1), z.maxLength(300)),
});

export const slackSchema = z.strictObject({
  ...messageBase,
  type: z.literal('slack'),
  /** Of an incoming webhook. Who knows it may post: it is kept like a password. */
  url: secret,
  /** An EU tenant's messages go there with it alone. */
  transfer_basis: z.optional(transferBasis),
});

export const teamsSchema = z.strictObject({
  ...messageBase,
  type: z.literal('teams'),
  /** Of a workflow that starts "when a Teams webhook request is received". It is kept like a password. */
  url: secret,
  /** An EU tenant's messages go there with it alone. */
  transfer_basis: z.optional(transferBasis),
});

const headerName = z.string().check(z.regex(HEADER_NAME_PATTERN, 'must be the name of an HTTP header'));

export const webhookDestinationSchema = z.strictObject({
  ...messageBase,
  type: z.literal('webhook'),
  /** It may hold a token: it is kept like a password. */
  url: secret,
  /** ISO 3166-1 alpha-2, of whatever receives. An EU tenant's must be in the EU or the EEA. */
  country: z.optional(country),
  /** Standard Webhooks, newest first: with several, each message carries a signature by each. Absent: it is not signed. */
  secrets: z.optional(z.array(secret).check(z.minLength(1), z.maxLength(SIGNING_SECRETS_MAX))),
  /** Such as Authorization. Values are kept like passwords. */
  headers: z._default(
    z
      .record(headerName, secret)
      .check(
        z.refine(
          (headers) => Object.keys(headers).length <= HEADERS_MAX,
          `must have at most ${HEADERS_MAX} entries`,
        ),
      ),
    {},
  ),
  /** The JSON that is sent, its texts with `{{fields}}` of the message. Absent: the message as the relay writes it. */
  body: z.optional(z.record(z.string(), z.unknown())),
});
