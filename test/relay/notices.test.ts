import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { NOTICE_KINDS, type NoticeKind } from '../../src/domain/notice.ts';
import {
  type NoticeMark,
  type Occurrence,
  type Pending,
  QUIET_MS,
  afterOccurrence,
  afterQuiet,
  isSpent,
  noticeFacts,
  quietEndsAtMs,
} from '../../src/relay/notices.ts';

const START_MS = Date.UTC(2026, 10, 22, 8);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Told extends Pending {
  readonly kind: NoticeKind;
  readonly atMs: number;
}

/** One lane's notices: the marks and what was told, as findings.ts keeps them. */
class Notices {
  readonly told: Told[] = [];
  readonly marks = new Map<NoticeKind, NoticeMark>();
  readonly #forgets: boolean;

  constructor(forgets = false) {
    this.#forgets = forgets;
  }

  tell(occurrence: Occurrence, nowMs: number): void {
    this.#forget(nowMs);
    const { kind } = occurrence;
    const { mark, announce } = afterOccurrence(this.marks.get(keyOf(kind)), occurrence, nowMs);
    if (mark) this.marks.set(keyOf(kind), mark);
    if (announce) this.told.push({ ...announce, kind, atMs: nowMs });
  }

  flush(nowMs: number): void {
    this.#forget(nowMs);
    for (const [kind, before] of this.marks) {
      const { mark, announce } = afterQuiet(before, kind, nowMs);
      if (mark) this.marks.set(kind, mark);
      if (announce) this.told.push({ ...announce, kind, atMs: nowMs });
    }
  }

  /** Flushes at every time until `nowMs` at which there is something to tell, as the alarm does. */
  flushUntil(nowMs: number): void {
    for (;;) {
      const times = [...this.marks].flatMap(([kind, mark]) => quietEndsAtMs(mark, kind) ?? []);
      const nextMs = Math.min(...times);
      if (nextMs > nowMs) return;
      this.flush(nextMs);
    }
  }

  of(...kinds: NoticeKind[]): Told[] {
    return this.told.filter(({ kind }) => kinds.includes(kind));
  }

  #forget(nowMs: number): void {
    if (!this.#forgets) return;
    for (const [kind, mark] of this.marks) if (isSpent(mark, kind, nowMs)) this.marks.delete(kind);
  }
}

function keyOf(kind: NoticeKind): NoticeKind {
  return kind === 'lane_recovered' ? 'lane_blocked' : kind;
}

/** Infinity when there are fewer than two. */
function shortestGapMs(told: readonly Told[]): number {
  return Math.min(...told.slice(1).map(({ atMs }, n) => atMs - (told[n]?.atMs ?? 0)));
}

const lane = 'edr/events';
const counted = ['dead_letters', 'events_expired', 'retention_near', 'inbound_limited'] as const;
const anyGaps = (mostMs: number) => fc.array(fc.nat(mostMs), { minLength: 1, maxLength: 100 });

describe('a storm', () => {
  it('in an hour is one notice at once and one when the hour is over, with the exact sum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ atMs: fc.nat(HOUR_MS - 1), count: fc.integer({ min: 1, max: 500 }) }), {
          minLength: 2,
        }),
        (storm) => {
          const notices = new Notices();
          const inOrder = storm.toSorted((a, b) => a.atMs - b.atMs);
          for (const { atMs, count } of inOrder)
            notices.tell({ kind: 'dead_letters', lane, count }, START_MS + atMs);
          const [first, second] = inOrder;
          expect(notices.told).toMatchObject([{ count: first?.count, atMs: START_MS + (first?.atMs ?? 0) }]);
          notices.flushUntil(START_MS + 10 * HOUR_MS);
          expect(notices.told).toHaveLength(2);
          expect(notices.told[1]).toMatchObject({
            atMs: START_MS + (first?.atMs ?? 0) + HOUR_MS,
            sinceMs: START_MS + (second?.atMs ?? 0),
            count: inOrder.slice(1).reduce((sum, { count }) => sum + count, 0),
          });
        },
      ),
    );
  });

  it.each(counted)('of %s tells every event once, and never twice within its quiet time', (kind) => {
    const quietMs = QUIET_MS[kind];
    fc.assert(
      fc.property(
        anyGaps(quietMs),
        fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1 }),
        (gaps, counts) => {
          const notices = new Notices();
          let nowMs = START_MS;
          let sum = 0;
          for (const [n, gapMs] of gaps.entries()) {
            nowMs += gapMs;
            notices.flushUntil(nowMs);
            const count = counts[n % counts.length] ?? 1;
            notices.tell({ kind, lane, count }, nowMs);
            sum += count;
          }
          notices.flushUntil(nowMs + quietMs);
          expect(notices.told.reduce((total, { count }) => total + count, 0)).toBe(sum);
          expect(shortestGapMs(notices.told)).toBeGreaterThanOrEqual(quietMs);
        },
      ),
    );
  });

  it('is told at once again after a quiet time without it', () => {
    const notices = new Notices();
    notices.tell({ kind: 'dead_letters', lane, count: 1 }, START_MS);
    notices.tell({ kind: 'dead_letters', lane, count: 2 }, START_MS + HOUR_MS);
    expect(notices.told.map(({ count }) => count)).toEqual([1, 2]);
  });

  it('tells the newest detail, and since when', () => {
    const notices = new Notices();
    for (const [n, detail] of ['a', 'b', 'c'].entries())
      notices.tell({ kind: 'dead_letters', lane, count: 1, detail, sinceMs: START_MS - n }, START_MS + n);
    notices.flushUntil(START_MS + HOUR_MS);
    expect(notices.told.at(-1)).toMatchObject({ count: 2, detail: 'c', sinceMs: START_MS - 2 });
  });
});

