/** A tenant with something of everything that is stored of a person, and a look at all of its storage. */

import type { ExportItem, Subject } from '../../src/domain/rights.ts';
import { rowsOf } from './rules-for-test.ts';
import type { Tenant } from './tenant.ts';

/** Every row of every table that has one of some texts in it, by table. */
export async function rowsNaming(
  tenant: Tenant,
  texts: readonly string[],
): Promise<Record<string, string[]>> {
  const tables = await rowsOf<{ name: string }>(
    tenant,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
  );
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = (await rowsOf(tenant, `SELECT * FROM ${name}`)).map((row) => JSON.stringify(row));
    const naming = rows.filter((row) => texts.some((text) => row.includes(text)));
    if (naming.length > 0) found[name] = naming;
  }
  return found;
}

/** All pages of a person's export. */
export async function exported(tenant: Tenant, subject: Subject): Promise<ExportItem[]> {
  const items: ExportItem[] = [];
  let cursor: string | undefined;
  do {
    const answer = await tenant.inside(async (relay) =>
      relay.exportSubject({ v: 1, subject, ...(cursor !== undefined && { cursor }) }),
    );
    if (answer.kind !== 'page') throw new Error(`Cannot export: ${answer.kind}`);
    items.push(...answer.items);
    cursor = answer.next;
  } while (cursor !== undefined);
  return items;
}

/** How many of each kind. */
export function countsOf(items: readonly ExportItem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
