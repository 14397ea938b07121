/**
 * Takes the names of an event's own user and device out of its texts, where they are not to be kept.
 * Pure, and cheap where no text has one: one look at all of them.
 */

import type { DetectionFacts } from '../domain/detection-facts.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { isShortName, namesIn, withoutNames } from '../domain/without-name.ts';

type Texts = Pick<
  CanonicalEvent,
  | 'user'
  | 'platform'
  | 'policy'
  | 'direction'
  | 'sensor'
  | 'interactionType'
  | 'model'
  | 'urlHost'
  | 'classifications'
  | 'detection'
>;

/**
 * The event with `…` for each of the names wherever a text of somebody's own choice holds one. Short names are looked for in what a
 * detection says alone: elsewhere they are too often a word of their own, such as `ai`.
 */
export function leaveOutNames<E extends Texts>(event: E, names: readonly string[]): E {
  if (names.length === 0) return event;
  const found = namesIn(allTexts(event), names);
  if (found.length === 0) return event;
  const long = found.filter((name) => !isShortName(name));
  const clean = (text: string): string => withoutNames(text, long);
  const { platform, policy, direction, sensor, interactionType, model, urlHost, classifications, detection } =
    event;
  return {
    ...event,
    ...(platform && { platform: { id: clean(platform.id), name: clean(platform.name) } }),
    ...(policy?.name !== undefined && { policy: { ...policy, name: clean(policy.name) } }),
    ...(direction !== undefined && { direction: clean(direction) }),
    ...(sensor !== undefined && { sensor: clean(sensor) }),
    ...(interactionType !== undefined && { interactionType: clean(interactionType) }),
    ...(model !== undefined && { model: clean(model) }),
    ...(urlHost !== undefined && { urlHost: clean(urlHost) }),
    classifications: classifications.map(clean),
    ...(detection && { detection: detectionWithout(detection, { found, clean, user: event.user }) }),
  };
}

interface LeftOut {
  readonly found: readonly string[];
  readonly clean: (text: string) => string;
  readonly user: CanonicalEvent['user'];
}

/** A group that is the user, as far as the user is told, stays. */
function detectionWithout(detection: DetectionFacts, { found, clean, user }: LeftOut): DetectionFacts {
  const { ruleName, title, platforms, groupKey, tags } = detection;
  const isUser = groupKey === user?.id;
  return {
    ...detection,
    ruleName: withoutNames(ruleName, found),
    title: withoutNames(title, found),
    platforms: [...new Set(platforms.map(clean))],
    ...(groupKey !== undefined && { groupKey: isUser ? groupKey : clean(groupKey) }),
    ...(tags && { tags: tags.map((tag) => withoutNames(tag, found)) }),
  };
}

function allTexts({ platform, policy, detection, ...event }: Texts): string {
  const { direction, sensor, interactionType, model, urlHost, classifications } = event;
  const names = [
    platform?.id,
    platform?.name,
    policy?.name,
    direction,
    sensor,
    interactionType,
    model,
    urlHost,
  ];
  const { ruleName, title, groupKey, platforms = [], tags = [] } = detection ?? {};
  return [...names, ruleName, title, groupKey, ...platforms, ...tags, ...classifications].join('\n');
}
