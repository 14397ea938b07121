/**
 * What of the log a lane is for: what its channel takes, and of that, what its destination's own filter lets through.
 * Stored with a lane's history, so data only. Pure.
 */

import { DEFAULT_RESPONSES, type Verb } from './verbs.ts';
import type { DetectionFacts } from './detection-facts.ts';
import { DIGEST_TYPE } from './digest.ts';
import type { CanonicalEvent } from './event.ts';
import { NOTICE_TYPE } from './notice.ts';
import { type Level, isAtLeast } from './severity.ts';
import { DETECTION_JUDGED_TYPE } from './verdict.ts';

/** What a channel takes. Absent parts: nothing of that kind. */
export interface Takes {
  /** Noxys' events: all of them, or those of a level and above. */
  readonly events?: 'all' | Level;
  /** Detections: all of them, or those whose rule asks for a verb. */
  readonly detections?: 'all' | Verb;
  /** Of those, the ones of this level and above. Absent: of any level. */
  readonly detectionsAtOrAbove?: Level;
  /** Entries of one type that the relay makes for its own lanes. */
  readonly control?: string;
  /** Notices, but those about this lane: the taker's own. */
  readonly noticesBut?: string;
  readonly digests?: true;
}

/** Of a lane whose stored history tells nothing else. */
export const TAKES_EVENTS: Takes = { events: 'all' };

/** The config has other indicators or endpoint rules than before: their lanes bring the destination in line. */
export const INDICATORS_CHANGED_TYPE = 'relay.indicators_changed';
/** Of entries that tell people what the relay itself has to say. */
export const TELLING_TYPES: readonly string[] = [NOTICE_TYPE, DIGEST_TYPE];
/** Of entries that the relay makes for its own lanes. */
export const CONTROL_TYPES: readonly string[] = [
  INDICATORS_CHANGED_TYPE,
  DETECTION_JUDGED_TYPE,
  ...TELLING_TYPES,
];

/** Whether a channel takes an entry, whatever its destination's filter says. A detection of a dry run is taken by none. */
export function isTaken(takes: Takes, event: CanonicalEvent): boolean {
  const { detection, notice, digest, judged } = event;
  if (judged) return event.type === takes.control;
  if (detection) return isDetectionTaken(takes, detection);
  if (notice) return takes.noticesBut !== undefined && notice.lane !== takes.noticesBut;
  if (digest) return takes.digests === true;
  if (isControl(event)) return event.type === takes.control;
  const { events } = takes;
  if (events === undefined) return false;
  return events === 'all' || isAtLeast(event.severity ?? 'informational', events);
}

function isDetectionTaken(
  { detections, detectionsAtOrAbove: least }: Takes,
  { dryRun, respond, level }: DetectionFacts,
): boolean {
  if (detections === undefined || dryRun || (least && !isAtLeast(level, least))) return false;
  return detections === 'all' || (respond ?? DEFAULT_RESPONSES).includes(detections);
}

/** Whether the relay made the entry to tell its own lanes something: operators' views of events do not show it. */
export function isControl({ type }: Pick<CanonicalEvent, 'type'>): boolean {
  return CONTROL_TYPES.includes(type);
}

/** Whether all of some entries are notices and digests. */
export function areTellings(entries: readonly Pick<CanonicalEvent, 'type'>[]): boolean {
  return entries.every(({ type }) => TELLING_TYPES.includes(type));
}

/** Whether Noxys sent it. Destinations' own filters and the counts of activity are about these alone. */
export function isFromNoxys(event: CanonicalEvent): boolean {
  return event.detection === undefined && !isControl(event);
}
