/**
 * Brings the entries of one group into their case: the one that is open, else a new one, else, above the hourly cap, the one that
 * all such entries share. An entry that is in a case already changes nothing, however often it comes.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { type Result, failure, success, unreachable } from '../../lib/result.ts';
import { type HostAlerts, hostAlerts } from './alerts.ts';
import { type CaseChange, type KnownCase, patchCase, readCase } from './case-calls.ts';
import { analystNotes } from './case-description.ts';
import type { CaseGroup } from './case-group.ts';
import { hasRoom } from './case-openings.ts';
import { attachAlerts } from './case-evidence.ts';
import { type CaseFacts, activityOf, describe, withEntries } from './case-form.ts';
import { confirmCase, isSeenByNow, openCase } from './case-put.ts';
import {
  type CaseRecord,
  isRecent,
  itemsBefore,
  itemsOf,
  readRecord,
  recordSeverity,
  unrecorded,
  writeRecord,
} from './case-record.ts';
import { type CaseTarget, type CaseTurn, STORM, perHourMaxOf, unconfirmed } from './case-turn.ts';

/** A change that meets another one is made once more. */
const CHANGE_TRIES_MAX = 2;
const DONE: Outcome = { kind: 'delivered' };

/** What came of entries whose case may be known. */
type Kept =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  /** No case takes them: there is none, or it is closed, gone or too old. */
  | {
      readonly kind: 'homeless';
      readonly items: readonly CanonicalEvent[];
      /** What was remembered of the one that does not take them. */
      readonly before: CaseRecord | undefined;
    };

/** Brings a group into its case. `later` are the groups after it in the batch: above the cap, they go along. */
export async function keepCase(
  turn: CaseTurn,
  group: CaseGroup,
  later: readonly CaseGroup[],
): Promise<Outcome> {
  const { config, io } = turn;
  const outside = await outsideStorm(turn, group.items);
  if (!outside.ok) return outside.error;
  const items = outside.value;
  if (items.length === 0) return DONE;
  const target: CaseTarget = { key: group.key, isStorm: false };
  const kept = await keepIn(turn, target, items);
  if (kept.kind === 'settled') return kept.outcome;
  if (kept.items.length === 0) return DONE;
  if (hasRoom(io.memory, perHourMaxOf(config), io.nowMs()))
    return openCase(turn, target, kept.items, kept.before);
  const others = later.filter(({ key, isVerdict }) => !isVerdict && readRecord(io.memory, key) === undefined);
  return keepStorm(turn, [...kept.items, ...others.flatMap((other) => other.items)]);
}

/** Those of the entries that are not in the storm case. */
async function outsideStorm(
  turn: CaseTurn,
  items: readonly CanonicalEvent[],
): Promise<Result<readonly CanonicalEvent[], Outcome>> {
  const storm = readRecord(turn.io.memory, STORM.key);
  if (!storm) return success(items);
  const outside = unrecorded(items, itemsOf(storm));
  if (storm.state !== 'opening' || outside.length === items.length) return success(outside);
  const confirmed = await confirmCase(turn, STORM, { record: storm, items });
  if (confirmed.kind === 'failed') return failure(confirmed.outcome);
  return success(confirmed.kind === 'open' ? outside : unrecorded(items, itemsBefore(storm)));
}

async function keepStorm(turn: CaseTurn, items: readonly CanonicalEvent[]): Promise<Outcome> {
  const kept = await keepIn(turn, STORM, items);
  if (kept.kind === 'settled') return kept.outcome;
  return openCase(turn, STORM, kept.items, kept.before);
}

/** Into a case that is remembered. Opens none. */
async function keepIn(turn: CaseTurn, target: CaseTarget, items: readonly CanonicalEvent[]): Promise<Kept> {
  const record = readRecord(turn.io.memory, target.key);
  if (!record) return { kind: 'homeless', items: unrecorded(items), before: undefined };
  if (record.state === 'open') return keepInOpen(turn, target, record, items);
  if (record.state === 'none') return homeless(items, record);
  const confirmed = await confirmCase(turn, target, { record, items });
  switch (confirmed.kind) {
    case 'open':
      return keepInOpen(turn, target, confirmed.record, items);
    case 'absent':
      return homeless(items, confirmed.record);
    case 'failed':
      return settled(confirmed.outcome);
    default:
      return unreachable(confirmed);
  }
}

