/** Pages of what the tenant's object lists newest first: `limit` entries below the id `before`. */

import type { Readers } from './fields.ts';
import { wholeNumber } from './values.ts';

const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;

export interface Page {
  readonly before?: number;
  readonly limit: number;
}

/** The parameters of a page, beside those of a route's own. */
export const PAGE_READERS: Readers<Page> = {
  before: wholeNumber('must be the nextBefore of a page'),
  limit: wholeNumber(`must be from 1 to ${PAGE_MAX}`, { min: 1, max: PAGE_MAX }),
};

/** What is asked when the request names no limit. */
export const FIRST_PAGE = { limit: PAGE_DEFAULT } as const;

/** Where the next page begins, as a field of the answer; none after a page that is not full. */
export function nextBefore(
  entries: readonly { readonly id: number }[],
  { limit }: Page,
): { readonly nextBefore?: number } {
  const last = entries.length === limit ? entries.at(-1) : undefined;
  return last ? { nextBefore: last.id } : {};
}
