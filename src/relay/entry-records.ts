/**
 * What a channel may ask of the tenant's own records about the entries that it is given. It knows them as its destination may see them;
 * the records are looked up for what stands in the log, and tell no more of a user, a device or a page than the entry does.
 */

import type { EntryRecords } from '../destinations/destination.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { DestinationConfig, PrivacyConfig, TenantConfig } from '../domain/tenant-config.ts';
import type { UserActivity } from '../domain/user-activity.ts';
import { isShortName, namesOfHost, namesOfUser, withoutNames } from '../domain/without-name.ts';
import { isOfPlatform } from '../ingest/minimise.ts';
import type { OpenLane } from './lane-parts.ts';
import type { LogEntry } from './log.ts';
import { PersonKeys } from './person-keys.ts';
import { type Tally, type UserDay, type UserDays, deviceKeys, ruleOf } from './user-days.ts';

/** Platforms, classifications and rules that are told of a day: the most frequent. */
const TOLD_MAX = 10;

type Entry = Pick<LogEntry, 'seq' | 'event'>;

/** The records about entries, by what the channel gets of each. */
export function entryRecords(
  stored: ReadonlyMap<CanonicalEvent, Entry>,
  { mappedHost, userKey }: Pick<OpenLane, 'mappedHost' | 'userKey'>,
  days: Pick<UserDays, 'before'>,
): EntryRecords {
  return {
    lastDay: async (event) => {
      const entry = stored.get(event);
      if (!entry || !event.user) return undefined;
      const day = await days.before(entry);
      return day && activityOf(day, { ...entry, told: event });
    },
    mappedHost: (event) => {
      const entry = stored.get(event);
      return entry && mappedHost(entry.event);
    },
    userKey: (event) => {
      const entry = stored.get(event);
      return entry && userKey(entry.event);
    },
  };
}

/** An entry as it is stored, and as the channel got it. */
interface Asked {
  readonly event: CanonicalEvent;
  readonly told: CanonicalEvent;
}

function activityOf(day: UserDay, { event, told }: Asked): UserActivity {
  const device = told.device && deviceKeys(event)[0];
  const byRule = withoutOne(day.byRule, ruleOf(event));
  const names = namesHidden({ event, told });
  const long = names.filter((name) => !isShortName(name));
  return {
    from: new Date(day.fromMs).toISOString(),
    to: new Date(day.toMs).toISOString(),
    events: day.events,
    byType: Object.fromEntries(day.byType),
    byDecision: Object.fromEntries(day.byDecision),
    byPlatform: mostOf(nameless(day.byPlatform, long)),
    byClassification: mostOf(nameless(day.byClassification, long)),
    ...(device !== undefined && { onDevice: day.byDevice.get(device) ?? 0 }),
    detections: [...byRule.values()].reduce((sum, count) => sum + count, 0),
    byRule: mostOf(nameless(byRule, names)),
    isComplete: day.isComplete,
  };
}

/** Of the stored user, device and page, those that the channel's entry does not have: its texts are without them, too. */
function namesHidden({ event: { user, device, urlHost, platform }, told }: Asked): readonly string[] {
  return [
    ...hidden(user?.id, told.user?.id).flatMap(namesOfUser),
    ...hidden(user?.email, told.user?.email).flatMap(namesOfUser),
    ...hidden(device?.id, told.device?.id).flatMap(namesOfHost),
    ...hidden(device?.hostname, told.device?.hostname).flatMap(namesOfHost),
    ...hidden(urlHost, told.urlHost).filter((host) => !isOfPlatform(host, platform)),
  ];
}

function hidden(stored: string | undefined, kept: string | undefined): readonly string[] {
  return stored === undefined || stored === kept ? [] : [stored];
}

/** With `…` for names that are hidden, as the entry's own texts have it. */
function nameless(tally: Tally, names: readonly string[]): Tally {
  if (names.length === 0) return tally;
  const clean = new Map<string, number>();
  for (const [text, count] of tally) {
    const shown = withoutNames(text, names);
    clean.set(shown, (clean.get(shown) ?? 0) + count);
  }
  return clean;
}

/** What came before the entry itself. */
function withoutOne(tally: Tally, name: string | undefined): Tally {
  const others = [...tally].map(([each, count]) => [each, each === name ? count - 1 : count] as const);
  return new Map(others.filter(([, count]) => count > 0));
}

function mostOf(tally: Tally): Record<string, number> {
  const sorted = [...tally].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, TOLD_MAX));
}

/** The host that a tenant's `device_map` names for a stored entry's user; none where the destination may not know devices. */
export function mappedHosts(
  { device_map: map, privacy }: Pick<TenantConfig, 'device_map' | 'privacy'>,
  destination: Pick<DestinationConfig, 'privacy'>,
): OpenLane['mappedHost'] {
  const isKept = privacy.device === 'keep' && (destination.privacy?.device ?? 'keep') === 'keep';
  if (!isKept) return () => undefined;
  const hosts = new Map(Object.entries(map).map(([user, host]) => [user.toLowerCase(), host]));
  return ({ user }) =>
    hosts.get(user?.id?.toLowerCase() ?? '') ?? hosts.get(user?.email?.toLowerCase() ?? '');
}

/** The tenant's pseudonym of a stored entry's user, else of what its detection is grouped by. */
export function userKeys(pseudonymKey: Uint8Array, privacy: PrivacyConfig): OpenLane['userKey'] {
  return ({ user, detection }) => {
    // New each time: it keeps the names that it was asked for.
    const keys = new PersonKeys(pseudonymKey, privacy);
    const group = detection?.groupKey;
    return (user && keys.ofUser(user)) ?? (group === undefined ? undefined : keys.ofUser({ id: group }));
  };
}
