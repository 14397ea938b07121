/**
 * The message of the `OVERFLOW` queue, and what is sealed in it: events that a tenant's object could not take at once.
 * In clear stand only the time of sealing and the seal's header, which names the tenant. Pure.
 */

import * as z from 'zod/mini';

import { type Bytes, decodeUtf8, encodeUtf8 } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { bindingOf } from '../lib/seal.ts';
import type { CanonicalEvent } from './event.ts';
import type { SealedName } from './pseudonym-map.ts';
import { TENANT_ID_PATTERN } from './tenant-config.ts';

/** What overflow is sealed for. */
export const OVERFLOW_PURPOSE = 'overflow';

/** UTF-8: milliseconds, a dot, the compact JWE, whose own parts are separated by dots. */
const MESSAGE_PATTERN = /^(\d{1,15})\.([A-Za-z0-9_.-]+)$/;

export interface OverflowMessage {
  /** When the Worker took the events. */
  readonly sealedAtMs: number;
  /** As the seal's header says; proven when the tenant's object opens it. */
  readonly tenant: string;
  /** The JWE as UTF-8. */
  readonly sealed: Bytes;
}

/** The bytes of a message. */
export function writeOverflowMessage(sealedAtMs: number, jwe: string): Bytes {
  return encodeUtf8(`${sealedAtMs}.${jwe}`);
}

/** A message as it came from the queue; undefined when it is none. */
export function readOverflowMessage(body: Uint8Array): OverflowMessage | undefined {
  const [, sealedAt, jwe] = MESSAGE_PATTERN.exec(decodeUtf8(body) ?? '') ?? [];
  if (sealedAt === undefined || jwe === undefined) return undefined;
  const { tenant, purpose } = bindingOf(jwe) ?? {};
  if (purpose !== OVERFLOW_PURPOSE || typeof tenant !== 'string' || !TENANT_ID_PATTERN.test(tenant)) {
    return undefined;
  }
  return { sealedAtMs: Number(sealedAt), tenant, sealed: encodeUtf8(jwe) };
}

/** What every version of an event has; the rest is as the Worker that sealed it wrote it. */
const eventSchema = z.looseObject({
  id: z.string().check(z.minLength(1)),
  type: z.string().check(z.minLength(1)),
  occurredAt: z.string(),
  receivedAt: z.string(),
  tenant: z.string(),
  classifications: z.array(z.string()),
  classificationCount: z.number(),
  faults: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  source: z.literal('noxys'),
});
const versionSchema = z.looseObject({ v: z.int() });
const contentSchema = z.object({
  v: z.literal(1),
  events: z.array(eventSchema).check(z.minLength(1)),
  /** Events are not lost for the sake of names: what are none is as if there were none. */
  // oxlint-disable-next-line promise/valid-params -- zod's, of no promise
  names: z.catch(z.optional(z.array(z.object({ key: z.string(), sealed: z.string() }))), undefined),
});

export interface OverflowContent {
  readonly events: readonly CanonicalEvent[];
  /** Of users in the events, sealed once more. */
  readonly names: readonly SealedName[];
}

/** What is sealed: JSON of one version and at least one event, each given as JSON. */
export function writeOverflowContent(events: readonly string[], names: readonly SealedName[] = []): string {
  const more = names.length === 0 ? '' : `,"names":${JSON.stringify(names)}`;
  return `{"v":1,"events":[${events.join(',')}]${more}}`;
}

/** What an opened seal holds. */
export function readOverflowContent(
  text: string,
): Result<OverflowContent, { readonly kind: 'unreadable' | 'unknown_version' }> {
  const json = parseJson(text);
  const version = versionSchema.safeParse(json);
  if (!version.success) return failure({ kind: 'unreadable' });
  // A newer Worker may have sealed it during a deploy: its object will be as new.
  if (version.data.v !== 1) return failure({ kind: 'unknown_version' });
  const content = contentSchema.safeParse(json);
  if (!content.success) return failure({ kind: 'unreadable' });
  const { events, names = [] } = content.data;
  return success({ events: events as unknown as readonly CanonicalEvent[], names });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