describe('a lane that blocks and recovers', () => {
  it('is told as blocked, then as recovered, by turns, and as blocked once in ten minutes at most', () => {
    fc.assert(
      fc.property(anyGaps(90 * MINUTE_MS), fc.boolean(), (gaps, forgets) => {
        const notices = new Notices(forgets);
        let nowMs = START_MS;
        for (const [n, gapMs] of gaps.entries()) {
          nowMs += gapMs;
          notices.flushUntil(nowMs);
          notices.tell({ kind: n % 2 === 0 ? 'lane_blocked' : 'lane_recovered', lane }, nowMs);
        }
        const kinds = notices.told.map(({ kind }) => kind);
        expect(kinds).toEqual(kinds.map((_, n) => (n % 2 === 0 ? 'lane_blocked' : 'lane_recovered')));
        expect(shortestGapMs(notices.of('lane_blocked'))).toBeGreaterThanOrEqual(10 * MINUTE_MS);
        // In the end the operator knows how it is.
        notices.flushUntil(nowMs + HOUR_MS);
        const isBlocked = gaps.length % 2 === 1;
        expect(notices.told.at(-1)?.kind).toBe(isBlocked ? 'lane_blocked' : 'lane_recovered');
      }),
    );
  });

  it('is not told as recovered when nobody was told that it was blocked', () => {
    const notices = new Notices();
    notices.tell({ kind: 'lane_recovered', lane }, START_MS);
    expect(notices.told).toEqual([]);
    expect(notices.marks.size).toBe(0);
  });

  it('is told as recovered at once, with the time at which the block began', () => {
    const notices = new Notices();
    notices.tell({ kind: 'lane_blocked', lane, sinceMs: START_MS - 5 }, START_MS);
    notices.tell({ kind: 'lane_recovered', lane, sinceMs: START_MS - 5 }, START_MS + 1);
    expect(notices.told).toMatchObject([
      { kind: 'lane_blocked', sinceMs: START_MS - 5 },
      { kind: 'lane_recovered', sinceMs: START_MS - 5, atMs: START_MS + 1 },
    ]);
  });

  it('that blocks again within ten minutes and stays so is told when they are over, and its end too', () => {
    const notices = new Notices();
    notices.tell({ kind: 'lane_blocked', lane }, START_MS);
    notices.tell({ kind: 'lane_recovered', lane }, START_MS + 2 * MINUTE_MS);
    notices.tell({ kind: 'lane_blocked', lane, detail: 'HTTP 403' }, START_MS + 4 * MINUTE_MS);
    notices.flushUntil(START_MS + 9 * MINUTE_MS);
    expect(notices.told).toHaveLength(2);
    notices.flushUntil(START_MS + 10 * MINUTE_MS);
    expect(notices.told[2]).toMatchObject({
      kind: 'lane_blocked',
      detail: 'HTTP 403',
      sinceMs: START_MS + 4 * MINUTE_MS,
    });
    notices.tell({ kind: 'lane_recovered', lane }, START_MS + 17 * MINUTE_MS);
    notices.tell({ kind: 'lane_recovered', lane }, START_MS + 18 * MINUTE_MS);
    expect(notices.of('lane_recovered')).toHaveLength(2);
  });

  it('that recovers within ten minutes of its last notice is not told at all', () => {
    const notices = new Notices();
    notices.tell({ kind: 'lane_blocked', lane }, START_MS);
    for (let minute = 1; minute < 9; minute++)
      notices.tell(
        { kind: minute % 2 === 1 ? 'lane_recovered' : 'lane_blocked', lane },
        START_MS + minute * MINUTE_MS,
      );
    notices.tell({ kind: 'lane_recovered', lane }, START_MS + 9 * MINUTE_MS);
    notices.flushUntil(START_MS + 10 * HOUR_MS);
    expect(notices.told.map(({ kind }) => kind)).toEqual(['lane_blocked', 'lane_recovered']);
  });
});

