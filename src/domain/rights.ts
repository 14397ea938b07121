/**
 * What Worker and tenant object say to each other of the rights of a person: erasure, export, legal holds, retention.
 * A person is named by an id, by an e-mail address, by the key of either, or by several of them. Types and constants only.
 */

import type { CanonicalEvent } from './event.ts';
import type { Actor } from './principal.ts';
import type { Busy, Refused } from './unavailable.ts';
import type { Verdict } from './verdict.ts';

/** A person, by at least one name. An id and an address that are given together are both theirs. */
export interface Subject {
  readonly id?: string;
  readonly email?: string;
  /** The pseudonym of an id or an address. */
  readonly key?: string;
}

export interface SubjectRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly subject: Subject;
}

/** How many of each were removed. */
export interface Removed {
  readonly events: number;
  readonly detections: number;
  readonly deadLetters: number;
  /** Entries that lanes still retried. */
  readonly followUps: number;
  readonly windows: number;
  readonly watches: number;
  /** Of the sealed map. */
  readonly pseudonyms: number;
  /** Entries of `device_map` in the config. */
  readonly devices: number;
  /** Entries of others, in which a text named the person: it is `…` now. */
  readonly texts: number;
}

/** A destination that had got entries of the person: what it keeps is beyond the relay. */
export interface OutsideCopies {
  readonly destination: string;
  readonly type: string;
  /** Entries of the person that its lanes had behind them, and may have been delivered. */
  readonly entries: number;
}

/** What still names the person, because somebody wrote it there, and what to do about it. */
export interface Remaining {
  /** Such as `destinations[0].where` or a rule's name. */
  readonly path: string;
  readonly mend: string;
}

export interface ErasureView {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly begunAt: string;
  /** Absent: it goes on. */
  readonly doneAt?: string;
  /** Events of the person from before `begunAt` that still come are dropped until then: ISO 8601 UTC. */
  readonly lateUntil: string;
  /** How many were dropped so far. */
  readonly late: number;
  /** By which the person is known, in the audit too. */
  readonly keys: readonly string[];
  readonly removed: Removed;
  /** What lanes will not deliver any more, by lane. */
  readonly undelivered: Readonly<Record<string, number>>;
  readonly outside: {
    readonly destinations: readonly OutsideCopies[];
    /** Cloudflare's point-in-time recovery of the object reaches back as far as this long: ISO 8601 UTC. */
    readonly recoverableUntil: string;
  };
  readonly remaining: readonly Remaining[];
  /** Keys of other names that stood beside the person's in what was erased: they may be theirs, too. */
  readonly alsoSeen: readonly string[];
}

/** At most so many are kept; the newest first. */
export const ERASURES_MAX = 200;
/** Point-in-time recovery of an object. Source: Cloudflare, Durable Objects, "SQLite storage API", read 2026-11. */
export const RECOVERY_DAYS = 30;

export type EraseAnswer =
  | { readonly kind: 'erasing'; readonly erasure: ErasureView }
  /** Something of the person is held: these holds must be lifted first. */
  | { readonly kind: 'held'; readonly holds: readonly number[] }
  | Refused;
export type ErasuresAnswer =
  { readonly kind: 'erasures'; readonly erasures: readonly ErasureView[] } | Refused;

/** One thing that is stored of a person. */
export type ExportItem =
  | { readonly kind: 'event'; readonly event: CanonicalEvent }
  | { readonly kind: 'detection'; readonly event: CanonicalEvent; readonly verdict?: Verdict }
  /** An entry that a legal hold keeps, whatever has become of the log. */
  | {
      readonly kind: 'held';
      readonly hold: number;
      readonly event: CanonicalEvent;
      readonly verdict?: Verdict;
    }
  | {
      readonly kind: 'dead_letter';
      readonly lane: string;
      readonly eventId: string;
      readonly reason: string;
      readonly at: string;
      /** As the destination wrote it. */
      readonly excerpt: string;
    }
  | {
      readonly kind: 'window';
      readonly rule: string;
      readonly group: Readonly<Record<string, string>>;
      readonly count: number;
    }
  | { readonly kind: 'watch'; readonly since: string; readonly until: string }
  | { readonly kind: 'device'; readonly hostname: string }
  /** The person's key, as the audit and those who may not see names know them. */
  | { readonly kind: 'key'; readonly key: string }
  /** What the sealed map holds behind a key: one of both. */
  | {
      readonly kind: 'name';
      readonly key: string;
      readonly user_id?: string;
      readonly user_email?: string;
    }
  | { readonly kind: 'audit'; readonly at: string; readonly action: string };

