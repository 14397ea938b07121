/**
 * What brings the indicators of a source in line with what is wanted: removals, then changes, then creations. Sends nothing itself.
 * Never plans anything for an indicator that the destination did not make.
 */

import type { Result } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { IndicatorWork } from '../indicator-turn.ts';
import {
  type Change,
  type IndicatorPlace,
  createIndicator,
  removeIndicator,
  updateIndicator,
} from './indicator-changes.ts';
import { hashOf } from './indicator-progress.ts';
import {
  type DomainAction,
  type ExistingIndicator,
  agrees,
  bodyOf,
  fieldsOf,
  isOwn,
  isValidResponse,
} from './indicator.ts';

export interface Step {
  readonly domain: string;
  /** Of what is asked for. */
  readonly hash: string;
  readonly change: () => Promise<Result<Change, ApiFailure>>;
}

export interface Plan {
  /** In this order. */
  readonly steps: readonly Step[];
  readonly unchanged: number;
  readonly foreign: readonly string[];
}

export function planOf(
  { wanted, isWhole, isAllowed, nowMs }: IndicatorWork<DomainAction>,
  place: IndicatorPlace,
  existing: readonly ExistingIndicator[],
): Plan {
  const { ownTag } = place;
  const own = new Map<string, ExistingIndicator>();
  const removals: Step[] = [];
  const foreign = new Set<string>();
  for (const one of existing) {
    const { domain } = one;
    if (!isOwn(one, ownTag)) {
      if (isWhole || wanted.has(domain)) foreign.add(domain);
      continue;
    }
    const stays = wanted.has(domain) || !isWhole || (isValidResponse(one, nowMs) && isAllowed(domain));
    if (stays && !own.has(domain)) own.set(domain, one);
    else {
      const hash = hashOf('remove', one.id);
      removals.push({ domain, hash, change: async () => removeIndicator(place, one) });
    }
  }
  const updates: Step[] = [];
  const creations: Step[] = [];
  for (const [domain, wish] of wanted) {
    const mine = own.get(domain);
    if (!mine && !foreign.has(domain)) {
      const hash = hashOf('create', bodyOf(wish, place));
      creations.push({ domain, hash, change: async () => createIndicator(place, wish) });
    } else if (mine && !agrees(mine, wish, ownTag)) {
      const hash = hashOf('update', mine.id, fieldsOf(wish, ownTag));
      updates.push({ domain, hash, change: async () => updateIndicator(place, mine, wish) });
    }
  }
  const missing = [...wanted.keys()].filter((domain) => !own.has(domain));
  return {
    steps: [...removals, ...updates, ...creations],
    unchanged: wanted.size - missing.length - updates.length,
    foreign: [...foreign],
  };
}