describe('the warning before retention ends', () => {
  it('comes once in 24 hours at most, however often it is due', () => {
    const notices = new Notices();
    for (let minute = 0; minute < 72 * 60; minute += 5) {
      notices.flushUntil(START_MS + minute * MINUTE_MS);
      notices.tell({ kind: 'retention_near', lane, count: 3 }, START_MS + minute * MINUTE_MS);
    }
    expect(notices.told.map(({ atMs }) => (atMs - START_MS) / HOUR_MS)).toEqual([0, 24, 48]);
  });
});

describe('a clock that goes back', () => {
  it('keeps nobody quiet: what happens next is told at once, with what was held back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...counted), fc.integer({ min: 1, max: 1e11 }), (kind, backMs) => {
        const notices = new Notices();
        notices.tell({ kind, lane, count: 1 }, START_MS);
        notices.tell({ kind, lane, count: 2 }, START_MS);
        notices.tell({ kind, lane, count: 3 }, START_MS - backMs);
        expect(notices.told.map(({ count }) => count)).toEqual([1, 5]);
      }),
    );
  });

  it('tells what was held back with the next flush', () => {
    const notices = new Notices();
    notices.tell({ kind: 'lane_blocked', lane }, START_MS);
    notices.tell({ kind: 'lane_recovered', lane }, START_MS);
    notices.tell({ kind: 'lane_blocked', lane }, START_MS);
    notices.flush(START_MS - 1);
    expect(notices.told.at(-1)).toMatchObject({ kind: 'lane_blocked', atMs: START_MS - 1 });
    notices.flush(START_MS - 1);
    expect(notices.told).toHaveLength(3);
  });
});

describe('what is remembered of notices', () => {
  it('may be forgotten when it is spent: the same is told with it and without it', () => {
    const anyHappening = fc.record({
      kind: fc.constantFrom(...NOTICE_KINDS),
      afterMs: fc.oneof(fc.nat(HOUR_MS), fc.nat(30 * HOUR_MS), fc.constantFrom(0, HOUR_MS, 24 * HOUR_MS)),
      count: fc.nat(9),
      flushes: fc.boolean(),
    });
    let forgotten = 0;
    fc.assert(
      fc.property(fc.array(anyHappening, { maxLength: 60, size: 'max' }), (happenings) => {
        const remembers = new Notices();
        const forgets = new Notices(true);
        let nowMs = START_MS;
        for (const { kind, afterMs, count, flushes } of happenings) {
          nowMs += afterMs;
          for (const notices of [remembers, forgets])
            if (flushes) notices.flush(nowMs);
            else notices.tell({ kind, lane, count }, nowMs);
          forgotten += remembers.marks.size - forgets.marks.size;
        }
        for (const kind of NOTICE_KINDS) expect(forgets.of(kind)).toEqual(remembers.of(kind));
      }),
    );
    expect(forgotten).toBeGreaterThan(0);
  });

  it('is not spent while something is held back, while an announced block lasts, or before its quiet time is over', () => {
    const mark: NoticeMark = { announcedAtMs: START_MS, pending: null, isOpen: false };
    expect(isSpent(mark, 'dead_letters', START_MS + HOUR_MS)).toBe(true);
    expect(isSpent(mark, 'dead_letters', START_MS + HOUR_MS - 1)).toBe(false);
    expect(isSpent(mark, 'retention_near', START_MS + HOUR_MS)).toBe(false);
    expect(isSpent({ ...mark, isOpen: true }, 'lane_blocked', START_MS + 99 * HOUR_MS)).toBe(false);
    const pending = { sinceMs: START_MS, count: 1 };
    expect(isSpent({ ...mark, pending }, 'dead_letters', START_MS + 99 * HOUR_MS)).toBe(false);
  });

  it('wakes nobody while nothing is held back', () => {
    const mark: NoticeMark = { announcedAtMs: START_MS, pending: null, isOpen: true };
    expect(quietEndsAtMs(mark, 'lane_blocked')).toBeNull();
    expect(quietEndsAtMs({ ...mark, pending: { sinceMs: 0, count: 0 } }, 'lane_blocked')).toBe(
      START_MS + 10 * MINUTE_MS,
    );
    expect(afterQuiet(mark, 'lane_blocked', START_MS + HOUR_MS)).toEqual({ mark, announce: null });
  });
});

describe('what a notice tells', () => {
  it('is what happened, without what is not known', () => {
    const pending = { sinceMs: START_MS, count: 7, detail: 'HTTP 401' };
    expect(noticeFacts({ kind: 'lane_blocked', lane }, pending)).toEqual({
      kind: 'lane_blocked',
      lane,
      since: '2026-11-22T08:00:00.000Z',
      count: 7,
      detail: 'HTTP 401',
    });
    expect(noticeFacts({ kind: 'inbound_limited' }, { sinceMs: START_MS, count: 0 })).toEqual({
      kind: 'inbound_limited',
      since: '2026-11-22T08:00:00.000Z',
    });
  });
});
