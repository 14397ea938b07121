/** All that is stored of a person, page after page, each item as it comes: a person may have more than memory. */

import { isRecord } from '../../src/lib/record.ts';
import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { ExportItem, ExportPage } from '../api-types.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { goesInCircles } from '../pages.ts';
import type { UserBody } from '../user-option.ts';

const WHAT = 'export what is stored';

/** Pages until the last one. Throws where one does not come, so that no part is taken for the whole. */
export async function* exportPages(
  api: ApiClient,
  tenant: string,
  subject: UserBody,
): AsyncGenerator<readonly ExportItem[]> {
  const seen = new Set<string>();
  for (let cursor: string | undefined; ;) {
    const { items, next } = await api.ask<ExportPage>(WHAT, {
      method: 'POST',
      shape: SHAPES.exportPage,
      path: tenantPath(tenant, 'export'),
      body: { ...subject, ...(cursor === undefined ? {} : { cursor }) },
      // It reads, and has a body because no URL holds a person.
      isRepeatable: true,
    });
    if (!items.every(isItem)) throw notOfARelay('has an item of no kind');
    yield items;
    if (next === undefined) return;
    if (typeof next !== 'string') throw notOfARelay('does not say where the next page begins');
    if (seen.has(next)) throw goesInCircles(WHAT);
    seen.add(next);
    cursor = next;
  }
}

/** Of a kind, which may be one that is newer than the command line. */
function isItem(item: unknown): boolean {
  return isRecord(item) && typeof item['kind'] === 'string';
}

function notOfARelay(why: string): CliFailure {
  return new CliFailure(EXIT.unreachable, 'not_a_relay', `Can't ${WHAT}: the answer ${why}.`);
}
