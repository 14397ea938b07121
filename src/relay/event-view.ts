/**
 * A stored event as it is shown. Without its people unless they are asked for: users and devices are keys then, the host of a page
 * is left out, and a text that names somebody all the same is left out too.
 * Pure.
 */

import type { DetectionFacts } from '../domain/detection-facts.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { EventView } from '../domain/event-view.ts';
import { LEFT_OUT, localPartOf, shortNameOf } from '../domain/personal-fields.ts';
import type { LogEntry } from './log.ts';
import type { PersonKeys } from './person-keys.ts';

const EMAIL_PATTERN = /[^\s@]+@[^\s@]+\.[^\s@]+/u;
/** A shorter name is part of too many words. */
const NAME_LENGTH_MIN = 3;

export function eventView(
  { seq, event }: Pick<LogEntry, 'seq' | 'event'>,
  keys: PersonKeys,
  showsPersons: boolean,
): EventView {
  const { user, device, ...rest } = event;
  const userKey = user && keys.ofUser(user);
  const deviceKey = device && keys.ofDevice(device);
  const clean = cleanerOf(namesIn(event));
  return {
    seq,
    ...(showsPersons ? rest : withoutNames(rest, clean)),
    ...(event.detection &&
      !showsPersons && { detection: withoutPeople(event, event.detection, { userKey, deviceKey, clean }) }),
    ...(userKey !== undefined && { user: { key: userKey, ...(showsPersons && user) } }),
    ...(deviceKey !== undefined && { device: { key: deviceKey, ...(showsPersons && device) } }),
  };
}

function namesIn({ user, device }: CanonicalEvent): string[] {
  const { email = '' } = user ?? {};
  const { hostname = '' } = device ?? {};
  const names = [user?.id ?? '', email, device?.id ?? '', hostname];
  return [
    ...names.filter((name) => name.length >= NAME_LENGTH_MIN),
    ...localPartOf(email),
    ...shortNameOf(hostname),
  ].map((name) => name.toLowerCase());
}

/** A text, or what stands for it when it names somebody. */
type Clean = (text: string) => string;

function cleanerOf(names: readonly string[]): Clean {
  return (text) => {
    const folded = text.toLowerCase();
    return EMAIL_PATTERN.test(text) || names.some((name) => folded.includes(name)) ? LEFT_OUT : text;
  };
}

interface Shown {
  readonly userKey: string | undefined;
  readonly deviceKey: string | undefined;
  readonly clean: Clean;
}

/** What a rule groups by: by its keys, and in clear where it is known to be no name. Several values are joined by commas. */
function withoutPeople(
  { user, device, platform, policy, model, sensor, type }: CanonicalEvent,
  { groupKey, ...facts }: DetectionFacts,
  { userKey, deviceKey, clean }: Shown,
): DetectionFacts {
  const { causeId } = facts;
  const cleaned = {
    ...facts,
    eventIds: facts.eventIds.map(clean),
    ...(causeId !== undefined && { causeId: clean(causeId) }),
    platforms: facts.platforms.map(clean),
  };
  if (groupKey === undefined) return cleaned;
  const texts = [platform?.id, platform?.name, policy?.decision, policy?.name, model, sensor, type];
  const known = new Map<string | undefined, string | undefined>([
    ...texts.map((text) => [text, text && clean(text)] as const),
    [device?.id, deviceKey],
    [device?.hostname, deviceKey],
    [user?.id, userKey],
    [user?.email, userKey],
  ]);
  const shown = (value: string): string => known.get(value) ?? LEFT_OUT;
  return { ...cleaned, groupKey: known.get(groupKey) ?? groupKey.split(', ').map(shown).join(', ') };
}

type Nameless = Omit<CanonicalEvent, 'user' | 'device'>;

/** The fields that hold a text of somebody's own choice, checked. The type is one of those that the tenant's config names. */
function withoutNames({ urlHost: _urlHost, ...event }: Nameless, clean: Clean): Nameless {
  const { platform, policy, direction, sensor, interactionType, model, interactionId } = event;
  return {
    ...event,
    id: clean(event.id),
    ...(platform && { platform: { id: clean(platform.id), name: clean(platform.name) } }),
    ...(policy?.name !== undefined && { policy: { ...policy, name: clean(policy.name) } }),
    ...(direction !== undefined && { direction: clean(direction) }),
    ...(sensor !== undefined && { sensor: clean(sensor) }),
    ...(interactionType !== undefined && { interactionType: clean(interactionType) }),
    ...(model !== undefined && { model: clean(model) }),
    ...(interactionId !== undefined && { interactionId: clean(interactionId) }),
    classifications: event.classifications.map(clean),
  };
}
