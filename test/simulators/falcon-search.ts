/**
 * What Falcon's search calls share: filter, sort, limit and offset, and how each API takes a field that it does not know.
 * Pure. Source of the limits: the OpenAPI of gofalcon and falconpy; of the unknown fields: falcon-mcp tests/integration.
 */

import { matchesFql, readerOf, type FieldReader } from './falcon-fql-match.ts';
import { parseFql, termsOf, type FqlTerm } from './falcon-fql.ts';

export interface SearchRules {
  readonly fields: ReadonlySet<string>;
  /** IOC search answers an unknown field with an empty 200; hosts, workflows and (our choice) cases and alerts with 400. */
  readonly unknownField: 'is_refused' | 'finds_nothing';
  readonly limitDefault: number;
  readonly limitMax: number;
  /** Such as `created_timestamp.desc`. */
  readonly sortDefault: string;
  /** Workflow searches take `field.desc` alone. */
  readonly isPipeSortRefused?: true;
  /** Offset and limit together reach no further. */
  readonly windowMax?: number;
  /** Why a term is refused, if it is. */
  readonly refuseTerm?: (term: FqlTerm) => string | undefined;
  /** Where a field is not simply a member of the record. */
  readonly reader?: (record: object) => FieldReader;
}

export interface Paging {
  readonly limit: number;
  readonly offset: number;
  readonly total: number;
}

export type SearchResult<T> =
  { readonly found: readonly T[]; readonly paging: Paging } | { readonly fault: string };

export function search<T extends object>(
  records: readonly T[],
  query: URLSearchParams,
  rules: SearchRules,
  nowMs: number,
): SearchResult<T> {
  const limit = wholeNumber(query.get('limit'), rules.limitDefault);
  const offset = wholeNumber(query.get('offset'), 0);
  if (limit === undefined || limit > rules.limitMax) {
    return { fault: `limit must be between 0 and ${rules.limitMax}` };
  }
  if (offset === undefined) return { fault: 'offset must be a number' };
  if (rules.windowMax !== undefined && offset + limit > rules.windowMax) {
    return { fault: `offset and limit must not exceed ${rules.windowMax} together` };
  }
  const matching = filterRecords(records, query.get('filter') ?? '', rules, nowMs);
  if ('fault' in matching) return matching;
  const sort = query.get('sort') ?? rules.sortDefault;
  if (rules.isPipeSortRefused === true && sort.includes('|')) return { fault: 'invalid sort expression' };
  const sorted = sortRecords(matching.found, sort, rules);
  const paging = { limit, offset, total: sorted.length };
  return { found: sorted.slice(offset, offset + limit), paging };
}

/** The records that match, in their own order. */
export function filterRecords<T extends object>(
  records: readonly T[],
  text: string,
  rules: SearchRules,
  nowMs: number,
): { readonly found: readonly T[] } | { readonly fault: string } {
  const read = parseFql(text);
  if ('fault' in read) return read;
  for (const term of termsOf(read.filter)) {
    const fault = rules.refuseTerm?.(term);
    if (fault !== undefined) return { fault };
    if (rules.fields.has(term.field)) continue;
    if (rules.unknownField === 'is_refused') return { fault: `invalid filter: unknown field ${term.field}` };
    return { found: [] };
  }
  const readerFor = rules.reader ?? readerOf;
  return { found: records.filter((record) => matchesFql(read.filter, readerFor(record), nowMs)) };
}

/** An unknown field leaves the order as it is: the vendor falls back to its default. */
function sortRecords<T extends object>(records: readonly T[], sort: string, rules: SearchRules): T[] {
  const [, field = '', direction] = /^([\w.]+?)(?:[.|](asc|desc))?$/.exec(sort) ?? [];
  const sign = direction === 'desc' ? -1 : 1;
  const readerFor = rules.reader ?? readerOf;
  const key = (record: T) => readerFor(record)(field);
  return records.toSorted((a, b) => sign * order(key(a), key(b)));
}

function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [a, b].map((value) => (typeof value === 'string' ? value : '')) as [string, string];
  return left < right ? -1 : Number(left > right);
}

function wholeNumber(text: string | null, otherwise: number): number | undefined {
  if (text === null) return otherwise;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
