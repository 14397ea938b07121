/**
 * Makes, changes and removes one Sigma rule. A manager answers 201 even when it refuses one, and says nothing of what its engine thinks of it:
 * what was made is believed only where the answer says so, and is read back.
 * Source: DROID and its tests, read 2026-11.
 */

import { isRecord } from '../../lib/record.ts';
import { type Result, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { HarfangLabApi } from './api.ts';
import { REFUSALS, type Refused, isDuplicate, isRefusal, refusalText } from './refusal.ts';
import { RULES_BASE, listAll } from './rule-list.ts';
import {
  type ExistingRule,
  type WantedRule,
  correlationsIn,
  fieldsOf,
  readRule,
  verdictIn,
} from './sigma-rule.ts';

const RULES = `${RULES_BASE}SigmaRule/`;
const NOT_FOUND = 404;
const DUPLICATE = 'duplicate_rule';

/** What became of a rule. */
export type RuleChange =
  /** `now`: as it was read back. */
  | { readonly kind: 'created' | 'updated'; readonly now: ExistingRule | undefined }
  | { readonly kind: 'removed' }
  /** It is there already, or no more: what was looked at is not what is. */
  | { readonly kind: 'moved' }
  | Refused;
type Changing = Promise<Result<RuleChange, ApiFailure>>;

export interface RulePlace {
  readonly api: HarfangLabApi;
  readonly sourceId: string;
}

/** All rules of a source. */
export async function findRules({
  api,
  sourceId,
}: RulePlace): Promise<Result<readonly ExistingRule[], ApiFailure>> {
  const found = await listAll(api, 'SigmaRule', { source_id: sourceId });
  return found.ok ? success(found.value.flatMap((row) => readRule(row, sourceId) ?? [])) : found;
}

export async function createRule(place: RulePlace, wanted: WantedRule): Changing {
  const made = await place.api.request({
    method: 'POST',
    path: RULES,
    body: { source_id: place.sourceId, ...fieldsOf(wanted) },
    permission: 'rulesEdit',
    answers: REFUSALS,
  });
  if (!made.ok) return made;
  const answer = made.value;
  if (isRefusal(answer)) {
    const isElsewhere = isDuplicate(answer) && isRecord(answer.body) && answer.body['id'] !== undefined;
    const where = isElsewhere ? `its Sigma id ${wanted.sigmaId} is in another source of the manager: ` : '';
    return refused(`${where}${refusalText(answer)}`);
  }
  const verdict = verdictIn(answer.body);
  if (!verdict.isAccepted) {
    const isThere = verdict.reason.startsWith(DUPLICATE) ? await shows(place, wanted) : success(false);
    if (!isThere.ok) return isThere;
    return isThere.value ? success({ kind: 'moved' }) : refused(verdict.reason);
  }
  return readBack(place, 'created', wanted.sigmaId);
}

export async function updateRule(place: RulePlace, { id }: ExistingRule, wanted: WantedRule): Changing {
  const path = pathOf(id);
  const body = fieldsOf(wanted);
  const answers = [...REFUSALS, NOT_FOUND];
  const changed = await place.api.request({ method: 'PATCH', path, body, permission: 'rulesEdit', answers });
  if (!changed.ok) return changed;
  if (changed.value.status === NOT_FOUND) return success({ kind: 'moved' });
  return isRefusal(changed.value)
    ? refused(refusalText(changed.value))
    : readBack(place, 'updated', wanted.sigmaId);
}

/** One that is gone already is removed. One that a correlation uses can't be. */
export async function removeRule({ api }: RulePlace, { id }: ExistingRule): Changing {
  const answers = [...REFUSALS, NOT_FOUND];
  const removed = await api.request({ method: 'DELETE', path: pathOf(id), permission: 'rulesEdit', answers });
  if (!removed.ok) return removed;
  const { status, body } = removed.value;
  if (!isRefusal(removed.value) || status === NOT_FOUND) return success({ kind: 'removed' });
  const correlations = correlationsIn(body);
  if (correlations.length === 0) return refused(refusalText(removed.value));
  return refused(`can't be removed, as a correlation uses it: ${correlations.join(', ')}`);
}

/** A rule that is there already, and that no look shows, would be made again for ever. */
async function shows(place: RulePlace, { sigmaId }: WantedRule): Promise<Result<boolean, ApiFailure>> {
  const read = await findRules(place);
  return read.ok ? success(read.value.some((one) => one.sigmaId === sigmaId)) : read;
}

async function readBack(place: RulePlace, kind: 'created' | 'updated', sigmaId: string): Changing {
  const read = await findRules(place);
  if (!read.ok) return read;
  return success({ kind, now: read.value.find((one) => one.sigmaId === sigmaId) });
}

function refused(message: string): Result<RuleChange, ApiFailure> {
  return success({ kind: 'refused', message });
}

function pathOf(id: string): string {
  return `${RULES}${encodeURIComponent(id)}/`;
}
