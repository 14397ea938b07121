/**
 * What the admin API answers, as schemas: for the OpenAPI document, and for the tests that hold every answer to it.
 * Not part of the Worker. Each is tied to the type that the Worker answers with, where there is one.
 */

import * as z from 'zod/mini';

import { NOTICE_KINDS } from '../domain/notice.ts';
import { BLOCKED_REASONS } from '../domain/outcome.ts';
import { ROLES } from '../domain/principal.ts';
import { AUDIT_ACTIONS } from '../domain/audit.ts';
import { DEAD_LETTER_REASONS } from '../domain/lane-view.ts';
import { RESIDENCIES, tenantConfigSchema } from '../domain/tenant-config.ts';

const count = z.int().check(z.minimum(0));
const instant = z.iso.datetime();
const version = z.int().check(z.minimum(1));
const tenantId = z.string();

/** RFC 9457. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  requestId: z.optional(z.string()),
  faults: z.optional(z.array(z.strictObject({ path: z.string(), message: z.string() }))),
});

/** The details quote the destination: `…` below the role operator. */
export const lane = z.strictObject({
  lane: z.string(),
  state: z.enum(['idle', 'running', 'waiting', 'blocked', 'disabled', 'removed']),
  undelivered: count,
  delivered: count,
  deadLettered: count,
  expired: count,
  parked: count,
  discarded: count,
  erased: count,
  tries: count,
  blocked: z.optional(
    z.strictObject({ reason: z.enum(BLOCKED_REASONS), detail: z.string(), since: instant }),
  ),
  lastFailure: z.optional(z.strictObject({ reason: z.string(), detail: z.string(), at: instant })),
  due: z.optional(instant),
  lastDeliveredAt: z.optional(instant),
});

/** Below the role operator `excerpt` is `…`, and so is an `eventId` that no machine has made. */
export const deadLetter = z.strictObject({
  id: z.int(),
  lane: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  reason: z.enum(DEAD_LETTER_REASONS),
  status: z.optional(z.int()),
  excerpt: z.string(),
  attempts: count,
  at: instant,
  redrivenAt: z.optional(instant),
});

export const notice = z.strictObject({
  id: z.int(),
  kind: z.enum(NOTICE_KINDS),
  at: instant,
  lane: z.optional(z.string()),
  since: instant,
  count: z.optional(count),
  text: z.string(),
});

export const auditEntry = z.strictObject({
  id: z.int(),
  at: instant,
  by: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  requestId: z.string(),
  reason: z.optional(z.string()),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
});

export const redriven = z.strictObject({ redriven: count, left: count, detail: z.optional(z.string()) });

export const savedDestination = z.strictObject({ version, published: z.boolean(), discarded: count });

export const shownSecret = z.strictObject({
  path: z.string(),
  purpose: z.enum(['webhook', 'destination', 'pseudonym']),
  fingerprint: z.nullable(z.string()),
  setAt: z.nullable(instant),
  opens: z.boolean(),
  isPrimaryKey: z.boolean(),
});

/** Every secret is `<set>`; for viewers every value of a filter on a person is `<hidden>`. */
export const shownConfig = tenantConfigSchema;

export const page = { nextBefore: z.optional(z.int()) };

export const shared = {
  count,
  instant,
  version,
  tenantId,
  role: z.enum(ROLES),
  residency: z.enum(RESIDENCIES),
};
