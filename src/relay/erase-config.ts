/**
 * What of a tenant's config names one person: what the relay takes out of it, and what only who wrote it can mend. And which records
 * name them that nobody may change. Writes nothing.
 */

import { formatPath } from '../domain/config-faults.ts';
import type { Remaining } from '../domain/rights.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { ErasedPerson } from './erased-person.ts';

const REMAINING_MAX = 100;
const MEND = 'It was written there by hand: take the name out of the config, and save it.';
/** Sealed, the relay's own, or taken out already. */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  'pseudonym_key',
  'device_map',
  'webhook',
  'id',
  'residency',
]);

/** The config without the person's entries in its map of devices, and how many these were. */
export function withoutDevices(
  config: SealedTenantConfig,
  person: ErasedPerson,
): { readonly config: SealedTenantConfig; readonly devices: number } {
  const entries = Object.entries(config.device_map);
  const left = entries.filter(([user]) => !person.isNameInAnyCase(user));
  return {
    config: { ...config, device_map: Object.fromEntries(left) },
    devices: entries.length - left.length,
  };
}

/** Where a config still names the person. */
export function namedIn(config: SealedTenantConfig, person: ErasedPerson): readonly Remaining[] {
  const paths = new Set<string>();
  const look = (value: unknown, path: readonly (string | number)[]): void => {
    if (typeof value === 'string') {
      if (person.isNameInAnyCase(value) || person.finder.isIn(value)) paths.add(shownPath(path, person));
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, held] of Object.entries(value)) {
      if (path.length === 0 && NOT_WRITTEN.has(key)) continue;
      const step = Array.isArray(value) ? Number(key) : key;
      if (typeof step === 'string' && person.finder.isIn(step)) paths.add(shownPath([...path, step], person));
      look(held, [...path, step]);
    }
  };
  look(config, []);
  return [...paths].slice(0, REMAINING_MAX).map((path) => ({ path, mend: MEND }));
}

function shownPath(path: readonly (string | number)[], { finder }: ErasedPerson): string {
  return finder.without(formatPath(path));
}

/** Records that are never changed, or held. */
export function namedInRecords(db: Database, { rawFinder }: ErasedPerson): readonly Remaining[] {
  const anyIn = (sql: string): boolean => {
    for (const { text } of db.each<{ text: string | null }>(sql))
      if (text !== null && rawFinder.isIn(text)) return true;
    return false;
  };
  const audit =
    'The audit is never changed: it goes with its retention. Who acts is named there, and their reason.';
  const reasons = db.all<{ id: number; detail: string }>('SELECT id, detail FROM legal_holds');
  return [
    ...(anyIn("SELECT actor || ' ' || coalesce(reason, '') AS text FROM audit")
      ? [{ path: 'audit', mend: audit }]
      : []),
    ...(anyIn("SELECT actor || ' ' || coalesce(reason, '') AS text FROM rule_changes")
      ? [{ path: 'rules/changes', mend: audit }]
      : []),
    ...reasons.filter(({ detail }) => rawFinder.isIn(detail)).map(({ id }) => heldBy(id)),
  ];
}

/** What a hold keeps. */
export function heldBy(hold: number): Remaining {
  return { path: `holds[${hold}]`, mend: 'It is under a legal hold: lift it, and erase again.' };
}

/** Each place once. */
export function placesOf(remaining: readonly Remaining[]): readonly Remaining[] {
  return [...new Map(remaining.map((place) => [place.path, place])).values()];
}
