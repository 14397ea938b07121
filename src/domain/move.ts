/**
 * What Worker and tenant object say to each other of a tenant's move to another place: its object there is another one, in the other
 * jurisdiction or in another deployment. The source hands out sealed pages, the target alone opens them. Types and constants only.
 */

import type { ConfigFault } from './fault.ts';
import type { Actor } from './principal.ts';
import type { Residency } from './tenant-config.ts';
import type { Refused } from './unavailable.ts';

/** Of a page's seal. */
export const MOVE_PURPOSE = 'move';
/** The largest body that brings a page: one is compressed, and far smaller. */
export const MOVE_BODY_BYTES_MAX = 1024 * 1024;
/** A source that has not handed over by then goes on by itself. */
export const LEAVING_MS_MAX = 24 * 3_600_000;
/** Pages that came, and of which none came for this long, are wiped. */
export const ARRIVING_MS_MAX = 24 * 3_600_000;
/** Everything came and the source may be gone: what is complete waits as long as this to be made the tenant. */
export const COMPLETE_MS_MAX = 30 * 24 * 3_600_000;
/** After the target works the source answers senders 503: the edge may have the old copy for about 2 minutes. */
export const SETTLED_MS = 15 * 60_000;
/** What overflowed may come for 6 days: until it surely did, the source's object knows that its tenant moved. */
export const DEPARTED_MS_MAX = 7 * 24 * 3_600_000;

/** Where an object stands in a move. */
export type MoveView =
  /** In none. */
  | { readonly side: 'none'; readonly hasTenant: boolean }
  /** At rest: nothing is taken or sent. Until `until` (ISO 8601 UTC), unless it is handed over. */
  | { readonly side: 'leaving'; readonly move: string; readonly to: Residency; readonly until: string }
  /** Its data are gone from here. `release` lets the target begin. */
  | {
      readonly side: 'departed';
      readonly move: string;
      readonly to: Residency;
      readonly release: string;
      readonly isSettled: boolean;
    }
  /** `pages` came. `proof`: all of them, and the source may let go. */
  | { readonly side: 'arriving'; readonly move: string; readonly pages: number; readonly proof?: string }
  /** The tenant came with this move and works. */
  | { readonly side: 'arrived'; readonly move: string };

/** Why a step of a move is not done; nothing is changed. */
export type MoveRefusal =
  /** It is to leave the EU, and nobody said so. */
  | 'leaves_eu'
  /** No such move is under way here. */
  | 'no_such_move'
  /** Another one is. */
  | 'another_move'
  /** It was handed over to the target of another place: only there it may begin. */
  | 'another_target'
  /** What the other side gave when it was ready is wrong or missing. */
  | 'not_ready'
  /** It is handed over already. */
  | 'handed_over'
  /** The id is a tenant's at the target. */
  | 'taken'
  /** Sealed under a master key that the target does not have. */
  | 'unknown_key'
  /** Forged, damaged, or of another tenant. */
  | 'unreadable'
  | 'out_of_order'
  /** The target has an older release, which does not know all tables. */
  | 'newer_release'
  /** What came is not what left. */
  | 'counts_differ';

export type MoveFailure =
  | { readonly kind: 'move_refused'; readonly reason: MoveRefusal }
  /** The config can't be the target's. */
  | { readonly kind: 'config_invalid'; readonly faults: readonly ConfigFault[] }
  /** Soon. */
  | { readonly kind: 'settling'; readonly retryAfterSeconds: number }
  | Refused;

interface Request {
  readonly v: 1;
  readonly actor?: Actor;
}

export type LeaveStep =
  /** What the target checks before anything is done. Changes nothing. */
  | { readonly step: 'offer'; readonly to: Residency; readonly leavesEu: boolean }
  | {
      readonly step: 'begin';
      readonly to: Residency;
      readonly leavesEu: boolean;
      readonly expectedVersion: number;
    }
  | { readonly step: 'page'; readonly move: string; readonly n: number }
  /** The target has everything: here it goes. */
  | { readonly step: 'finish'; readonly move: string; readonly proof: string }
  /** The target works. */
  | { readonly step: 'settle'; readonly move: string }
  | { readonly step: 'abandon'; readonly move: string };
export type LeaveRequest = Request & LeaveStep;

export type LeaveAnswer =
  | { readonly kind: 'offered'; readonly version: number; readonly sealed: string; readonly bytes: number }
  | { readonly kind: 'page'; readonly sealed: string; readonly n: number; readonly isLast: boolean }
  | { readonly kind: 'done'; readonly view: MoveView }
  /** Somebody else changed the config. */
  | { readonly kind: 'version_conflict'; readonly version: number | null }
  | MoveFailure;

export type ArriveStep =
  /** Whether what the source offers can come. Changes nothing. */
  | { readonly step: 'check'; readonly to: Residency; readonly sealed: string }
  | { readonly step: 'page'; readonly to: Residency; readonly sealed: string }
  /** Makes it the tenant, once the source has let go. */
  | { readonly step: 'activate'; readonly move: string; readonly release: string }
  | { readonly step: 'abandon'; readonly move: string };
export type ArriveRequest = Request &
  ArriveStep & {
    /** Whose object is asked: it opens what is sealed for this tenant alone. */
    readonly tenant: string;
    /** The `createdAtMs` of a tenant of this id that the target's deployment has; null: none. */
    readonly knownCreatedAtMs: number | null;
  };

export type ArriveAnswer =
  /** It would be taken. */
  | { readonly kind: 'welcome' }
  | { readonly kind: 'done'; readonly view: MoveView }
  | { readonly kind: 'active'; readonly version: number; readonly isPublished: boolean }
  | MoveFailure;

/** Part of what TenantRelay offers over RPC. */
export interface MoveRpc {
  moveState(): Promise<MoveView>;
  leave(request: LeaveRequest): Promise<LeaveAnswer>;
  arrive(request: ArriveRequest): Promise<ArriveAnswer>;
}
