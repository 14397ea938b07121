/**
 * Takes the names of an event's own user and device out of its texts, where they are not to be kept.
 * Pure, and cheap where no text has one: one look at all of them.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { isShortName, namesIn, withoutNames } from '../domain/without-name.ts';

type Texts = Pick<
  CanonicalEvent,
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
    ...(detection && {
      detection: {
        ...detection,
        ruleName: withoutNames(detection.ruleName, found),
        title: withoutNames(detection.title, found),
      },
    }),
  };
}

function allTexts({ platform, policy, detection, ...event }: Texts): string {
  const { direction, sensor, interactionType, model, urlHost, classifications } = event;
  const names = [platform?.id, platform?.name, policy?.name, detection?.ruleName, detection?.title];
  return [...names, direction, sensor, interactionType, model, urlHost, ...classifications].join('\n');
}
