/** What a lane is made of, given by the relay that owns it. Types and timings only. */

import type { ApiAccounts } from '../destinations/api-account.ts';
import type { Channel, ChannelMemory } from '../destinations/destination.ts';
import type { AuditAction, AuditDetail } from '../domain/audit.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { SendRequest } from '../lib/http.ts';
import type { Result } from '../lib/result.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import type { RelayIo } from './io.ts';
import type { Filter } from './lane-history.ts';
import type { LaneChanges, LaneStore } from './lane-store.ts';
import type { LaneState } from './lane-state.ts';
import type { EventLog } from './log.ts';
import type { Occurrence } from './notices.ts';
import type { UserDays } from './user-days.ts';

export interface Timeouts {
  readonly requestMs: number;
  /** A destination that just timed out is probed with less patience. */
  readonly probeAfterTimeoutMs: number;
}

export const TIMEOUTS: Timeouts = { requestMs: 15_000, probeAfterTimeoutMs: 5_000 };

/** A lane's destination, ready to send to: secrets open, filters compiled. */
export interface OpenLane {
  readonly channel: Channel;
  readonly send: SendRequest;
  readonly wants: (event: CanonicalEvent) => boolean;
  /** Applies what the destination's privacy reduces further. */
  readonly reduce: (event: CanonicalEvent) => CanonicalEvent;
  /** The host that the tenant's map names for the user of an entry of the log, if the destination may know it. */
  readonly mappedHost: (stored: CanonicalEvent) => string | undefined;
  /** An opaque key of whom an entry of the log is about. */
  readonly userKey: (stored: CanonicalEvent) => string | undefined;
}

export type Opened = Result<OpenLane, Extract<Outcome, { kind: 'blocked' }>>;

export interface LaneParts {
  readonly name: string;
  readonly log: EventLog;
  readonly store: LaneStore;
  readonly io: RelayIo;
  readonly tenant: () => string;
  /** Whether the lane's destination is configured and enabled. */
  readonly isEnabled: () => boolean;
  /** What the lane wants as configured now. */
  readonly filter: () => Filter;
  /** Opens the destination as configured now. */
  readonly open: () => Promise<Opened>;
  /** What the lane remembers for its channel. */
  readonly memory: ChannelMemory;
  /** Tokens and rates that the tenant's lanes share. */
  readonly accounts: ApiAccounts;
  /** What users did before the entries at hand. */
  readonly userDays: Pick<UserDays, 'before'>;
  /** Requests that this lane may have under way, given what else runs. */
  readonly share: () => number;
  /** One slot for each probe that all lanes of the tenant may have under way together. */
  readonly probeSlots: Semaphore;
  readonly requestsPerSlice: () => number;
  readonly timeouts: () => Timeouts;
  /** Of what is delivered, one in so many events is logged. */
  readonly logOneIn: number;
  /** Leaves a wake-up in the queue for a wait that is not slept. */
  readonly leaveWakeup: (lane: string, waitMs: number) => void;
  /** Notes what a rule has done through the lane. Throws when storage does. */
  readonly audit: (action: AuditAction, detail: AuditDetail) => void;
  /** Tells the operator. Never throws. */
  readonly notify: (occurrence: Occurrence) => void;
  /** Asks for a fresh invocation: the slice of this one is used up. */
  readonly askForSlice: () => void;
}

/** What a run needs of its lane. */
export interface RunningLane {
  readonly name: string;
  readonly parts: LaneParts;
  readonly state: LaneState;
  /** The destination as opened since the last config change, if it is. */
  readonly opened: OpenLane | undefined;
  /** Counts config changes. */
  readonly revision: number;
  /** Whether the cursor in memory is far ahead of the written one. */
  readonly isFarAhead: boolean;
  /** Whether a run still counts, or another one has taken its place. */
  isCurrent(generation: number): boolean;
  /** Only what moves the lane renews its lease. */
  renewLease(): void;
  /** The next state, in memory. */
  change(state: LaneState): void;
  /** Writes the row, with what the same group left behind. */
  write(changes?: LaneChanges): void;
  /** Remembers by which filter the log is read on from the cursor. Writes only when that is another one than before. */
  noteFilter(): void;
  /** Resolves when new events arrive or the config changes. */
  poked(): Promise<void>;
  /** Opens the destination; undefined when the config changed meanwhile. */
  open(): Promise<Opened | undefined>;
}
