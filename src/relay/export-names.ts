/**
 * What the sealed map holds of one person, opened for their export, which is audited with their keys. Knows no other name than those
 * behind the keys that it is given; writes nothing.
 */

import type { UserName } from '../domain/event-view.ts';
import { PSEUDONYM_MAP_PURPOSE, readName } from '../domain/pseudonym-map.ts';
import type { ExportItem } from '../domain/rights.ts';
import type { Database } from '../lib/database.ts';
import { logEvent } from '../lib/log.ts';
import type { Sealer } from '../lib/seal.ts';

export type NamesByKey = ReadonlyMap<string, UserName>;

/** A name whose seal does not open is left out, and logged. */
export async function openNames(
  db: Database,
  sealer: Sealer,
  { tenant, keys }: { readonly tenant: string; readonly keys: readonly string[] },
): Promise<NamesByKey> {
  const names = new Map<string, UserName>();
  for (const key of keys) {
    const row = db.first<{ sealed: string }>('SELECT sealed FROM pseudonyms WHERE key = ?', key);
    if (!row) continue;
    const opened = await sealer.open(row.sealed, { tenant, purpose: PSEUDONYM_MAP_PURPOSE });
    const name = opened.ok ? readName(opened.value, key) : undefined;
    if (name) names.set(key, name);
    else {
      const reason = opened.ok ? 'another_key' : opened.error.kind;
      logEvent('error', 'pseudonym_map.unopened', { tenant, key, reason });
    }
  }
  return names;
}

/** Those that the map still holds: they may have been erased while they were opened. */
export function* nameItems(db: Database, names: NamesByKey): Generator<ExportItem> {
  for (const [key, name] of names) {
    if (!db.first('SELECT 1 FROM pseudonyms WHERE key = ?', key)) continue;
    yield 'id' in name
      ? { kind: 'name', key, user_id: name.id }
      : { kind: 'name', key, user_email: name.email };
  }
}
