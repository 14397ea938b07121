/**
 * Brings the entries of one group into their case: the one that is open, else a new one, else, above the hourly cap, the one that
 * all such entries share. An entry that is in a case already changes nothing, however often it comes.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { unreachable } from '../../lib/result.ts';
import { type HostAlerts, hostAlerts } from './alerts.ts';
import { type CaseChange, type KnownCase, addAlerts, patchCase, readCase } from './case-calls.ts';
import { analystNotes } from './case-description.ts';
import type { CaseGroup } from './case-group.ts';
import { hasRoom } from './case-openings.ts';
import { alertKey, confirmCase, describe, openAgain, openCase, withAlerts, withEntries } from './case-put.ts';
import {
  type CaseRecord,
  isRecent,
  readRecord,
  recordSeverity,
  unrecorded,
  writeRecord,
} from './case-record.ts';
import { type CaseTarget, type CaseTurn, STORM, perHourMaxOf } from './case-turn.ts';

/** A change that meets another one is made once more. */
const CHANGE_TRIES_MAX = 2;
const DONE: Outcome = { kind: 'delivered' };

/** What came of entries whose case may be known. */
type Kept =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  /** No case takes them: there is none, or it is closed, gone or too old. */
  | { readonly kind: 'homeless'; readonly items: readonly CanonicalEvent[] };

/** Brings a group into its case. `later` are the groups after it in the batch: above the cap, they go along. */
export async function keepCase(
  turn: CaseTurn,
  group: CaseGroup,
  later: readonly CaseGroup[],
): Promise<Outcome> {
  const { config, io } = turn;
  const storm = readRecord(io.memory, STORM.key);
  const items = unrecorded(group.items, [storm]);
  const inStorm = group.items.filter((item) => !items.includes(item));
  if (storm?.state === 'opening' && inStorm.length > 0) {
    const confirmed = await keepIn(turn, STORM, inStorm);
    if (confirmed.kind === 'settled' && confirmed.outcome.kind !== 'delivered') return confirmed.outcome;
  }
  if (items.length === 0) return DONE;
  const target: CaseTarget = { key: group.key, isStorm: false };
  const kept = await keepIn(turn, target, items);
  if (kept.kind === 'settled') return kept.outcome;
  if (hasRoom(io.memory, perHourMaxOf(config), io.nowMs()))
    return openCase(turn, target, kept.items, readRecord(io.memory, target.key));
  const others = later.filter(({ key }) => readRecord(io.memory, key) === undefined);
  return keepStorm(turn, [...kept.items, ...others.flatMap((other) => other.items)]);
}

async function keepStorm(turn: CaseTurn, items: readonly CanonicalEvent[]): Promise<Outcome> {
  const kept = await keepIn(turn, STORM, items);
  if (kept.kind === 'settled') return kept.outcome;
  return openCase(turn, STORM, kept.items, readRecord(turn.io.memory, STORM.key));
}

/** Into a case that is remembered. Asks for one again that is not there, but opens none of itself. */
async function keepIn(turn: CaseTurn, target: CaseTarget, items: readonly CanonicalEvent[]): Promise<Kept> {
  const record = readRecord(turn.io.memory, target.key);
  const fresh = unrecorded(items, [record]);
  if (!record) return { kind: 'homeless', items: fresh };
  if (record.state === 'open') return keepInOpen(turn, target, record, fresh);
  const confirmed = await confirmCase(turn, target, record);
  switch (confirmed.kind) {
    case 'open':
      return keepInOpen(turn, target, confirmed.record, fresh);
    case 'absent':
      return settled(await openAgain(turn, target, items, { before: record, fresh }));
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
  fresh: readonly CanonicalEvent[],
): Promise<Kept> {
  if (fresh.length === 0) return settled(DONE);
  if (!isRecent(record, turn.io.nowMs())) return { kind: 'homeless', items: fresh };
  const updated = await update(turn, target, record, fresh);
  return updated === 'ended' ? { kind: 'homeless', items: fresh } : settled(updated);
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
    if (!known || known.isClosed) return 'ended';
    if (tries === 0 && !target.isStorm) {
      const found = await hostAlerts(turn, items);
      if (!found.ok) return found.error;
      alerts = found.value;
    }
    const entered = withEntries(target, record, items);
    const next = { ...entered, alertSeverity: Math.max(record.alertSeverity, alerts?.severity ?? 0) };
    const change = changeOf(turn, target, { known, record, next, items, alerts });
    const done = isNothing(change) ? undefined : await patchCase(api, known, change);
    if (done && !done.ok) return done.error.outcome;
    if (done?.value === 'gone') return 'ended';
    if (done?.value === 'conflict') continue;
    writeRecord(turn.io.memory, target.key, await attach(turn, { known, record: next, alerts }));
    return DONE;
  }
  return { kind: 'retry', reason: 'busy', detail: 'somebody else changes the case at the same time' };
}

interface ChangeFacts {
  readonly known: KnownCase;
  readonly record: CaseRecord;
  readonly next: CaseRecord;
  readonly items: readonly CanonicalEvent[];
  readonly alerts: HostAlerts | undefined;
}

/** What is new. A severity that analysts lowered, and a text that they made their own, stay as they are. */
function changeOf(turn: CaseTurn, target: CaseTarget, facts: ChangeFacts): CaseChange {
  const { known, record, next, items, alerts } = facts;
  const notes = known.description === undefined ? '' : analystNotes(known.description);
  const description =
    notes === undefined ? undefined : describe(turn, target, { record: next, items, alerts, notes });
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

/** Makes evidence of the alerts that the case does not have yet. Whether that works changes nothing else. */
async function attach(
  turn: CaseTurn,
  {
    known,
    record,
    alerts,
  }: { readonly known: KnownCase; readonly record: CaseRecord; readonly alerts: HostAlerts | undefined },
): Promise<CaseRecord> {
  const ids = alerts?.ids ?? [];
  const missing = ids.filter((id) => record.alerts[alertKey(id)] === undefined).slice(0, known.evidenceRoom);
  const isAdded = missing.length > 0 && (await addAlerts(turn.api, known.id, missing)).ok;
  const attached = ids.filter((id) => record.alerts[alertKey(id)] === 'attached');
  return withAlerts(turn, record, [...attached, ...(isAdded ? missing : [])]);
}

function settled(outcome: Outcome): Kept {
  return { kind: 'settled', outcome };
}
