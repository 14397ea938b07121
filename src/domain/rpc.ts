/**
 * What Worker and tenant object say to each other. During a deploy the two may be of different versions,
 * so every request that changes something carries `v`, and a receiver refuses a version that it does not know.
 * Types only.
 */

import type { AuditAction, AuditEntry } from './audit.ts';
import type { Explained } from './explanation.ts';
import type { DeadLetterPage, DeadLetterReason, DeadLetterView, LaneView } from './lane-view.ts';
import type { ObjectHealth } from './object-health.ts';
import type {
  LiftContainmentAnswer,
  LiftContainmentRequest,
  TestDestinationAnswer,
  TestDestinationRequest,
} from './destination-requests.ts';
import type { CanonicalEvent } from './event.ts';
import type { EventPage, EventsRequest, ExplainRequest, UserKeyRequest } from './event-view.ts';
import type { MoveRpc } from './move.ts';
import type { Notice } from './notice.ts';
import type { Actor } from './principal.ts';
import type { SealedName } from './pseudonym-map.ts';
import type { ErasureRpc, PseudonymRpc, RecordsRpc } from './rights.ts';
import type { RulesRpc } from './rules-rpc.ts';
import type { SealedTenantConfig } from './tenant-config.ts';
import type { Busy, Refused, UnavailableReason } from './unavailable.ts';

export interface AcceptRequest {
  readonly v: 1;
  /** At least 1, at most 100. */
  readonly events: readonly CanonicalEvent[];
  /** Of users in the events, for a tenant that keeps the sealed map. Absent: an earlier Worker, or there are none. */
  readonly names?: readonly SealedName[];
}

export type AcceptAnswer =
  /** Durable: what is counted here survives a kill of the runtime. */
  | { readonly kind: 'accepted'; readonly accepted: number; readonly duplicates: number }
  | { readonly kind: 'rate_limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export interface ConfigureRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly config: SealedTenantConfig;
  /** The version that the writer read; null = the tenant must not exist yet. */
  readonly expectedVersion: number | null;
  /** The `createdAtMs` of what the writer read; absent: an earlier Worker, or there is no tenant yet. */
  readonly expectedCreatedAtMs?: number;
  /** Where lanes begin that this config adds: after the newest event (the default), or with the oldest that is retained. */
  readonly addedFrom?: LaneStart;
  /** For the audit: what is done, and the paths that change; at most 100. */
  readonly action?: Extract<AuditAction, 'config.saved' | 'secret.rotated' | 'secrets.resealed'>;
  readonly changedPaths?: readonly string[];
  /** Of a first config: later than this it is refused, as what the writer saw elsewhere is too old (domain/claim.ts). */
  readonly notAfterMs?: number;
}

export type LaneStart = 'now' | 'backlog';

export type ConfigureAnswer =
  | { readonly kind: 'saved'; readonly version: number; readonly isPublished: boolean }
  | VersionConflict
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

/** Somebody else was first. */
export interface VersionConflict {
  readonly kind: 'version_conflict';
  readonly version: number | null;
  /** The id is claimed for another place until then. */
  readonly retryAfterSeconds?: number;
}

/** A config was saved again that changes nothing: the pauses of all lanes end, and KV gets what it lacks. */
export interface EndPausesRequest {
  readonly v: 1;
  readonly actor?: Actor;
  /** The version that nothing is changed of. */
  readonly expectedVersion: number;
  readonly expectedCreatedAtMs?: number;
}

export type EndPausesAnswer =
  | { readonly kind: 'ended'; readonly version: number; readonly isPublished: boolean }
  | VersionConflict
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export interface RemoveRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly expectedVersion: number;
  readonly expectedCreatedAtMs?: number;
  /** Gives up what is not delivered, dead letters included; else the tenant stays while there is any. */
  readonly discard: boolean;
}

/** What a lane would leave behind. `undelivered`: events that wait, parked ones included; an upper bound. */
export interface LaneRest {
  readonly lane: string;
  readonly undelivered: number;
  readonly deadLetters: number;
}

export type RemoveAnswer =
  /** For good. `isUnpublished`: its copy in KV is gone, too; else the alarm goes on trying. */
  | { readonly kind: 'removed'; readonly rest: readonly LaneRest[]; readonly isUnpublished: boolean }
  | { readonly kind: 'undelivered'; readonly rest: readonly LaneRest[] }
  /** These legal holds must be lifted first, whatever is given up. */
  | { readonly kind: 'held'; readonly holds: readonly number[] }
  | VersionConflict
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

/** Asked of the object that a tenant of the same id would have elsewhere, before it is made here. */
export interface MakeRoomRequest {
  readonly v: 1;
  /** Keeps the asked object from taking a first config for a while (domain/claim.ts). */
  readonly claims: boolean;
}

export type MakeRoomAnswer =
  /** Nothing of an earlier tenant will reach KV any more from there. */
  | { readonly kind: 'made' }
  /** The tenant exists there. */
  | { readonly kind: 'taken' }
  /** A write to KV is under way that would undo what the new tenant publishes. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export interface StoredConfig {
  readonly version: number;
  /** ISO 8601 UTC. */
  readonly savedAt: string;
  /** Tells the tenant from an earlier one of its id, whose versions began at 1 as well; 0: an earlier release did not note it. */
  readonly createdAtMs: number;
  readonly config: SealedTenantConfig;
}