async function keepInOpen(
  turn: CaseTurn,
  target: CaseTarget,
  record: CaseRecord,
  items: readonly CanonicalEvent[],
): Promise<Kept> {
  const fresh = unrecorded(items, itemsOf(record));
  if (fresh.length === 0) return settled(DONE);
  if (!isRecent(record, turn.io.nowMs())) return homeless(fresh, record);
  const updated = await update(turn, target, record, fresh);
  return updated === 'ended' ? homeless(fresh, record) : settled(updated);
}

/** Adds entries to an open case. `ended`: it is closed, or gone. */
async function update(
  turn: CaseTurn,
  target: CaseTarget,
  record: CaseRecord,
  items: readonly CanonicalEvent[],
): Promise<Outcome | 'ended'> {
  const { api } = turn;
  const id = record.caseId ?? '';
  let alerts: HostAlerts | undefined;
  for (let tries = 0; tries < CHANGE_TRIES_MAX; tries++) {
    const read = await readCase(api, id);
    if (!read.ok) return read.error.outcome;
    const known = read.value;
    if (!known) return endedUnlessNew(record, turn);
    if (known.isClosed) return 'ended';
    if (tries === 0 && !target.isStorm) {
      const found = await hostAlerts(turn, items);
      if (!found.ok) return found.error;
      alerts = found.value;
    }
    const entered = withEntries(target, record, items);
    const next = { ...entered, alertSeverity: Math.max(record.alertSeverity, alerts?.severity ?? 0) };
    const activity = await activityOf(turn, target, items);
    const change = changeOf(turn, target, { known, record, next, items, alerts, activity });
    const done = isNothing(change) ? undefined : await patchCase(api, known, change);
    if (done && !done.ok) return done.error.outcome;
    if (done?.value === 'conflict') continue;
    writeRecord(turn.io, target.key, await attachAlerts(turn, { known, record: next, alerts }));
    return DONE;
  }
  return { kind: 'retry', reason: 'busy', detail: 'somebody else changes the case at the same time' };
}

/** A case that was just made may not be seen everywhere yet: that is no reason to open another one. */
function endedUnlessNew(record: CaseRecord, { io }: CaseTurn): Outcome | 'ended' {
  return isSeenByNow(record, io.nowMs()) ? 'ended' : unconfirmed('the case can not be read yet');
}

interface ChangeFacts extends Omit<CaseFacts, 'record'> {
  readonly known: KnownCase;
  readonly record: CaseRecord;
  readonly next: CaseRecord;
}

/** What is new. A severity that analysts lowered, and a text that they made their own, stay as they are. */
function changeOf(turn: CaseTurn, target: CaseTarget, facts: ChangeFacts): CaseChange {
  const { known, record, next, items, alerts, activity } = facts;
  const notes = known.description === undefined ? '' : analystNotes(known.description);
  const description =
    notes === undefined
      ? undefined
      : describe(turn, target, { record: next, items, alerts, activity, notes, earlier: known.description });
  const severity = recordSeverity(next);
  const isGraver = severity > recordSeverity(record) && severity > known.severity;
  return {
    ...(description !== undefined && description !== known.description && { description }),
    ...(isGraver && { severity }),
  };
}

function isNothing({ description, severity }: CaseChange): boolean {
  return description === undefined && severity === undefined;
}

function homeless(items: readonly CanonicalEvent[], before: CaseRecord): Kept {
  return { kind: 'homeless', items: unrecorded(items, itemsBefore(before)), before };
}

function settled(outcome: Outcome): Kept {
  return { kind: 'settled', outcome };
}
