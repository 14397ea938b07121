/**
 * Brings the Sigma rules of a destination's own source in line with what is wanted: looks first, then removes, changes and makes what
 * differs. Doing it again does nothing. Never touches a rule whose Sigma id is not one of the destination's own.
 */

import { ENDPOINT_RULES, type EndpointRule } from '../../domain/harfanglab-config.ts';
import { type FailedOutcome, NOT_SENT } from '../../domain/outcome.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabApi } from './api.ts';
import {
  type RuleChange,
  type RulePlace,
  createRule,
  findRules,
  removeRule,
  updateRule,
} from './rule-changes.ts';
import { isOfServer, withRefusal } from './refusal.ts';
import { findSource, goneSource, makeSource } from './rule-source.ts';
import type { RuleReport } from './rule-summary.ts';
import { type ExistingRule, type WantedRule, agrees } from './sigma-rule.ts';

export interface RuleSyncInput {
  readonly api: HarfangLabApi;
  readonly isCurrent: () => boolean;
  readonly sourceName: string;
  /** Of the rules that the relay brings along; one without is to be removed. */
  readonly wanted: ReadonlyMap<EndpointRule, WantedRule>;
  readonly sigmaIdOf: (rule: EndpointRule) => string;
}

export interface RulesSynced extends RuleReport {
  /** Some rules were not dealt with, and why. */
  readonly stopped?: FailedOutcome;
}

const NOTHING: RuleReport = {
  created: 0,
  updated: 0,
  removed: 0,
  unchanged: 0,
  foreign: [],
  refused: [],
  warned: [],
};

export async function syncRules(input: RuleSyncInput): Promise<Result<RulesSynced, ApiFailure>> {
  const { api, sourceName, wanted } = input;
  const found = await findSource(api, 'SigmaSource', sourceName);
  if (!found.ok) return found;
  if (!found.value && wanted.size === 0) return success(NOTHING);
  if (!input.isCurrent()) return success({ ...NOTHING, stopped: NOT_SENT });
  const source = found.value ? success(found.value) : await makeSource(api, 'SigmaSource', sourceName);
  if (!source.ok) return source;
  const place = { api, sourceId: source.value.id };
  const synced = await syncSource(input, place);
  const isRefused = synced.ok ? synced.value.refused.length > 0 : synced.error.outcome.kind === 'rejected';
  const gone = isRefused && (await goneSource(api, 'SigmaSource', { name: sourceName, id: place.sourceId }));
  return gone ? failure(gone) : synced;
}

async function syncSource(input: RuleSyncInput, place: RulePlace): Promise<Result<RulesSynced, ApiFailure>> {
  const existing = await findRules(place);
  return existing.ok ? success(await bringInLine(input, place, existing.value)) : existing;
}

async function bringInLine(
  { isCurrent, wanted, sigmaIdOf }: RuleSyncInput,
  place: RulePlace,
  existing: readonly ExistingRule[],
): Promise<RulesSynced> {
  const ids = new Set(ENDPOINT_RULES.map(sigmaIdOf));
  const foreign = existing.filter(({ sigmaId }) => !ids.has(sigmaId)).map(({ name }) => name);
  const removalsFirst = ENDPOINT_RULES.toSorted((a, b) => Number(wanted.has(a)) - Number(wanted.has(b)));
  let synced: RulesSynced = { ...NOTHING, foreign };
  for (const rule of removalsFirst) {
    if (!isCurrent()) return { ...synced, stopped: NOT_SENT };
    const kept = existing.find(({ sigmaId }) => sigmaId === sigmaIdOf(rule));
    const changed = withRefusal(await change(place, kept, wanted.get(rule)));
    if (!changed.ok) {
      synced = { ...synced, stopped: changed.error.outcome };
      if (!isOfServer(changed.error.outcome)) return synced;
    } else if (changed.value) synced = noted(synced, rule, changed.value);
  }
  return synced;
}

/** Undefined: there is nothing to do. */
async function change(
  place: RulePlace,
  kept: ExistingRule | undefined,
  wish: WantedRule | undefined,
): Promise<Result<RuleChange | Unchanged | undefined, ApiFailure>> {
  if (!wish) return kept ? removeRule(place, kept) : success(undefined);
  if (!kept) return createRule(place, wish);
  return agrees(kept, wish) ? success({ kind: 'unchanged', now: kept }) : updateRule(place, kept, wish);
}

interface Unchanged {
  readonly kind: 'unchanged';
  readonly now: ExistingRule;
}

/** A rule that the engine has errors about is refused, whatever was answered to its creation. */
function noted(report: RulesSynced, rule: EndpointRule, done: RuleChange | Unchanged): RulesSynced {
  switch (done.kind) {
    case 'moved':
      return { ...report, stopped: moved(rule) };
    case 'refused':
      return { ...report, refused: [...report.refused, { rule, message: done.message }] };
    case 'removed':
      return { ...report, removed: report.removed + 1 };
    default: {
      const { errors = [], warnings = [] } = done.now ?? {};
      const message = errors.join('; ');
      return {
        ...report,
        [done.kind]: report[done.kind] + 1,
        refused: [...report.refused, ...(errors.length > 0 ? [{ rule, message }] : [])],
        warned: [...report.warned, ...(warnings.length > 0 ? [{ rule, message: warnings.join('; ') }] : [])],
      };
    }
  }
}

function moved(rule: EndpointRule): FailedOutcome {
  const detail = `the rule ${rule} was made or removed by somebody else just now: it is looked for again`;
  return { kind: 'retry', reason: 'unconfirmed', detail };
}
