/**
 * What is said of a lane that has an event behind it, or does not take it: each channel in its own words. Pure.
 * A channel settles what needs no request of its own, too: never says that something was sent where it may not have been.
 */

import type { ChannelKind } from '../destinations/destination.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { isAtLeast } from '../domain/severity.ts';
import type { Takes } from '../domain/wanted.ts';

const TAKEN = 'The destination took it.';
const IN_LINE = 'The destination was brought in line, with what it asks for.';

/** Of channels that settle some without a request. */
const SETTLED: Readonly<Partial<Record<ChannelKind, string>>> = {
  messages:
    'It was told, or counted with others of its kind (messages.quiet_minutes, messages.per_hour_max).',
  cases: "It has a case: its own, its group's, or the storm case when more than cases.per_hour_max were due.",
  containment: 'Its host was isolated: by it, by another detection or by somebody else.',
  comments: 'A threat of its host has a comment on it, or there was no such threat.',
  indicators: IN_LINE,
  rules: IN_LINE,
};

/** Why an event counts as delivered. `lane`: the destination's name and the channel's kind. */
export function deliveredWords(lane: string, { detection }: CanonicalEvent): string {
  const kind = lane.slice(lane.indexOf('/') + 1);
  if (kind === 'incidents' && !detection)
    return "It has an incident: its own, or its group's of the last 24 h, which covers it.";
  const words: Readonly<Record<string, string | undefined>> = SETTLED;
  return words[kind] ?? TAKEN;
}

/** Why a channel takes no part of an entry that it is not for. */
export function notTakenWords(takes: Takes, { detection }: CanonicalEvent): string {
  const { events, detections, detectionsAtOrAbove: least } = takes;
  if (detection?.dryRun) return 'It is a detection of a rule that runs dry: nothing is done for it.';
  if (detection && detections !== undefined && least && !isAtLeast(detection.level, least)) {
    const setting = detections === 'notify' ? ' (messages.at_once_at_or_above)' : '';
    return `It is below ${least}, from where on this lane takes detections${setting}.`;
  }
  if (detection && detections !== undefined) return `Its rule does not ask for ${detections}.`;
  if (!detection && events !== undefined)
    return `It is below ${events}, from where on this lane takes events (events_at_or_above).`;
  return `This lane takes ${listed(takenBy(takes))}, and no ${detection ? 'detections' : 'events'}.`;
}

function takenBy({ events, detections, control, noticesBut, digests }: Takes): string[] {
  return [
    ...(events === undefined ? [] : ['events']),
    ...(detections === undefined ? [] : ['detections']),
    ...(noticesBut === undefined ? [] : ['notices']),
    ...(digests ? ['digests'] : []),
    ...(control === undefined ? [] : ['changes of the config']),
  ];
}

function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? 'nothing';
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${last}` : last;
}
