/** What a tenant's object says of itself, held against the model: at any time, and once everything has settled. */

import type { DeadLetterView, LaneView } from '../../../src/domain/lane-view.ts';
import { type Duty, type LaneModel, failures, isDelivered } from './lane-model.ts';
import type { LogModel } from './log-model.ts';
import type { Snapshot } from './snapshot.ts';

/** Failures of an event that is retried alone before it is a dead letter. Source: docs/architecture.md, "Behaviour of a lane". */
const RETRIED_ALONE_MIN = 10;

/** What is wrong with the log: seqs count up from 1 and never restart, nothing is in it twice, nothing is missing. */
export function faultsOfLog({ log }: Snapshot, { entries }: LogModel): string[] {
  return JSON.stringify(log) === JSON.stringify(entries)
    ? []
    : [`the log holds ${JSON.stringify(log)}, not ${JSON.stringify(entries)}`];
}

/** What is wrong with a lane, whatever is under way. */
export function faultsOfLane(lane: LaneModel, snapshot: Snapshot, before: Snapshot | undefined): string[] {
  const view = snapshot.views.find(({ lane: name }) => name === lane.name);
  if (!view) return lane.isKnown ? [`${lane.name} is gone`] : [];
  const letters = snapshot.letters.filter(({ lane: name }) => name === lane.name);
  const followUps = snapshot.followUps.filter(({ lane: name }) => name === lane.name);
  const cursor = snapshot.cursors.get(lane.name) ?? 0;
  return [
    ...(cursor < (before?.cursors.get(lane.name) ?? 0) ? ['its cursor went back'] : []),
    ...faultsOfCounts(lane, view),
    ...differs('dead letters', view.deadLettered, letters.filter(({ redrivenAt }) => !redrivenAt).length),
    ...differs('parked', view.parked, followUps.length),
    ...differs(
      'redriven',
      letters.flatMap(({ id, redrivenAt }) => (redrivenAt ? [id] : [])).join(),
      followUps
        .flatMap(({ letter }) => letter ?? [])
        .toSorted((a, b) => b - a)
        .join(),
    ),
    ...letters.flatMap((letter) => faultsOfLetter(lane, letter, letters)),
  ].map((fault) => `${lane.name}: ${fault}; ${JSON.stringify(view)}`);
}

/** Every event that the lane owes is counted once: delivered, dead, discarded, parked, or undelivered still. */
function faultsOfCounts(lane: LaneModel, view: LaneView): string[] {
  const { owed } = lane;
  const counted = view.delivered + view.deadLettered + view.expired + view.discarded + view.parked;
  // What a filter did not want once may have been passed, and is counted nowhere then.
  const passed = owed.filter((duty) => duty.isUnwantedOnce && !isDelivered(duty)).length;
  const confirmed = owed.filter((duty) => duty.attempts.some((a) => a.isConfirmed && isCounted(a))).length;
  const taken = owed.filter(isAnswered).length;
  return [
    ...(counted > owed.length ? [`counts ${counted} of ${owed.length} events`] : []),
    ...(counted + view.undelivered > owed.length
      ? [`holds ${counted + view.undelivered} of ${owed.length} events`]
      : []),
    ...(counted + view.undelivered < owed.length - passed
      ? [`has lost count: ${counted + view.undelivered} of ${owed.length} events, ${passed} maybe passed`]
      : []),
    ...(view.delivered < confirmed || view.delivered > taken
      ? [`counts ${view.delivered} as delivered, not ${confirmed} to ${taken}`]
      : []),
    ...differs('discarded', view.discarded, lane.discarded),
    // The model's time is shorter than any retention.
    ...differs('expired', view.expired, 0),
  ];
}

function isCounted({ ending, voidedBy }: Duty['attempts'][number]): boolean {
  return ending === 'taken' && voidedBy === undefined;
}

/** Whether the relay ever saw a 2xx for it. */
function isAnswered({ attempts }: Duty): boolean {
  return attempts.some(({ ending }) => ending === 'taken');
}

/** A dead letter has a reason that its destination or an operator gave, and only one. */
function faultsOfLetter(
  lane: LaneModel,
  letter: DeadLetterView,
  letters: readonly DeadLetterView[],
): string[] {
  const { eventId: id, eventType: type, reason, attempts } = letter;
  const duty = lane.duties.get(lane.log.seqOf({ type, id }) ?? 0);
  if (!duty?.isOwed) return [`has a dead letter of ${type} ${id}, which it does not owe`];
  const isTwice = letters.some((o) => o.id !== letter.id && o.eventId === id && o.eventType === type);
  const reasons = {
    rejected: duty.attempts.some(({ ending, seqs }) => ending === 'rejected' && seqs.length === 1),
    attempts_exhausted: failures(duty) >= RETRIED_ALONE_MIN,
    destination_removed: duty.isLeft,
  };
  return [
    ...(isTwice ? [`has two dead letters of ${duty.seq}`] : []),
    ...(reasons[reason] ? [] : [`has a dead letter of ${duty.seq}, ${reason}, without cause`]),
    ...(attempts > duty.attempts.length ? [`counts ${attempts} attempts of ${duty.seq}`] : []),
    // One that is redriven may just have been taken, and its letter go with the answer.
    ...(isDelivered(duty) && !letter.redrivenAt ? [`has a dead letter of ${duty.seq}, delivered`] : []),
  ];
}

/** What is wrong once destinations took everything again and time has passed: every event has come to one end. */
export function faultsOfEnd(lane: LaneModel, snapshot: Snapshot): string[] {
  const view = snapshot.views.find(({ lane: name }) => name === lane.name);
  if (!view) return [];
  const letters = new Set(
    snapshot.letters
      .filter(({ lane: name }) => name === lane.name)
      .map(({ eventType: type, eventId: id }) => lane.log.seqOf({ type, id })),
  );
  const lost = lane.owed.filter(
    (duty) => !isAnswered(duty) && !letters.has(duty.seq) && !duty.isDiscardable && !duty.isUnwantedOnce,
  );
  return [
    ...lost.map(({ seq }) => `${lane.name} has lost ${seq}`),
    ...[view.undelivered, view.parked].flatMap((left) => differs(`${lane.name} left`, left, 0)),
  ];
}

function differs(what: string, actual: number | string, expected: number | string): string[] {
  return actual === expected ? [] : [`${what}: ${actual}, not ${expected}`];
}
