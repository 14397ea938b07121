/**
 * Brings Falcon in line with what is wanted: looks first, then removes, changes and makes what differs. Doing it again does nothing.
 * Removes before anything else, so that what fails later keeps nothing that is wanted no more.
 * Never touches an indicator that this destination did not make, whatever its domain.
 */

import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { ChannelMemory } from '../destination.ts';
import type { SyncReport } from '../indicator-summary.ts';
import type { IndicatorWork } from '../indicator-turn.ts';
import type { Refusal } from '../indicator-wishes.ts';
import type { FalconApi } from './api.ts';
import {
  type Refused,
  type Update,
  createIndicators,
  removeIndicators,
  updateIndicators,
} from './indicator-changes.ts';
import { findDomains, findOwn } from './indicator-search.ts';
import {
  type DomainAction,
  type ExistingIndicator,
  type WantedIndicator,
  agrees,
  isOwn,
  isValidResponse,
} from './indicator.ts';

/** The key of the memory that stands while an answer to a creation is not seen. */
const UNSEEN = 'creation-unseen';
/** Until what was created shows in a search, at the latest. */
const UNSEEN_MS = 10 * 60_000;

export interface SyncInput extends IndicatorWork<DomainAction> {
  readonly api: FalconApi;
  readonly memory: ChannelMemory;
  readonly ownTag: string;
}

export async function syncIndicators(input: SyncInput): Promise<Result<SyncReport, ApiFailure>> {
  const { api, ownTag, wanted, isWhole } = input;
  const own = isWhole ? await findOwn(api, ownTag) : success([]);
  if (!own.ok) return own;
  const { kept, surplus } = sortOwn(input, own.value);
  const removed = await removeIndicators(api, surplus);
  if (!removed.ok) return removed;
  const others = await findDomains(
    api,
    [...wanted.keys()].filter((domain) => !kept.has(domain)),
  );
  if (!others.ok) return others;
  const plan = planOf(input, [...kept.values(), ...others.value]);
  const updated = await update(input, plan.updates);
  if (!updated.ok) return updated;
  const created = await create(input, plan.creations);
  if (!created.ok) return created;
  return success({
    created: created.value.created,
    updated: updated.value.updated,
    removed: removed.value.done.length,
    unchanged: plan.unchanged,
    foreign: [...plan.foreign, ...created.value.foreign],
    refused: [
      ...removed.value.refused.map(({ item, message }) => ({ domain: item.domain, message })),
      ...updated.value.refused,
      ...created.value.refused,
    ],
  });
}

interface Sorted {
  /** By domain. */
  readonly kept: ReadonlyMap<string, ExistingIndicator>;
  /** Wanted no more, or a second one of its domain. */
  readonly surplus: readonly ExistingIndicator[];
}

function sortOwn({ wanted, isAllowed, nowMs }: SyncInput, own: readonly ExistingIndicator[]): Sorted {
  const kept = new Map<string, ExistingIndicator>();
  const surplus: ExistingIndicator[] = [];
  for (const indicator of own) {
    const { domain } = indicator;
    const stays = wanted.has(domain) || (isValidResponse(indicator, nowMs) && isAllowed(domain));
    if (stays && !kept.has(domain)) kept.set(domain, indicator);
    else surplus.push(indicator);
  }
  return { kept, surplus };
}

interface Plan {
  readonly creations: readonly WantedIndicator[];
  readonly updates: readonly Update[];
  readonly unchanged: number;
  readonly foreign: readonly string[];
}

function planOf({ ownTag, wanted }: SyncInput, existing: readonly ExistingIndicator[]): Plan {
  const ours = existing.filter((indicator) => isOwn(indicator, ownTag));
  const own = new Map(ours.map((indicator) => [indicator.domain, indicator]));
  const shown = domainsOf(existing);
  const missing = [...wanted.values()].filter(({ domain }) => !own.has(domain));
  const updates = [...wanted.values()].flatMap((wish) => {
    const mine = own.get(wish.domain);
    return mine && !agrees(mine, wish, ownTag) ? [{ id: mine.id, wanted: wish }] : [];
  });
  return {
    creations: missing.filter(({ domain }) => !shown.has(domain)),
    updates,
    unchanged: wanted.size - missing.length - updates.length,
    foreign: missing.map(({ domain }) => domain).filter((domain) => shown.has(domain)),
  };
}

interface Created {
  readonly created: number;
  readonly foreign: readonly string[];
  readonly refused: readonly Refusal[];
}

/** What was refused is looked for once more: an earlier request whose answer was not seen may have made it, or somebody else just now. */
async function create(
  { api, memory, nowMs, ownTag }: SyncInput,
  creations: readonly WantedIndicator[],
): Promise<Result<Created, ApiFailure>> {
  if (creations.length === 0) return success({ created: 0, foreign: [], refused: [] });
  const wasUnseen = memory.get(UNSEEN) !== undefined;
  memory.put(UNSEEN, 'true', nowMs + UNSEEN_MS);
  const made = await createIndicators(api, creations, ownTag);
  if (!made.ok) {
    if (!made.error.mayBeDone && !wasUnseen) memory.delete(UNSEEN);
    return made;
  }
  const { done, refused } = made.value;
  const again = await findDomains(
    api,
    refused.map(({ item }) => item.domain),
  );
  if (!again.ok) return again;
  const own = domainsOf(again.value.filter((indicator) => isOwn(indicator, ownTag)));
  const shown = domainsOf(again.value);
  const hidden = refused.filter(({ item }) => !shown.has(item.domain));
  if (wasUnseen && hidden.length > 0) return failure(unconfirmed(hidden));
  memory.delete(UNSEEN);
  return success({
    created: done.length + own.size,
    foreign: [...shown].filter((domain) => !own.has(domain)),
    refused: hidden.map(({ item, message }) => ({ domain: item.domain, message })),
  });
}

async function update(
  { api, ownTag }: SyncInput,
  updates: readonly Update[],
): Promise<Result<{ readonly updated: number; readonly refused: readonly Refusal[] }, ApiFailure>> {
  const changed = await updateIndicators(api, updates, ownTag);
  if (!changed.ok) return changed;
  const { done, refused } = changed.value;
  const gone = refused.find(({ isGone }) => isGone);
  if (gone) return failure(vanished(gone.item.wanted.domain));
  return success({
    updated: done.length,
    refused: refused.map(({ item, message }) => ({ domain: item.wanted.domain, message })),
  });
}

/** Refused, and not found: it may be what an earlier request made and no search shows yet. */
function unconfirmed([first]: readonly Refused<WantedIndicator>[]): ApiFailure {
  const detail = `the answer to an earlier request was not seen, and ${first?.item.domain} does not show yet: ${first?.message}`;
  return { outcome: { kind: 'retry', reason: 'unconfirmed', detail }, mayBeDone: true };
}

function vanished(domain: string): ApiFailure {
  const detail = `the indicator of ${domain} was removed by somebody else just now: it is looked for again`;
  return { outcome: { kind: 'retry', reason: 'unconfirmed', detail }, mayBeDone: false };
}

function domainsOf(indicators: readonly ExistingIndicator[]): ReadonlySet<string> {
  return new Set(indicators.map(({ domain }) => domain));
}
