/**
 * Makes, changes and removes one indicator. HarfangLab takes one a request.
 * What exists already is looked at: ours is brought in line, somebody else's is left alone.
 */

import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabApi } from './api.ts';
import {
  type ExistingIndicator,
  type WantedIndicator,
  DOMAIN_QUERY,
  agrees,
  bodyOf,
  fieldsOf,
  isOwn,
  readIndicator,
} from './indicator.ts';
import { REFUSALS, type Refused, isDuplicate, isRefusal, refusalText } from './refusal.ts';
import { RULES_BASE, listAll } from './rule-list.ts';

const RULES = `${RULES_BASE}IOCRule/`;
const NOT_FOUND = 404;

/** What became of an indicator. */
export type Change = { readonly kind: 'created' | 'updated' | 'removed' | 'unchanged' | 'foreign' } | Refused;
type Changing = Promise<Result<Change, ApiFailure>>;

export interface IndicatorPlace {
  readonly api: HarfangLabApi;
  readonly sourceId: string;
  readonly ownTag: string;
}

/** The domain indicators of a source: all of them, or those of one domain. */
export async function findIndicators(
  { api, sourceId }: Pick<IndicatorPlace, 'api' | 'sourceId'>,
  domain?: string,
): Promise<Result<readonly ExistingIndicator[], ApiFailure>> {
  const only = domain !== undefined && { value__exact: domain };
  const found = await listAll(api, 'IOCRule', { source_id: sourceId, ...DOMAIN_QUERY, ...only });
  if (!found.ok) return found;
  const all = found.value.flatMap((row) => readIndicator(row, sourceId) ?? []);
  return success(domain === undefined ? all : all.filter((one) => one.domain === domain));
}

export async function createIndicator(place: IndicatorPlace, wanted: WantedIndicator): Changing {
  const { api, sourceId, ownTag } = place;
  const made = await api.request({
    method: 'POST',
    path: RULES,
    body: bodyOf(wanted, { ownTag, sourceId }),
    permission: 'rulesEdit',
    answers: REFUSALS,
  });
  if (!made.ok) return made;
  if (!isRefusal(made.value)) return success({ kind: 'created' });
  if (!isDuplicate(made.value)) return success({ kind: 'refused', message: refusalText(made.value) });
  const found = await findIndicators(place, wanted.domain);
  if (!found.ok) return found;
  const [existing] = found.value;
  // It exists, in a spelling that a search does not find: that is what was asked for.
  if (!existing) return success({ kind: 'unchanged' });
  if (!isOwn(existing, ownTag)) return success({ kind: 'foreign' });
  return agrees(existing, wanted, ownTag)
    ? success({ kind: 'unchanged' })
    : updateIndicator(place, existing, wanted);
}

export async function updateIndicator(
  { api, ownTag }: IndicatorPlace,
  { id, domain }: ExistingIndicator,
  wanted: WantedIndicator,
): Changing {
  const path = pathOf(id);
  const body = fieldsOf(wanted, ownTag);
  const answers = [...REFUSALS, NOT_FOUND];
  const changed = await api.request({ method: 'PATCH', path, body, permission: 'rulesEdit', answers });
  if (!changed.ok) return changed;
  if (changed.value.status === NOT_FOUND) return failure(vanished(domain));
  if (!isRefusal(changed.value)) return success({ kind: 'updated' });
  return success({ kind: 'refused', message: refusalText(changed.value) });
}

/** One that is gone already is removed. */
export async function removeIndicator({ api }: IndicatorPlace, { id }: ExistingIndicator): Changing {
  const answers = [...REFUSALS, NOT_FOUND];
  const removed = await api.request({ method: 'DELETE', path: pathOf(id), permission: 'rulesEdit', answers });
  if (!removed.ok) return removed;
  const isDone = !isRefusal(removed.value) || removed.value.status === NOT_FOUND;
  return success(isDone ? { kind: 'removed' } : { kind: 'refused', message: refusalText(removed.value) });
}

function pathOf(id: string): string {
  return `${RULES}${encodeURIComponent(id)}/`;
}

function vanished(domain: string): ApiFailure {
  const detail = `the indicator of ${domain} was removed by somebody else just now: it is looked for again`;
  return { outcome: { kind: 'retry', reason: 'unconfirmed', detail }, mayBeDone: false };
}
