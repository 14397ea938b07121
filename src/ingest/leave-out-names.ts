/**
 * Takes the names of an event's own user and device out of its texts, where they are not to be kept.
 * Pure, and cheap where no text has one: one look at all of them.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { withoutName } from '../domain/without-name.ts';

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

/** The event with `…` for each of the names, in any case, wherever a text of somebody's own choice holds one. */
export function leaveOutNames<E extends Texts>(event: E, names: readonly string[]): E {
  if (names.length === 0) return event;
  const all = allTexts(event);
  const found = names.map((name) => name.toLowerCase()).filter((name) => all.includes(name));
  if (found.length === 0) return event;
  // The address before what stands before its @.
  const folded = found.toSorted((a, b) => b.length - a.length);
  const clean = (text: string): string => folded.reduce(withoutName, text);
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
        ruleName: clean(detection.ruleName),
        title: clean(detection.title),
      },
    }),
  };
}

function allTexts({ platform, policy, detection, ...event }: Texts): string {
  const { direction, sensor, interactionType, model, urlHost, classifications } = event;
  const names = [platform?.id, platform?.name, policy?.name, detection?.ruleName, detection?.title];
  return [...names, direction, sensor, interactionType, model, urlHost, ...classifications]
    .join('\n')
    .toLowerCase();
}
