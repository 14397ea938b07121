/**
 * What a rule found, and how it stands in the log: as an entry that the relay made, with a type of its own, beside the events that
 * Noxys sent. So it is de-duplicated, delivered, retried, reduced and erased like any of them.
 * Types and pure functions; no I/O, no clock.
 */

import type { CanonicalEvent } from './event.ts';
import type { DetectionFacts } from './detection-facts.ts';
import { platformName } from './platforms.ts';

/** Of entries that no Noxys webhook can make: the parser never sets `detection`. */
export const DETECTION_TYPE = 'relay.detection';

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
