/**
 * Brings the indicators of a destination's own source in line with what is wanted: looks first, then removes, changes and makes what
 * differs, one request each. Doing it again does nothing; what a turn has no room for, the next one does. No change is asked for twice
 * until all were asked for or a turn fails, so that a sync comes to its end in about as many requests a try as there are changes.
 * Removes before anything else, so that what fails later keeps nothing that is wanted no more.
 * Never touches an indicator that this destination did not make, whatever its domain.
 */

import { type FailedOutcome, NOT_SENT } from '../../domain/outcome.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import type { SyncReport } from '../indicator-summary.ts';
import type { IndicatorWork, Synced } from '../indicator-turn.ts';
import type { Refusal } from '../indicator-wishes.ts';
import type { HarfangLabApi } from './api.ts';
import { type Change, type IndicatorPlace, findIndicators } from './indicator-changes.ts';
import { type Plan, type Step, planOf } from './indicator-plan.ts';
import type { IndicatorProgress } from './indicator-progress.ts';
import type { DomainAction, ExistingIndicator } from './indicator.ts';
import { isOfServer, withRefusal } from './refusal.ts';
import { findSource, goneSource, makeSource } from './rule-source.ts';

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
  readonly progress: IndicatorProgress;
  readonly sourceName: string;
  readonly ownTag: string;
}

export async function syncIndicators(input: SyncInput): Promise<Result<Synced, ApiFailure>> {
  const synced = await sync(input);
  if (!synced.ok && !isBusy(synced.error.outcome)) input.progress.forgetRefusals(input.io.nowMs());
  return synced;
}

async function sync(input: SyncInput): Promise<Result<Synced, ApiFailure>> {
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
  const synced = await syncSource(input, place, found.value === undefined);
  const isRefused = synced.ok ? synced.value.refused.length > 0 : synced.error.outcome.kind === 'rejected';
  const gone = isRefused && (await goneSource(api, 'IOCSource', { name: sourceName, id: place.sourceId }));
  return gone ? failure(gone) : synced;
}

async function syncSource(
  input: SyncInput,
  place: IndicatorPlace,
  isNew: boolean,
): Promise<Result<Synced, ApiFailure>> {
  const existing = isNew ? success([]) : await look(input, place);
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

async function carryOut(input: SyncInput, plan: Plan): Promise<Synced> {
  const { progress, io } = input;
  const before = progress.read();
  const tally = new Tally(plan);
  for (const step of plan.steps) {
    const change = before.get(step.hash);
    if (change) tally.note(step, change);
  }
  const stopped = await makeChanges(
    input,
    plan.steps.filter(({ hash }) => !before.has(hash)),
    tally,
  );
  if (!stopped) {
    progress.end();
    return tally.report;
  }
  progress.keep(tally.tried, io.nowMs());
  const { isTurnOver, ...left } = stopped;
  if (!isTurnOver) progress.forgetRefusals(io.nowMs());
  return { ...tally.report, stopped: left };
}

/** `isTurnOver`: the others only wait for the next turn. */
type Stopped = NonNullable<Synced['stopped']> & { readonly isTurnOver: boolean };

/** Makes those that were not asked for yet; undefined: all were. */
async function makeChanges(
  input: SyncInput,
  steps: readonly Step[],
  tally: Tally,
): Promise<Stopped | undefined> {
  const failed: string[] = [];
  let fault: FailedOutcome | undefined;
  let faultsInARow = 0;
  const stoppedBefore = (left: readonly Step[], outcome: FailedOutcome, isTurnOver = isBusy(outcome)) => ({
    domains: new Set([...failed, ...left.map(({ domain }) => domain)]),
    outcome,
    isTurnOver,
  });
  for (const [i, step] of steps.entries()) {
    const halt = haltOf(input, { done: i, left: steps.length - i });
    if (halt) return stoppedBefore(steps.slice(i), fault ?? halt, true);
    const changed = withRefusal(await step.change());
    faultsInARow = changed.ok ? 0 : faultsInARow + 1;
    if (!changed.ok) {
      const { outcome } = changed.error;
      const isOfManager = !isOfServer(outcome) || faultsInARow === FAULTS_IN_A_ROW_MAX;
      if (isOfManager) return stoppedBefore(steps.slice(i), outcome);
      fault ??= outcome;
      failed.push(step.domain);
    } else tally.note(step, changed.value);
  }
  return fault && stoppedBefore([], fault);
}

/** The manager takes no more for now: that is no failure, and nobody counts it. */
function isBusy(outcome: FailedOutcome): boolean {
  return outcome.kind === 'retry' && outcome.reason === 'busy';
}

/** What came of a plan so far. */
class Tally {
  readonly tried = new Map<string, Change>();
  readonly #counts = { created: 0, updated: 0, removed: 0 };
  #unchanged: number;
  readonly #foreign: Set<string>;
  readonly #refused: Refusal[] = [];

  constructor({ unchanged, foreign }: Plan) {
    this.#unchanged = unchanged;
    this.#foreign = new Set(foreign);
  }

  note({ domain, hash }: Step, change: Change): void {
    this.tried.set(hash, change);
    if (change.kind === 'refused') this.#refused.push({ domain, message: change.message });
    else if (change.kind === 'foreign') this.#foreign.add(domain);
    else if (change.kind === 'unchanged') this.#unchanged++;
    else this.#counts[change.kind]++;
  }

  get report(): SyncReport {
    const [foreign, refused] = [[...this.#foreign], this.#refused];
    return { ...this.#counts, unchanged: this.#unchanged, foreign, refused };
  }
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
