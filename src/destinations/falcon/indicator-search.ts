/**
 * Finds indicators: those that this destination made, and those that exist of given domains whoever made them.
 * A search answers an unknown field with nothing and no error, so its fields are ones that live clients use: type, value, source.
 * Tags are not among them and are compared here.
 * Source: falcon-mcp resources/ioc.py, Netskope ta_cloud_exchange_plugins crowdstrike/main.py, vendor OpenAPI, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import { type ApiAnswer, tellErrors } from './answers.ts';
import type { FalconApi } from './api.ts';
import { type ExistingIndicator, INDICATOR_SOURCE, isOwn, readIndicator } from './indicator.ts';

/** Rows of one answer: their JSON stays far below what is read of an answer. */
const PAGE_ROWS = 200;
/** Of one search by domains, so that its URL stays below 8 KB. */
const DOMAINS_MAX = 50;
const DOMAINS_LENGTH_MAX = 3_000;

type Found = Result<readonly ExistingIndicator[], ApiFailure>;

/** All that this destination made. */
export async function findOwn(api: FalconApi, ownTag: string): Promise<Found> {
  const found = await search(api, `type:'domain'+source:'${INDICATOR_SOURCE}'`);
  return found.ok ? success(found.value.filter((indicator) => isOwn(indicator, ownTag))) : found;
}

/** What exists of these domains. They are in the one spelling of a domain, which needs no escape in a filter. */
export async function findDomains(api: FalconApi, domains: readonly string[]): Promise<Found> {
  const found: ExistingIndicator[] = [];
  for (const some of inGroups(domains)) {
    const page = await search(api, `type:'domain'+value:[${some.map((domain) => `'${domain}'`).join(',')}]`);
    if (!page.ok) return page;
    found.push(...page.value);
  }
  return success(found);
}

async function search(api: FalconApi, filter: string): Promise<Found> {
  const found = new Map<string, ExistingIndicator>();
  const rows = new Set<unknown>();
  const asked = new Set<string>();
  let after: string | undefined;
  let total = 0;
  for (;;) {
    const query = new URLSearchParams({ filter, limit: `${PAGE_ROWS}`, ...(after && { after }) });
    const path = `/iocs/combined/indicator/v1?${query.toString()}`;
    const answer = await api.request({ method: 'GET', path, scope: 'ioc:read' });
    if (!answer.ok) return answer;
    const { resources, hasResources, errors, meta } = answer.value;
    if (errors.length > 0) return failure(inPart(answer.value, tellErrors(errors)));
    if (!hasResources) return failure(inPart(answer.value, 'nothing in it'));
    for (const resource of resources) {
      rows.add(isRecord(resource) ? resource['id'] : resource);
      const indicator = readIndicator(resource);
      if (indicator) found.set(indicator.id, indicator);
    }
    const page = pageIn(meta);
    total = Math.max(total, page.total);
    // A page may have fewer rows than asked for; one without any is the last.
    if (page.after === undefined || asked.has(page.after) || resources.length === 0) {
      const isWhole = rows.size >= total;
      return isWhole
        ? success([...found.values()])
        : failure(inPart(answer.value, `${rows.size} of ${total}`));
    }
    after = page.after;
    asked.add(after);
  }
}

/** What a search did not show would be made twice, or never removed. */
function inPart({ status }: ApiAnswer, what: string): ApiFailure {
  const detail = `the search for indicators was answered in part: ${what}`;
  return { outcome: { kind: 'retry', reason: 'server_error', detail, status }, mayBeDone: false };
}

interface Page {
  /** Where the next one begins. Above 10,000 rows an offset would be refused. */
  readonly after: string | undefined;
  /** Rows of all pages; 0 where the answer does not tell. */
  readonly total: number;
}

function pageIn({ pagination }: ApiAnswer['meta']): Page {
  const { after, total } = isRecord(pagination) ? pagination : {};
  return {
    after: typeof after === 'string' && after !== '' ? after : undefined,
    total: typeof total === 'number' ? total : 0,
  };
}

function inGroups(domains: readonly string[]): string[][] {
  const groups: string[][] = [];
  let length = Infinity;
  for (const domain of domains) {
    const last = groups.at(-1);
    if (last && last.length < DOMAINS_MAX && length + domain.length <= DOMAINS_LENGTH_MAX) last.push(domain);
    else groups.push([domain]);
    length = (last === groups.at(-1) ? length : 0) + domain.length;
  }
  return groups;
}
