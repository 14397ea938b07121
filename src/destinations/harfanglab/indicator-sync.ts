/**
 * Brings the indicators of a destination's own source in line with what is wanted: looks first, then removes, changes and makes what
 * differs, one request each. Doing it again does nothing; what a turn has no room for, the next one does.
 * Removes before anything else, so that what fails later keeps nothing that is wanted no more.
 * Never touches an indicator that this destination did not make, whatever its domain.
 */

import { type FailedOutcome, NOT_SENT } from '../../domain/outcome.ts';
import { type Result, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import type { IndicatorWork, Synced } from '../indicator-turn.ts';
import type { Refusal } from '../indicator-wishes.ts';
import type { HarfangLabApi } from './api.ts';
import {
  type Change,
  type IndicatorPlace,
  createIndicator,
  findIndicators,
  removeIndicator,
  updateIndicator,
} from './indicator-changes.ts';
import { type DomainAction, type ExistingIndicator, agrees, isOwn, isValidResponse } from './indicator.ts';
import { withRefusal } from './refusal.ts';
import { findSource, makeSource } from './rule-source.ts';

/** Of so few domains each is looked up by itself; of more, the whole source is read. */
const LOOKED_UP_MAX = 4;
/** Changes that a turn makes whatever is left of it, so that it gets on. */
const CHANGES_MIN = 5;
/** A change of the config, or a pause, must not wait for hundreds of them. */
const TURN_MS = 20_000;
const NEXT_TURN_MS = 1_000;
/** One may be about an indicator that the manager stumbles over; a second one is about the manager. */
const FAULTS_IN_A_ROW_MAX = 2;
const NOTHING: Synced = { created: 0, updated: 0, removed: 0, unchanged: 0, foreign: [], refused: [] };

export interface SyncInput extends IndicatorWork<DomainAction> {
  readonly api: HarfangLabApi;
  readonly io: Pick<DeliveryIo, 'isCurrent' | 'nowMs' | 'requestsMax'>;
  readonly sourceName: string;
  readonly ownTag: string;
}

export async function syncIndicators(input: SyncInput): Promise<Result<Synced, ApiFailure>> {
  const { api, ownTag, sourceName, wanted } = input;
  const found = await findSource(api, 'IOCSource', sourceName);
  if (!found.ok) return found;
  if (!found.value && wanted.size === 0) return success(NOTHING);
  if (!input.io.isCurrent()) {
    const stopped = { domains: new Set(wanted.keys()), outcome: NOT_SENT };
    return success({ ...NOTHING, stopped });
  }
  const source = found.value ? success(found.value) : await makeSource(api, 'IOCSource', sourceName);
  if (!source.ok) return source;
  const place = { api, ownTag, sourceId: source.value.id };
  const existing = found.value ? await look(input, place) : success([]);
  if (!existing.ok) return existing;
  return success(await carryOut(input, planOf(input, place, existing.value)));
}

async function look(
  { wanted, isWhole }: SyncInput,
  place: IndicatorPlace,
): Promise<Result<readonly ExistingIndicator[], ApiFailure>> {
  if (isWhole || wanted.size > LOOKED_UP_MAX) return findIndicators(place);
  const all: ExistingIndicator[] = [];
  for (const domain of wanted.keys()) {
    const found = await findIndicators(place, domain);
    if (!found.ok) return found;
    all.push(...found.value);
  }
  return success(all);
}

interface Step {
  readonly domain: string;
  readonly change: () => Promise<Result<Change, ApiFailure>>;
}

interface Plan {
  /** In this order. */
  readonly steps: readonly Step[];
  readonly unchanged: number;
  readonly foreign: readonly string[];
}

function planOf(input: SyncInput, place: IndicatorPlace, existing: readonly ExistingIndicator[]): Plan {
  const { wanted, isWhole, isAllowed, nowMs, ownTag } = input;
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
    else removals.push({ domain, change: async () => removeIndicator(place, one) });
  }
  const updates: Step[] = [];
  const creations: Step[] = [];
  for (const [domain, wish] of wanted) {
    const mine = own.get(domain);
    if (!mine && !foreign.has(domain))
      creations.push({ domain, change: async () => createIndicator(place, wish) });
    else if (mine && !agrees(mine, wish, ownTag))
      updates.push({ domain, change: async () => updateIndicator(place, mine, wish) });
  }
  const missing = [...wanted.keys()].filter((domain) => !own.has(domain));
  return {
    steps: [...removals, ...updates, ...creations],
    unchanged: wanted.size - missing.length - updates.length,
    foreign: [...foreign],
  };
}

async function carryOut(input: SyncInput, { steps, unchanged, foreign }: Plan): Promise<Synced> {
  const counts = { created: 0, updated: 0, removed: 0, unchanged };
  const others = new Set(foreign);
  const refused: Refusal[] = [];
  const failed: string[] = [];
  let fault: FailedOutcome | undefined;
  let faultsInARow = 0;
  const stoppedBefore = (left: readonly Step[], outcome: FailedOutcome): Synced => {
    const domains = new Set([...failed, ...left.map(({ domain }) => domain)]);
    return { ...counts, foreign: [...others], refused, stopped: { domains, outcome } };
  };
  for (const [i, { domain, change }] of steps.entries()) {
    const halt = haltOf(input, { done: i, left: steps.length - i });
    if (halt) return stoppedBefore(steps.slice(i), fault ?? halt);
    const changed = withRefusal(await change());
    faultsInARow = changed.ok ? 0 : faultsInARow + 1;
    if (!changed.ok) {
      const { outcome } = changed.error;
      const isOfManager = !isOfServer(outcome) || faultsInARow === FAULTS_IN_A_ROW_MAX;
      if (isOfManager) return stoppedBefore(steps.slice(i), outcome);
      fault ??= outcome;
      failed.push(domain);
    } else if (changed.value.kind === 'refused') refused.push({ domain, message: changed.value.message });
    else if (changed.value.kind === 'foreign') others.add(domain);
    else counts[changed.value.kind]++;
  }
  return fault ? stoppedBefore([], fault) : { ...counts, foreign: [...others], refused };
}

/** Why no further change is made in this turn; undefined: nothing forbids it. */
function haltOf(
  { api, io, nowMs }: SyncInput,
  { done, left }: { readonly done: number; readonly left: number },
): FailedOutcome | undefined {
  if (!io.isCurrent()) return NOT_SENT;
  const isOver = api.requests >= io.requestsMax || io.nowMs() >= nowMs + TURN_MS;
  if (done < CHANGES_MIN || !isOver) return undefined;
  const detail = `${done} indicators are brought in line, ${left} follow`;
  return { kind: 'retry', reason: 'pending', detail, retryAfterMs: NEXT_TURN_MS, isAside: true };
}

/** An answer that may be about the one indicator. */
function isOfServer(outcome: FailedOutcome): boolean {
  return outcome.kind === 'retry' && outcome.status !== undefined && outcome.status >= 500;
}