/** Events that the Worker sealed while the object could not take them. Source: docs/architecture.md, "Overflow". */
export interface AcceptSealedRequest {
  readonly v: 1;
  /** A compact JWE as UTF-8, bound to the tenant and the purpose `overflow`. Only the object opens it. */
  readonly sealed: Uint8Array;
  /** When the Worker took the events. */
  readonly sealedAtMs: number;
}

export type AcceptSealedAnswer =
  | { readonly kind: 'accepted'; readonly accepted: number; readonly duplicates: number }
  /** These bytes will never be taken: they do not open, hold no events, or are older than the de-duplication set. */
  | { readonly kind: 'refused'; readonly reason: 'unreadable' | 'too_old' }
  | { readonly kind: 'unknown_tenant' }
  /** May pass later. */
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

/** Stops a destination, or starts it again: a new version of the config, unless it is so already. */
export interface PauseRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly destination: string;
}

export interface ResumeRequest extends PauseRequest {
  /** `backlog`: goes on where it stopped. `now`: what waits is given up, counted as discarded. */
  readonly from: LaneStart;
}

export type ResumeAnswer =
  | {
      readonly kind: 'saved';
      readonly version: number;
      readonly isPublished: boolean;
      /** Events given up by `from: now`. */
      readonly discarded: number;
    }
  | { readonly kind: 'unknown_destination' }
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export interface RedriveRequest {
  readonly v: 1;
  readonly actor?: Actor;
  /** Which dead letters, all conditions together; at least one is present. */
  readonly select: {
    readonly id?: number;
    readonly reason?: DeadLetterReason;
    /** Dead-lettered at this time or later. */
    readonly sinceMs?: number;
    readonly lane?: string;
  };
}

export type RedriveAnswer =
  | {
      readonly kind: 'redriven';
      /** Sent again from now on, each alone. */
      readonly count: number;
      /** Selected, but left: a lane retries so many events at once at most, or its destination is not configured. */
      readonly left: number;
    }
  /** The one that was asked for does not exist. */
  | { readonly kind: 'not_found' }
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export interface DrainRequest {
  readonly v: 1;
  /** The lane's name, or `*` for every lane that is due. */
  readonly lane: string;
}

export type DrainAnswer = { readonly kind: 'started' | 'nothing_due' | 'unknown_tenant' | 'unavailable' };

export type EventsAnswer = (EventPage & { readonly kind: 'events' }) | Busy | Refused;
export type UserKeyAnswer = { readonly kind: 'key'; readonly key: string } | Refused;
export type ExplainAnswer = (Explained & { readonly kind: 'explained' }) | Busy | Refused;

/** An authentic webhook of which nothing was forwarded: the object learns of it by this alone. */
export interface NoteWebhookRequest {
  readonly v: 1;
  readonly atMs: number;
  readonly type: string;
}

/** What TenantRelay offers over RPC. Declared here for the layers that call it. */
export interface TenantRelayRpc extends RulesRpc, ErasureRpc, RecordsRpc, PseudonymRpc, MoveRpc {
  accept(request: AcceptRequest): Promise<AcceptAnswer>;
  configure(request: ConfigureRequest): Promise<ConfigureAnswer>;
  readConfig(): Promise<StoredConfig | null>;
  endPauses(request: EndPausesRequest): Promise<EndPausesAnswer>;
  remove(request: RemoveRequest): Promise<RemoveAnswer>;
  makeRoom(request: MakeRoomRequest): Promise<MakeRoomAnswer>;
  drain(request: DrainRequest): Promise<DrainAnswer>;
  lanes(): Promise<LaneView[]>;
  acceptSealed(request: AcceptSealedRequest): Promise<AcceptSealedAnswer>;
  deadLetters(page: DeadLetterPage): Promise<DeadLetterView[]>;
  /** Null: there is none with this id. */
  deadLetter(id: number): Promise<DeadLetterView | null>;
  redrive(request: RedriveRequest): Promise<RedriveAnswer>;
  pause(request: PauseRequest): Promise<ResumeAnswer>;
  resume(request: ResumeRequest): Promise<ResumeAnswer>;
  /** The findings log's notices, newest first, below `before`. */
  notices(page: { readonly before?: number; readonly limit: number }): Promise<Notice[]>;
  /** Newest first, below `before`. */
  auditEntries(page: { readonly before?: number; readonly limit: number }): Promise<AuditEntry[]>;
  events(request: EventsRequest): Promise<EventsAnswer>;
  explainEvent(request: ExplainRequest): Promise<ExplainAnswer>;
  /** The key of a user, audited. */
  userKey(request: UserKeyRequest): Promise<UserKeyAnswer>;
  testDestination(request: TestDestinationRequest): Promise<TestDestinationAnswer>;
  liftContainment(request: LiftContainmentRequest): Promise<LiftContainmentAnswer>;
  noteWebhook(request: NoteWebhookRequest): Promise<void>;
  /** Null: there is no such tenant. */
  health(): Promise<ObjectHealth | null>;
}
