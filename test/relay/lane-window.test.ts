/* oxlint-disable typescript/no-unsafe-type-assertion -- a log and events have only the parts that are read */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { DETECTION_TYPE } from '../../src/domain/detection.ts';
import { DIGEST_TYPE } from '../../src/domain/digest.ts';
import { NOTICE_TYPE } from '../../src/domain/notice.ts';
import { INDICATORS_CHANGED_TYPE, type Takes } from '../../src/domain/wanted.ts';
import { countWanted } from '../../src/relay/count-wanted.ts';
import type { Filter } from '../../src/relay/lane-history.ts';
import { newLane, undelivered } from '../../src/relay/lane-state.ts';
import { LaneWindow } from '../../src/relay/lane-window.ts';
import type { EventLog } from '../../src/relay/log.ts';

/** A log of these seqs, each event with its seq as id. Those between them went with a period. */
function logOf(seqs: readonly number[], head = seqs.at(-1) ?? 0): EventLog {
  const entries = seqs.map((seq) => ({ seq, length: 100, event: eventOf(seq) }));
  return {
    head,
    page: (afterSeq: number, entriesMax: number) =>
      entries.filter(({ seq }) => seq > afterSeq).slice(0, entriesMax),
    countBetween: (afterSeq: number, lastSeq: number, without: readonly string[]) =>
      entries.filter(
        ({ seq, event }) =>
          seq > afterSeq && seq <= lastSeq && !without.some((text) => JSON.stringify(event).includes(text)),
      ).length,
  } as unknown as EventLog;
}

/** Every fiftieth is an entry that the relay made for its own lanes, every seventieth a detection, every 30th tells people. */
function eventOf(seq: number): CanonicalEvent {
  const id = String(seq);
  if (seq % 50 === 0) return { id, type: INDICATORS_CHANGED_TYPE } as CanonicalEvent;
  if (seq % 70 === 0) return { id, type: DETECTION_TYPE, detection: detectionOf(seq) } as CanonicalEvent;
  if (seq % 60 === 0) return { id, type: DIGEST_TYPE, digest: {} } as CanonicalEvent;
  if (seq % 30 === 0) return { id, type: NOTICE_TYPE, notice: { lane: laneOf(seq) } } as CanonicalEvent;
  return { id, type: seq % 2 === 0 ? 'even' : 'odd' } as CanonicalEvent;
}

/** In turn: low, high, and high of a rule that runs dry. */
function detectionOf(seq: number) {
  const turn = (seq / 70) % 3;
  return { level: turn === 0 ? 'low' : 'high', dryRun: turn === 2 };
}

