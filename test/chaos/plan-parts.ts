/** What plans are made of: types, names, and the randomness of a part. Pure. */

import type { Residency } from '../../src/domain/tenant-config.ts';
import { type Random, seededRandom, unitFromText } from '../simulators/random.ts';
import type { ChaosOptions } from './options.ts';

/** `spare` is a second HarfangLab manager, which comes and goes. */
export const DESTINATIONS = ['edr', 'falcon', 'spare'] as const;
export type DestinationName = (typeof DESTINATIONS)[number];

export const FAULT_KINDS = [
  '503',
  'outage', // every request is answered 503
  '429 Retry-After',
  '429 epoch seconds',
  '429 epoch milliseconds',
  'answer withheld',
  'closed before reading',
  'closed after reading',
  '200 with HTML',
  '500 with garbage',
  '401', // the vendor revoked the token
  'slow',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface PlannedEvent {
  readonly id: string;
  readonly type: string;
}

export interface PlannedWebhook {
  readonly atMs: number;
  readonly events: readonly PlannedEvent[];
  /** Sent once more after its 202. */
  readonly isRepeated: boolean;
}

/** An event that one destination never takes. */
export interface SpoiltEvent {
  readonly tenant: string;
  readonly destination: DestinationName;
  readonly id: string;
  readonly status: 400 | 500;
}

export interface PlannedTenant {
  readonly id: string;
  readonly hasSpare: boolean;
  /** An EU tenant in a global deployment has no OVERFLOW: its sender gets a 503. */
  readonly residency: Residency;
  readonly limits: { readonly events_per_minute: number; readonly burst: number };
  /** Sends faster than its limits let through. */
  readonly isLimited: boolean;
  readonly webhooks: readonly PlannedWebhook[];
}

export type ConfigChange =
  'disable' | 'enable' | 'remove' | 'add' | 'narrow filter' | 'widen filter' | 'rotate token';

export type Action = { readonly atMs: number } & (
  | {
      readonly kind: 'fault';
      readonly tenant: string;
      readonly destination: DestinationName;
      readonly fault: FaultKind;
      readonly forMs: number;
      readonly seed: number;
      /** For a 429. */
      readonly waitSeconds: number;
    }
  | { readonly kind: 'kill'; readonly downMs: number }
  | { readonly kind: 'abort'; readonly tenant: string }
  | { readonly kind: 'accept faults'; readonly share: number }
  | { readonly kind: 'stray wake-up'; readonly tenant: string }
  | {
      readonly kind: 'config';
      readonly change: ConfigChange;
      readonly tenant: string;
      readonly destination: DestinationName;
    }
);

export interface Plan {
  readonly options: ChaosOptions;
  readonly loadMs: number;
  readonly tenants: readonly PlannedTenant[];
  readonly spoilt: readonly SpoiltEvent[];
  /** By time. */
  readonly actions: readonly Action[];
  /** Two plans with the same one are the same. */
  readonly fingerprint: string;
}

/** A generator of its own for each part of the plan: a change of one part leaves the others as they are. */
export function partOf(seed: number, part: string): Random {
  return seededRandom(Math.floor(unitFromText(seed, part) * 2 ** 32));
}
