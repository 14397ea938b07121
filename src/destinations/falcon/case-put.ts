/**
 * Opens a case, in the order that keeps it one case: its record is written right before Falcon is asked, so that whoever comes after a lost
 * answer, a crash or an eviction looks for it first. Only what Falcon refused for sure is forgotten again.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { FailedOutcome, Outcome } from '../../domain/outcome.ts';
import type { DeliveryIo } from '../destination.ts';
import { type HostAlerts, hostAlerts } from './alerts.ts';
import { findCase, putCase, readCase } from './case-calls.ts';
import { alertStates, withAlerts } from './case-evidence.ts';
import { type CaseFacts, activityOf, newCase, withEntries } from './case-form.ts';
import { uniqueTag } from './case-group.ts';
import { countOpening, giveBackOpening } from './case-openings.ts';
import {
  type CaseRecord,
  adopted,
  itemsBefore,
  newRecord,
  unrecorded,
  writeBefore,
  writeRecord,
} from './case-record.ts';
import { type CaseTarget, type CaseTurn, unconfirmed } from './case-turn.ts';

/** Cases are eventually consistent, and how late they are is not published: until then, one that does not show may be there. */
const SEEN_AFTER_MS = 60_000;
/** So long it is remembered that a case was not there. */
const ABSENT_MS = 3_600_000;
const DONE: Outcome = { kind: 'delivered' };

/** What became of a case that was asked for, and whose answer nobody saw. */
export type Confirmed =
  | { readonly kind: 'open'; readonly record: CaseRecord }
  /** So long ago that it would show by now: no case is remembered any more, and it takes up no room. */
  | { readonly kind: 'absent'; readonly record: CaseRecord }
  | { readonly kind: 'failed'; readonly outcome: FailedOutcome };

/** Looks for a case by its tag, for some entries. */
export async function confirmCase(
  turn: CaseTurn,
  { key }: CaseTarget,
  { record, items }: { readonly record: CaseRecord; readonly items: readonly CanonicalEvent[] },
): Promise<Confirmed> {
  const { api, io } = turn;
  const found = await findCase(api, record.tag);
  if (!found.ok) return { kind: 'failed', outcome: found.error.outcome };
  if (found.value !== undefined) return adopt(turn, { key, record, id: found.value });
  // A clock that was set back tells nothing: the wait begins anew.
  if (io.nowMs() < record.putAtMs) writeRecord(io, key, { ...record, putAtMs: io.nowMs() });
  if (!isSeenByNow(record, io.nowMs()))
    return { kind: 'failed', outcome: unconfirmed('the search does not show the case yet') };
  const { countedAtMs, ...absent } = record;
  if (countedAtMs !== undefined) giveBackOpening(io.memory, countedAtMs, io.nowMs());
  writeBefore(io, key, record);
  const isOwn = unrecorded(items, record.items).length < items.length;
  if (isOwn && givesWay(io, record.tag))
    return {
      kind: 'failed',
      outcome: unconfirmed('Falcon was asked for the case twice and did not make it'),
    };
  return { kind: 'absent', record: absent };
}

/**
 * Whether it is the second time that a case is not there. It may be the fault of its own entries, and as long as nobody knows what
 * came of the last request, others of the group can't pass: before the next one they have their turn.
 */
function givesWay({ memory, nowMs }: DeliveryIo, tag: string): boolean {
  const key = `absent:${tag}`;
  const isSecond = memory.get(key) !== undefined;
  if (isSecond) memory.delete(key);
  else memory.put(key, '', nowMs() + ABSENT_MS);
  return isSecond;
}

/** Takes what the search shows for the case, unless it turns out to be another one. */
async function adopt(
  { api, io }: CaseTurn,
  { key, record, id }: { readonly key: string; readonly record: CaseRecord; readonly id: string },
): Promise<Confirmed> {
  const read = await readCase(api, id);
  if (!read.ok) return { kind: 'failed', outcome: read.error.outcome };
  const isOurs = read.value !== undefined && (read.value.tags?.includes(record.tag) ?? true);
  if (!isOurs) return { kind: 'failed', outcome: unconfirmed('the search shows a case without the tag') };
  const open = adopted(record, id);
  writeRecord(io, key, open);
  return { kind: 'open', record: open };
}