function laneOf(seq: number): string {
  return seq % 90 === 0 ? 'soc/messages' : 'edr/events';
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const all = (_event: CanonicalEvent) => true;
const isEven = ({ id }: CanonicalEvent) => Number(id) % 2 === 0;

function windowOf(seqs: readonly number[], settled: readonly number[] = [], cursor = 0): LaneWindow {
  return new LaneWindow(logOf(seqs), cursor, (seq) => settled.includes(seq));
}

describe('the event past a failing head', () => {
  /** The window of a lane whose head was sent and has failed. */
  function failedAt(head: number, window: LaneWindow, wants = all): LaneWindow {
    for (let seq = 0; seq !== head;) seq = window.take(1, Infinity, wants)[0]?.seq ?? head;
    window.release([head]);
    return window;
  }

  it.each([
    ['the next one', 1, all, 2],
    ['the one after those that failed too', 4, all, 5],
    ['one that is not read yet', 701, all, 702],
    ['none when the log has no more', 1000, all, undefined],
    ['the next one that the lane wants', 2, isEven, 4],
  ] as const)('is %s', (_name, tried, wants, seq) => {
    const window = failedAt(wants === all ? 1 : 2, windowOf(upTo(1000)), wants);
    expect(window.takePast(tried, wants)?.seq).toBe(seq);
  });

  it('is never settled already', () => {
    const window = failedAt(1, windowOf(upTo(9), [2, 3]));
    expect(window.takePast(1, all)?.seq).toBe(4);
  });

  it('is never the head, also when an earlier event failed meanwhile and waits again', () => {
    const window = windowOf(upTo(9));
    for (let n = 0; n < 3; n++) window.take(1, Infinity, all);
    window.settle([3]);
    window.release([1]);
    window.release([2]);
    expect(window.takePast(2, all)?.seq).toBe(4);
  });

  it('is under way: it is sent once, and the head is still the first to be sent', () => {
    const window = failedAt(1, windowOf(upTo(3)));
    expect(window.takePast(1, all)?.seq).toBe(2);
    expect(window.takePast(1, all)?.seq).toBe(3);
    expect(window.take(9, Infinity, all).map(({ seq }) => seq)).toEqual([1]);
  });

  it('counts its attempts, and leaves the cursor at the head', () => {
    const window = failedAt(1, windowOf(upTo(3)));
    window.takePast(1, all);
    window.release([2]);
    expect(window.get(2)?.attempts).toBe(1);
    window.settle([2]);
    expect(window.position.firstOpen).toBe(1);
  });
});

describe('the number of events that a lane has still to deliver', () => {
  it('is exact, whatever is settled above the cursor and whatever the lane wants', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1_500 }), { maxLength: 900, size: 'max' }),
        fc.nat(1_500),
        fc.nat(1_500),
        fc.infiniteStream(fc.boolean()),
        (unsorted, cursor, lastSeq, isSettled) => {
          const seqs = unsorted.toSorted((a, b) => a - b);
          const ahead = seqs.filter(
            (seq) => seq > cursor && isSettled.next().value && ['even', 'odd'].includes(eventOf(seq).type),
          );
          const open = seqs.filter((seq) => seq > cursor && seq <= lastSeq && !ahead.includes(seq));
          const state = { ...newLane(cursor), ahead };
          const count = (filter: Filter) => countWanted(logOf(seqs, 1_500), state, lastSeq, () => filter);
          const ofType = (...types: string[]) =>
            open.filter((seq) => types.includes(eventOf(seq).type) && !eventOf(seq).detection?.dryRun).length;
          const everything: Takes = { events: 'all', detections: 'all' };
          expect(count({})).toBe(ofType('even', 'odd'));
          expect(count({ takes: everything })).toBe(ofType('even', 'odd', DETECTION_TYPE));
          expect(count({ events: ['even'] })).toBe(ofType('even'));
          expect(count({ events: ['even'], takes: everything })).toBe(ofType('even', DETECTION_TYPE));
          expect(count({ takes: { control: INDICATORS_CHANGED_TYPE } })).toBe(
            ofType(INDICATORS_CHANGED_TYPE),
          );
          const high: Takes = { events: 'all', detections: 'all', detectionsAtOrAbove: 'high' };
          const isHigh = (seq: number) => detectionOf(seq).level === 'high';
          const lowOnes = open.filter((seq) => eventOf(seq).detection && !isHigh(seq)).length;
          expect(count({ takes: high })).toBe(ofType('even', 'odd', DETECTION_TYPE) - lowOnes);
          expect(count({ takes: { events: 'all', digests: true } })).toBe(ofType('even', 'odd', DIGEST_TYPE));
          const own = open.filter((seq) => eventOf(seq).notice?.lane === 'soc/messages').length;
          expect(count({ takes: { noticesBut: 'soc/messages' } })).toBe(ofType(NOTICE_TYPE) - own);
        },
      ),
    );
  });

  it('holds nothing of what came while its destination was away, and knows the filter of each stretch', () => {
    const log = logOf(upTo(20), 20);
    const state = { ...newLane(2), ahead: [4], leaving: [{ to: 6, thenFrom: 9 }, { to: 12 }] };
    const back = { ...state, leaving: [...state.leaving.slice(0, 1), { to: 12, thenFrom: 15 }] };
    const everything = () => ({});
    const even = { events: ['even'] };
    // 3 5 6 · 10 11 12, and 16 to 20 once it is back.
    expect(countWanted(log, state, 20, everything)).toBe(6);
    expect(countWanted(log, back, 20, everything)).toBe(11);
    expect(countWanted(log, back, 10, everything)).toBe(4);
    expect(countWanted(log, back, 20, ({ leaving }) => (leaving ? even : {}))).toBe(1 + 2 + 5);
    expect(undelivered(state, 20)).toBe(6);
    expect(undelivered(back, 20)).toBe(11);
    expect(undelivered({ ...back, cursor: 18, ahead: [] }, 20)).toBe(2);
  });
});

describe('entries that belong together', () => {
  /** Those of a ten. */
  const joins = (one: CanonicalEvent, other: CanonicalEvent) =>
    Math.floor(Number(one.id) / 10) === Math.floor(Number(other.id) / 10);
  const taken = (window: LaneWindow, width: number, lengthMax = Infinity) =>
    window.take(width, lengthMax, all, joins).map(({ seq }) => seq);

  it('are taken together, however few a request may have', () => {
    const window = windowOf([8, 9, 11, 12, 13, 21]);
    expect([taken(window, 1), taken(window, 1), taken(window, 1)]).toEqual([[8, 9], [11, 12, 13], [21]]);
  });

  it('are added to what the width has, and never exceed the length', () => {
    expect(taken(windowOf([8, 9, 11, 12, 13]), 3)).toEqual([8, 9, 11, 12, 13]);
    expect(taken(windowOf([8, 9, 11, 12, 13]), 3, 400)).toEqual([8, 9, 11, 12]);
  });

  it('are taken one by one once they failed', () => {
    const window = windowOf([11, 12, 21]);
    window.release(taken(window, 1));
    expect([taken(window, 1), taken(window, 1)]).toEqual([[11], [12]]);
  });
});