export interface ExportRequest extends SubjectRequest {
  /** Where the last page ended. Absent: the first page, which is audited. */
  readonly cursor?: string;
}
export type ExportAnswer =
  | {
      readonly kind: 'page';
      readonly items: readonly ExportItem[];
      /** Absent: this was the last page. */
      readonly next?: string;
    }
  /** `cursor` is none of this tenant. */
  | { readonly kind: 'place_unknown' }
  | Busy
  | Refused;

export interface HoldView {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Keys of the person; absent: everything of the tenant is held. */
  readonly keys?: readonly string[];
  /** Who placed it, and why. */
  readonly by: string;
  readonly reason: string;
  /** Entries that were copied, because the log let them go. */
  readonly held: number;
}

/** Holds of a tenant at the same time. */
export const HOLDS_MAX = 50;

export interface PlaceHoldRequest {
  readonly v: 1;
  readonly actor?: Actor;
  /** Absent: everything of the tenant. */
  readonly subject?: Subject;
  readonly reason: string;
}
export type PlaceHoldAnswer =
  { readonly kind: 'placed'; readonly hold: HoldView } | { readonly kind: 'too_many' } | Refused;
export interface LiftHoldRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly id: number;
}
export type LiftHoldAnswer =
  { readonly kind: 'lifted'; readonly hold: HoldView } | { readonly kind: 'not_found' } | Refused;
export type HoldsAnswer = { readonly kind: 'holds'; readonly holds: readonly HoldView[] } | Refused;

/** One kind of data: how long it may be kept, and the oldest of it that is. */
export interface RetentionLine {
  /** Such as `events`, `detections`, `audit`. */
  readonly kind: string;
  /** How long it is kept at most, in days, from what on; what decides it, in words. */
  readonly days: number;
  readonly basis: string;
  /** ISO 8601 UTC; absent: there is none. */
  readonly oldestAt?: string;
  /** When the oldest goes at the latest: retention, and the time until the period that it is in ends. */
  readonly goesBy?: string;
  readonly isOverdue: boolean;
  /** Why it stays although it is overdue, such as a legal hold. */
  readonly keptBy?: string;
  /** When something of it last went because it was too old: ISO 8601 UTC. */
  readonly lastDroppedAt?: string;
}
export type RetentionAnswer =
  { readonly kind: 'retention'; readonly lines: readonly RetentionLine[] } | Refused;

export interface RevealRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly key: string;
}
export type RevealAnswer =
  | { readonly kind: 'revealed'; readonly name: { readonly id: string } | { readonly email: string } }
  /** The map is off, or holds no such key. */
  | { readonly kind: 'not_found'; readonly isOn: boolean }
  | Refused;

export interface ResealNamesRequest {
  readonly v: 1;
  readonly actor?: Actor;
  /** Only keys after this one: where the last step ended. */
  readonly after?: string;
}
export type ResealNamesAnswer =
  | {
      readonly kind: 'resealed';
      readonly resealed: number;
      /** Those that do not open under any key of this deployment: they stay as they are. */
      readonly unopened: number;
      /** Absent: this was the last step. */
      readonly next?: string;
    }
  | Refused;

/** Part of what TenantRelay offers over RPC. */
export interface ErasureRpc {
  erase(request: SubjectRequest): Promise<EraseAnswer>;
  /** Newest first. */
  erasures(): Promise<ErasuresAnswer>;
}
/** Likewise. */
export interface RecordsRpc {
  exportSubject(request: ExportRequest): Promise<ExportAnswer>;
  holds(): Promise<HoldsAnswer>;
  placeHold(request: PlaceHoldRequest): Promise<PlaceHoldAnswer>;
  liftHold(request: LiftHoldRequest): Promise<LiftHoldAnswer>;
  retention(): Promise<RetentionAnswer>;
}
/** Likewise. */
export interface PseudonymRpc {
  reveal(request: RevealRequest): Promise<RevealAnswer>;
  /** One step of moving the sealed map to the primary master key. */
  resealNames(request: ResealNamesRequest): Promise<ResealNamesAnswer>;
}
