/**
 * What a rule found, and how it stands in the log: as an entry that the relay made, with a type of its own, beside the events that
 * Noxys sent. So it is de-duplicated, delivered, retried, reduced and erased like any of them.
 * Types and pure functions; no I/O, no clock.
 */

import type { CanonicalEvent } from './event.ts';
import type { Level } from './severity.ts';
import { platformName } from './platforms.ts';
import type { Verb } from './verbs.ts';

/** Of entries that no Noxys webhook can make: the parser never sets `detection`. */
export const DETECTION_TYPE = 'relay.detection';

/** Most event ids that a detection names. */
export const DETECTION_EVENT_IDS_MAX = 100;

/** What only a detection has. Who, where and what it is about stands in the entry itself. */
export interface DetectionFacts {
  readonly ruleId: string;
  readonly ruleName: string;
  /** For people: the name of a case. */
  readonly title: string;
  readonly level: Level;
  /** What the rule groups by, often the user: reduced like the user's id. Absent: it groups by nothing, or privacy took it. */
  readonly groupKey?: string;
  /** Ids of the platforms that it is about. */
  readonly platforms: readonly string[];
  /** Events that it counts, over so many seconds. */
  readonly count: number;
  readonly windowSeconds: number;
  /** ISO 8601 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** Of the events, newest last, DETECTION_EVENT_IDS_MAX at most. */
  readonly eventIds: readonly string[];
  /** What the rule asks for. Absent: what a detection usually causes (DEFAULT_RESPONSES). */
  readonly respond?: readonly Verb[];
  /** Recorded, and nothing is done. */
  readonly dryRun: boolean;
}

export interface Detection extends DetectionFacts {
  /** Stable, and names no person: it goes to every destination. */
  readonly id: string;
  readonly user?: CanonicalEvent['user'];
  readonly device?: CanonicalEvent['device'];
  readonly policy?: CanonicalEvent['policy'];
  /** Type names, without doubles. */
  readonly classifications: readonly string[];
}

/** The entry of the log that stands for a detection. */
export function detectionEvent(
  { id, user, device, policy, classifications, ...facts }: Detection,
  { tenant, receivedAt }: Pick<CanonicalEvent, 'tenant' | 'receivedAt'>,
): CanonicalEvent {
  const [platform] = facts.platforms;
  return {
    id,
    type: DETECTION_TYPE,
    occurredAt: facts.lastAt,
    receivedAt,
    tenant,
    ...(user && { user }),
    ...(device && { device }),
    ...(policy && { policy }),
    ...(platform !== undefined && { platform: { id: platform, name: platformName(platform) } }),
    severity: facts.level,
    classifications,
    classificationCount: classifications.length,
    faults: [],
    source: 'noxys',
    detection: facts,
  };
}
