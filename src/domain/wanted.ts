/**
 * What of the log a lane is for: what its channel takes, and of that, what its destination's own filter lets through.
 * Stored with a lane's history, so data only. Pure.
 */

import { DEFAULT_RESPONSES, type Verb } from './verbs.ts';
import type { CanonicalEvent } from './event.ts';
import { type Level, isAtLeast } from './severity.ts';

/** What a channel takes. Absent parts: nothing of that kind. */
export interface Takes {
  /** Noxys' events: all of them, or those of a level and above. */
  readonly events?: 'all' | Level;
  /** Detections: all of them, or those whose rule asks for a verb. */
  readonly detections?: 'all' | Verb;
  /** Entries of one type that the relay makes for its own lanes. */
  readonly control?: string;
}

/** Of a lane whose stored history tells nothing else. */
export const TAKES_EVENTS: Takes = { events: 'all' };

/** The config has other indicators than before: their lanes bring the destination in line. */
export const INDICATORS_CHANGED_TYPE = 'relay.indicators_changed';
/** Of entries that the relay makes for its own lanes. */
export const CONTROL_TYPES: readonly string[] = [INDICATORS_CHANGED_TYPE];

/** Whether a channel takes an entry, whatever its destination's filter says. A detection of a dry run is taken by none. */
export function isTaken({ events, detections, control }: Takes, event: CanonicalEvent): boolean {
  const { detection } = event;
  if (detection) {
    if (detections === undefined || detection.dryRun) return false;
    return detections === 'all' || (detection.respond ?? DEFAULT_RESPONSES).includes(detections);
  }
  if (isControl(event)) return event.type === control;
  if (events === undefined) return false;
  return events === 'all' || isAtLeast(event.severity ?? 'informational', events);
}

/** Whether the relay made the entry to tell its own lanes something: it is shown to nobody and sent nowhere. */
export function isControl({ type }: Pick<CanonicalEvent, 'type'>): boolean {
  return CONTROL_TYPES.includes(type);
}

/** Whether Noxys sent it. Destinations' own filters and the counts of activity are about these alone. */
export function isFromNoxys(event: CanonicalEvent): boolean {
  return event.detection === undefined && !isControl(event);
}
