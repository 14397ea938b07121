/**
 * Finds indicators: those that this destination made, and those that exist of given domains whoever made them.
 * A search answers an unknown field with nothing and no error, so its fields are ones that live clients use: type, value, source.
 * Tags are not among them and are compared here.
 * Source: falcon-mcp resources/ioc.py, Netskope ta_cloud_exchange_plugins crowdstrike/main.py, vendor OpenAPI, read 2026-11.
 */

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
  const found: ExistingIndicator[] = [];
  let after: string | undefined;
  for (;;) {
    const query = new URLSearchParams({ filter, limit: `${PAGE_ROWS}`, ...(after && { after }) });
    const path = `/iocs/combined/indicator/v1?${query.toString()}`;
    const answer = await api.request({ method: 'GET', path, scope: 'ioc:read' });
    if (!answer.ok) return answer;
    if (answer.value.errors.length > 0) return failure(inPart(answer.value));
    const { resources, meta } = answer.value;
    found.push(...resources.flatMap((resource) => readIndicator(resource) ?? []));
    const next = afterIn(meta);
    if (next === undefined || next === after || resources.length < PAGE_ROWS) return success(found);
    after = next;
  }
}

/** What a search did not show would be made twice. */
function inPart({ status, errors }: ApiAnswer): ApiFailure {
  const detail = `the search for indicators was answered in part: ${tellErrors(errors)}`;
  return { outcome: { kind: 'retry', reason: 'server_error', detail, status }, mayBeDone: false };
}

/** Where the next page begins. Above 10,000 rows an offset would be refused. */
function afterIn(meta: ApiAnswer['meta']): string | undefined {
  const { pagination } = meta;
  const after: unknown =
    typeof pagination === 'object' && pagination !== null ? Reflect.get(pagination, 'after') : undefined;
  return typeof after === 'string' && after !== '' ? after : undefined;
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
