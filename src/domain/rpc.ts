/**
 * What Worker and tenant object say to each other. During a deploy the two may be of different versions,
 * so every argument carries `v`, and a receiver refuses a version that it does not know.
 * Types only.
 */

import type { CanonicalEvent } from './event.ts';
import type { BlockedReason } from './outcome.ts';
import type { SealedTenantConfig } from './tenant-config.ts';

export interface AcceptRequest {
  readonly v: 1;
  /** At least 1, at most 100. */
  readonly events: readonly CanonicalEvent[];
}

export type AcceptAnswer =
  /** Durable: what is counted here survives a kill of the runtime. */
  | { readonly kind: 'accepted'; readonly accepted: number; readonly duplicates: number }
  | { readonly kind: 'rate_limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export type UnavailableReason = 'object_fault' | 'space_exhausted' | 'unknown_version';

export interface ConfigureRequest {
  readonly v: 1;
  readonly config: SealedTenantConfig;
  /** The version that the writer read; null = the tenant must not exist yet. */
  readonly expectedVersion: number | null;
}

export type ConfigureAnswer =
  | { readonly kind: 'saved'; readonly version: number; readonly isPublished: boolean }
  | { readonly kind: 'version_conflict'; readonly version: number | null }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason };

export interface StoredConfig {
  readonly version: number;
  /** ISO 8601 UTC. */
  readonly savedAt: string;
  readonly config: SealedTenantConfig;
}

export interface DrainRequest {
  readonly v: 1;
  /** The lane's name, or `*` for every lane that is due. */
  readonly lane: string;
}

export type DrainAnswer = { readonly kind: 'started' | 'nothing_due' | 'unknown_tenant' | 'unavailable' };

/** One lane as an operator sees it. */
export interface LaneView {
  readonly lane: string;
  readonly state: 'idle' | 'running' | 'waiting' | 'blocked' | 'disabled' | 'removed';
  /** Events not yet settled, wanted or not: an upper bound. */
  readonly undelivered: number;
  readonly delivered: number;
  readonly deadLettered: number;
  /** Gone with their period before they were delivered. */
  readonly expired: number;
  /** Given up because the destination was removed from the config. */
  readonly discarded: number;
  /** Failures in a row. */
  readonly tries: number;
  readonly blocked?: { readonly reason: BlockedReason; readonly detail: string; readonly since: string };
  readonly lastFailure?: { readonly reason: string; readonly detail: string; readonly at: string };
  /** When the lane tries again. */
  readonly due?: string;
  readonly lastDeliveredAt?: string;
}

export interface DeadLetterView {
  readonly id: number;
  readonly lane: string;
  readonly eventId: string;
  readonly eventType: string;
  /** HTTP status of the refusal. */
  readonly status: number;
  /** Capped excerpt of the answer. */
  readonly excerpt: string;
  readonly attempts: number;
  readonly at: string;
}

/** What TenantRelay offers over RPC. Declared here for the layers that call it. */
export interface TenantRelayRpc {
  accept(request: AcceptRequest): Promise<AcceptAnswer>;
  configure(request: ConfigureRequest): Promise<ConfigureAnswer>;
  readConfig(): Promise<StoredConfig | null>;
  drain(request: DrainRequest): Promise<DrainAnswer>;
  lanes(): Promise<LaneView[]>;
  deadLetters(page: { readonly before?: number; readonly limit: number }): Promise<DeadLetterView[]>;
}
