/** Lists that come newest first in pages, each of which names where the next begins. */

import type { ApiClient } from './api-client.ts';
import { EXIT } from './exit-codes.ts';
import { CliFailure } from './failure.ts';

const PAGE_MAX = 200;

export interface PageRequest {
  /** Such as `list the notices`. */
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Member of the answer that holds the entries. */
  readonly member: string;
  /** Entries wanted in all. */
  readonly limit: number;
  readonly before?: number | undefined;
}

export interface Paged<T> {
  readonly entries: readonly T[];
  /** Where what was not read begins. */
  readonly nextBefore?: number;
}

/** As many entries as are wanted, from as many pages as it takes. */
export async function readPages<T>(api: ApiClient, request: PageRequest): Promise<Paged<T>> {
  const { what, path, query = {}, member, limit } = request;
  const entries: T[] = [];
  let { before } = request;
  do {
    const page = await api.ask<Record<string, unknown>>(what, {
      method: 'GET',
      shape: { [member]: 'list' },
      path,
      query: { ...query, limit: Math.min(PAGE_MAX, limit - entries.length), before },
    });
    const list = page[member];
    if (Array.isArray(list)) entries.push(...(list as T[]));
    const next = typeof page['nextBefore'] === 'number' ? page['nextBefore'] : undefined;
    if (next !== undefined && before !== undefined && next >= before) throw goesInCircles(what);
    before = next;
  } while (before !== undefined && entries.length < limit);
  return { entries, ...(before === undefined ? {} : { nextBefore: before }) };
}

/** A page that names itself or one before it as the next: the list would never end. */
export function goesInCircles(what: string): CliFailure {
  return new CliFailure(EXIT.failed, 'not_a_relay', `Can't ${what}: its pages repeat and have no end.`);
}

/** The last line of a list that goes on. */
export function moreLine({ nextBefore }: Paged<unknown>): readonly string[] {
  return nextBefore === undefined ? [] : [`There is more: --before ${nextBefore}, or a larger --limit.`];
}
