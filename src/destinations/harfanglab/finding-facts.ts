/** What incidents, alerts and comments tell of an entry, whatever the language. Pure. Tells no more than the entry, which is reduced already. */

import type { CanonicalEvent } from '../../domain/event.ts';
import { platformName } from '../../domain/platforms.ts';
import { type Level, levelOfEvent } from '../../domain/severity.ts';

export interface NamedPlatform {
  readonly id: string;
  readonly name: string;
}

export interface Span {
  /** ISO 8601 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
}

export function levelOf(event: CanonicalEvent): Level {
  return event.detection?.level ?? event.severity ?? levelOfEvent(event);
}

/** With the relay's own names where it has them. */
export function platformsOf({ detection, platform }: CanonicalEvent): readonly NamedPlatform[] {
  const ids = detection?.platforms ?? (platform ? [platform.id] : []);
  return ids.map((id) => {
    const known = platformName(id);
    return { id, name: known === id && platform?.id === id ? platform.name : known };
  });
}

export function spanOf({ detection, occurredAt }: CanonicalEvent): Span {
  return detection ?? { firstAt: occurredAt, lastAt: occurredAt };
}
