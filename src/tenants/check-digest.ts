/** Whether a digest's time zone is one, and its one spelling. Pure: it reads the platform's own list of zones. */

import type { ConfigFault } from '../domain/fault.ts';
import type { DigestConfig } from '../domain/digest-config.ts';
import { nearestWord } from '../lib/nearest.ts';

/** An offset is no zone: it knows no daylight saving. */
const OFFSET_PATTERN = /^(?:UTC|GMT)?[+-]/i;

/** The zone as the list spells it; what is no zone, as it was written. */
export function normaliseDigest(digest: DigestConfig): DigestConfig {
  const text = digest.time_zone.trim();
  return { ...digest, time_zone: zoneOf(text) ?? text };
}

export function digestFaults({ time_zone: written }: DigestConfig): ConfigFault[] {
  const text = written.trim();
  if (zoneOf(text) !== undefined) return [];
  const want = 'must be a time zone of the IANA list, such as Europe/Paris or UTC';
  const path = 'digest.time_zone';
  if (OFFSET_PATTERN.test(text))
    return [{ path, message: `${want}: an offset would ignore daylight saving` }];
  const meant = zoneMeant(text);
  return [{ path, message: meant === undefined ? want : `${want}: did you mean ${meant}?` }];
}

/** Undefined: there is no such zone. */
function zoneOf(text: string): string | undefined {
  if (text === '' || OFFSET_PATTERN.test(text)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions();
    // An older name is kept: the platform may know it by another one.
    return timeZone.toLowerCase() === text.toLowerCase() ? timeZone : text;
  } catch {
    return undefined;
  }
}

/** The zone of a city, or the one whose name is nearest. */
function zoneMeant(text: string): string | undefined {
  const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  const city = cityOf(text);
  return zones.find((zone) => cityOf(zone) === city) ?? nearestWord(text, zones);
}

function cityOf(zone: string): string {
  const words = zone.trim().toLowerCase().replaceAll(' ', '_');
  return words.slice(words.lastIndexOf('/') + 1);
}
