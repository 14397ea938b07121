/**
 * The contract that every product implements: a destination has channels, each channel feeds one lane.
 * Types only. A channel sends what one request's events need and says what came of it; it knows no cursor and no retry,
 * and of storage only what its lane remembers for it.
 */

import type { ApiAccounts } from './api-account.ts';
import type { AuditAction, AuditDetail } from '../domain/audit.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Language } from '../domain/language.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import type { UserActivity } from '../domain/user-activity.ts';
import type { SendRequest } from '../lib/http.ts';

export interface DeliveryIo {
  /** The one guarded HTTP function: timeout, no redirects, capped answer, host allow-list, connection limit. */
  readonly send: SendRequest;
  readonly timeoutMs: number;
  /** New for each attempt; the idempotency id (the event's) stays the same. */
  readonly attemptId: string;
  readonly nowMs: () => number;
  /** Whether the config still holds that the lane was opened with. Asked right before what can't be undone; when not, nothing is sent and the outcome is `NOT_SENT`. */
  readonly isCurrent: () => boolean;
  /** Notes in the tenant's audit what a rule has done to what is the customer's own: durable before any request that is made afterwards goes out. Throws when it can't be written: then nothing must be sent. */
  readonly audit: (
    action: Extract<AuditAction, 'host.isolated' | 'workflow.started'>,
    detail: AuditDetail,
  ) => void;
  /** What the lane remembers between deliveries. */
  readonly memory: ChannelMemory;
  /** What the lanes of a tenant share of a vendor's API: tokens and a rate. */
  readonly accounts: ApiAccounts;
  /** What the tenant's own records say of the entries at hand. */
  readonly records: EntryRecords;
  /** Requests that are left of the lane's turn. A channel that needs several for an event stops early and says how many events it settled; the first event is always dealt with. */
  readonly requestsMax: number;
  /** An operator sends the dead letter of the one entry at hand again, by its id and not as one of many: what waited for a person's word has it. Absent: no. */
  readonly isRedriven?: boolean;
}

/** What the relay knows beside an entry itself. It is asked with the entry as the channel got it: what privacy hides of the user is not told. */
export interface EntryRecords {
  /** The user's day up to the entry; undefined: the entry names no user, or there is too much to do just now to look. */
  lastDay(event: CanonicalEvent): Promise<UserActivity | undefined>;
  /**
   * The host that the tenant's `device_map` names for the entry's user, whatever the destination's privacy says of the user: it never
   * leaves the relay. Undefined: none, or the destination may not know devices.
   */
  mappedHost(event: CanonicalEvent): string | undefined;
  /**
   * Of the entry's user, else of what its detection is grouped by, whatever the destination's privacy says of them: an opaque text to tell
   * people apart with, the same for the same user. It is never sent, and kept as a hash of more than it alone. Undefined: nobody is named.
   */
  userKey(event: CanonicalEvent): string | undefined;
}

/**
 * A few small values that a lane keeps for its channel, in the tenant's object: written at once, and durable before any request that
 * is made afterwards goes out. They go with their time, or with the tenant. Text; a channel writes JSON.
 */
export interface ChannelMemory {
  get(key: string): string | undefined;
  put(key: string, value: string, expiresAtMs: number): void;
  delete(key: string): void;
  /** By key, ascending, of those that begin with a prefix. */
  entries(prefix: string): readonly (readonly [key: string, value: string])[];
}

/** What may be said of rules and platforms where messages leave the EU. */
export interface TransferWords {
  /** By the name that a detection has of its rule. */
  readonly ruleName: (name: string) => string;
  readonly ruleTitle: (name: string) => string;
  readonly isKnownPlatform: (id: string) => boolean;
}

/** What channels know of their tenant, beside their own destination. */
export interface ChannelContext {
  readonly tenant: string;
  readonly platforms: PlatformsConfig;
  /** Where operators reach the relay, such as `https://relay.acme.eu`; undefined: not configured. */
  readonly publicUrl: string | undefined;
  /** Of what people read there. */
  readonly language: Language;
  /** In which they read times. IANA name. */
  readonly timeZone: string;
  /** Only where messages leave the EU: entries come without free text, and what a channel remembers is told in these words. */
  readonly transfer?: TransferWords;
}

export interface BatchLimits {
  readonly eventsMax: number;
  /** UTF-16 units of the events' stored JSON. A body may be twice that. */
  readonly lengthMax: number;
  /** Whether an entry belongs into the request of the one before it, however few entries a lane begins with. Absent: none does. */
  readonly joins?: (before: CanonicalEvent, entry: CanonicalEvent) => boolean;
}

export const CHANNEL_KINDS = [
  'events',
  'cases',
  'incidents',
  'alerts',
  'indicators',
  'rules',
  'containment',
  'workflows',
  'comments',
  'messages',
] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

export interface Channel {
  /** The channel's part of the lane's name: `events` in `edr/events`. */
  readonly kind: ChannelKind;
  /** Present: a request carries several events, one request at a time. Absent: one event per request. */
  readonly batch?: BatchLimits;
  /** Requests under way at once; 1 for batched channels. */
  readonly inFlight: number;
  /** What is older is recorded as expired, never sent. Absent: nothing is too old. See domain/maximum-age.ts. */
  readonly maximumAgeMs?: number;
  /** Sends the events, in one request or several. Never throws for what a destination does; a bug may throw. */
  deliver(events: readonly CanonicalEvent[], io: DeliveryIo): Promise<Outcome>;
  /** Tests the channel without changing anything at the destination. Absent: a test event is delivered. */
  check?(io: DeliveryIo): Promise<Checked>;
  /** Lets an isolated host back into the network. Only of channels that isolate. */
  liftContainment?(host: HostReference, io: DeliveryIo): Promise<Lifted>;
}

/** What a test of a channel found. */
export interface Checked {
  /** The first thing that is wrong; `detail` names all that is missing. */
  readonly outcome: Outcome;
  /** For the operator, a sentence each: what works, what could not be tested. */
  readonly notes: readonly string[];
}

/** By the one or by the other. */
export type HostReference = { readonly deviceId: string } | { readonly hostname: string };

export type Lifted =
  /** Asked for, or done already; `detail` says which. */
  | { readonly kind: 'lifted'; readonly deviceId: string; readonly detail: string }
  /** Nothing was done: no host, several hosts, or one that is not isolated. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** `deviceId`: of the host that was found. */
  | { readonly kind: 'failed'; readonly outcome: Outcome; readonly deviceId?: string };