/** Whether a case that was made when it was last asked for would show by now. */
export function isSeenByNow({ putAtMs }: CaseRecord, nowMs: number): boolean {
  return nowMs - putAtMs >= SEEN_AFTER_MS;
}

/**
 * Opens a case for entries of which no case is known. `before` is what was remembered of an earlier one: nothing of it goes into this
 * one, for Falcon may have failed over just that.
 */
export async function openCase(
  turn: CaseTurn,
  target: CaseTarget,
  items: readonly CanonicalEvent[],
  before: CaseRecord | undefined,
): Promise<Outcome> {
  const [opener] = items;
  if (!opener) return DONE;
  const { config, context, io } = turn;
  const tag = uniqueTag({ tenant: context.tenant, destination: config.name, key: target.key, opener });
  const countedAtMs = io.nowMs();
  const empty = {
    ...newRecord(tag, opener, countedAtMs),
    items: before ? itemsBefore(before) : [],
    ...(!target.isStorm && { countedAtMs }),
  };
  if (!target.isStorm) countOpening(io.memory, countedAtMs);
  const activity = await activityOf(turn, target, items);
  const asked = await ask(turn, target, { record: withEntries(target, empty, items), items, activity });
  if (!asked.isRefused) return asked.outcome;
  if (!target.isStorm) giveBackOpening(io.memory, countedAtMs, io.nowMs());
  forget(turn, target, before, asked.outcome);
  return asked.outcome;
}

interface Asked {
  readonly outcome: Outcome;
  /** There is no case now, for sure. */
  readonly isRefused: boolean;
}

type AskInput = Omit<CaseFacts, 'alerts'>;

async function ask(turn: CaseTurn, target: CaseTarget, input: AskInput): Promise<Asked> {
  const alerts = target.isStorm ? undefined : await hostAlerts(turn, input.items);
  if (alerts && !alerts.ok) return { outcome: alerts.error, isRefused: true };
  const found = alerts?.value;
  const asked = await askWith(turn, target, input, found);
  if (asked.outcome.kind !== 'rejected' || !found || found.ids.length === 0) return asked;
  // Falcon may take an alert for no evidence: better the case without it than none.
  const without = { ids: [], severity: found.severity, note: `${found.note}, not attached: Falcon refused` };
  return askWith(turn, target, input, without);
}

async function askWith(
  turn: CaseTurn,
  target: CaseTarget,
  { record, items, activity }: AskInput,
  alerts: HostAlerts | undefined,
): Promise<Asked> {
  const { api, io } = turn;
  const ids = alerts?.ids ?? [];
  let opening: CaseRecord = {
    ...record,
    state: 'opening',
    alertSeverity: alerts?.severity ?? 0,
    alerts: alertStates(ids, 'attached'),
  };
  // Not before: a minute may pass until the account has a turn, and from this moment on a case may be there.
  const put = await putCase(api, newCase(turn, target, { record: opening, items, alerts, activity }), () => {
    opening = { ...opening, putAtMs: io.nowMs() };
    writeRecord(io, target.key, opening);
  });
  if (!put.ok) {
    const { outcome, mayBeDone } = put.error;
    return { outcome, isRefused: !mayBeDone };
  }
  if (put.value === undefined) return { outcome: unconfirmed('the answer names no case'), isRefused: false };
  const open: CaseRecord = { ...opening, state: 'open', caseId: put.value };
  writeRecord(io, target.key, open);
  if (ids.length > 0) writeRecord(io, target.key, await withAlerts(turn, open, ids));
  return { outcome: DONE, isRefused: false };
}

/** Falcon made no case. What an earlier request may have made is still looked for, unless Falcon takes none like it. */
function forget(
  { io }: CaseTurn,
  { key }: CaseTarget,
  before: CaseRecord | undefined,
  outcome: Outcome,
): void {
  const isHopeless = before?.state === 'opening' && outcome.kind === 'rejected';
  if (!before) io.memory.delete(key);
  else if (isHopeless) writeBefore(io, key, before);
  else writeRecord(io, key, before);
}
