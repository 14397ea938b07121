/**
 * What one lane owes: a duty per accepted event, and what became of it, from what its destination saw and what operators did.
 * It knows nothing of cursors, back-off, parking or batches. Every request is held to it at the moment it is made.
 */

import type { Attempt, Ending, Wire } from './attempt.ts';
import type { Entry, LogModel } from './log-model.ts';

export interface LaneSettings {
  readonly isEnabled: boolean;
  readonly token: string;
  /** Requests that may be under way at once. */
  readonly inFlight: number;
  /** Only these types; null: all. */
  readonly types: readonly string[] | null;
}

/** What the lane owes for one event. */
export interface Duty extends Entry {
  /** False: accepted before the lane's start, or while its destination was removed. */
  isOwed: boolean;
  /** A filter that did not want it was in force before it was delivered: the lane may have passed it. */
  isUnwantedOnce: boolean;
  /** Given up by an operator, or left behind by an earlier life of the destination: never sent again, unless redriven. */
  isOver: boolean;
  isDiscardable: boolean;
  /** Its destination was removed before it was delivered. */
  isLeft: boolean;
  /** An operator had its dead letter sent again: it goes out whatever the filter says now. */
  isRedriven: boolean;
  readonly attempts: Attempt[];
}

/** From so many failures of a head on, a probe may try the event past it. Source: docs/architecture.md, "Behaviour of a lane". */
const HEAD_FAILURES_MIN = 3;

export class LaneModel {
  readonly name: string;
  readonly isBatched: boolean;
  readonly log: LogModel;
  readonly violations: string[];
  readonly duties = new Map<number, Duty>();
  /** Null: its destination is not configured. */
  settings: LaneSettings | null = null;
  isKnown = false;
  /** Events that resumes from now have answered to have given up. */
  discarded = 0;
  #headAtRemoval = 0;
  #inFlightMax = 0;
  readonly #underWay = new Set<Attempt>();
  readonly #unconfirmed = new Set<Attempt>();
  #last: Attempt | undefined;
  /** The highest seq that was sent for the first time, probes past a failing head aside. */
  #firstSentTo = 0;
  readonly #repeatedAfterCrash = new Map<number, Set<number>>();
  readonly #attemptIds = new Set<string>();

  constructor(name: string, isBatched: boolean, log: LogModel, violations: string[]) {
    this.name = name;
    this.isBatched = isBatched;
    this.log = log;
    this.violations = violations;
  }

  get underWay(): ReadonlySet<Attempt> {
    return this.#underWay;
  }

  get owed(): Duty[] {
    return [...this.duties.values()].filter(({ isOwed }) => isOwed);
  }

  /** An event is appended to the log. */
  append(entry: Entry): void {
    const isOwed = this.settings !== null;
    this.duties.set(entry.seq, {
      ...entry,
      isOwed,
      isUnwantedOnce: isOwed && !this.wants(entry),
      isOver: false,
      isDiscardable: false,
      isLeft: false,
      isRedriven: false,
      attempts: [],
    });
  }

  /** A config is saved in which the destination stands. `isLeaving`: what an earlier removal left was not all moved to the dead letters. */
  configure(settings: LaneSettings, from: 'now' | 'backlog', isLeaving: boolean): void {
    const isJoining = this.settings === null;
    this.settings = settings;
    this.#inFlightMax = Math.max(this.#inFlightMax, settings.inFlight);
    if (isJoining) this.#join(from, isLeaving);
    this.isKnown = true;
    for (const duty of this.duties.values())
      if (duty.isOwed && !isDelivered(duty) && !this.wants(duty)) duty.isUnwantedOnce = true;
  }

  /**
   * A lane that comes into the config starts where it is told; one that comes back sends nothing of its earlier life again.
   * One that comes back while it is still leaving does so once that is over (lane-state.ts, `rejoined`).
   */
  #join(from: 'now' | 'backlog', isLeaving: boolean): void {
    for (const duty of this.duties.values()) {
      const isEarlier = this.isKnown && duty.seq <= this.#headAtRemoval;
      if (isEarlier && !isLeaving) Object.assign(duty, { isOver: true, isRedriven: false });
      if (!isEarlier && !duty.isOver && from === 'backlog') duty.isOwed = true;
      if (!duty.isOwed) duty.isOver = true;
    }
  }

  /** A config is saved in which the destination does not stand any more. */
  remove(): void {
    if (!this.settings) return;
    this.settings = null;
    this.#headAtRemoval = this.log.head;
    for (const duty of this.owed) if (!isDelivered(duty)) duty.isLeft = true;
  }

  /** The destination is resumed from now. What is under way may yet be taken, but is given up. */
  giveUp(): void {
    for (const attempt of this.#unconfirmed) attempt.voidedBy ??= 'given_up';
    for (const duty of this.duties.values()) {
      if (duty.isOwed && !isDelivered(duty)) duty.isDiscardable = true;
      duty.isOver = true;
      duty.isRedriven = false;
    }
  }

  redriven(seq: number): void {
    const duty = this.duties.get(seq);
    if (duty) duty.isRedriven = true;
  }

  /** The object's memory is gone. */
  crash(crashNumber: number): void {
    for (const attempt of this.#unconfirmed) {
      attempt.ending ??= 'gone';
      // The others failed, as far as the relay could see: they are sent again without a crash, too.
      if (attempt.ending === 'taken' || attempt.ending === 'gone') attempt.voidedBy ??= crashNumber;
    }
    this.#underWay.clear();
    this.#unconfirmed.clear();
  }

  /** Nothing is under way, and what came of it is written. */
  confirm(): void {
    for (const attempt of this.#unconfirmed) if (attempt.ending) attempt.isConfirmed = true;
    for (const attempt of this.#unconfirmed) if (attempt.isConfirmed) this.#unconfirmed.delete(attempt);
  }

  /** A request is made. */
  begin(wire: Wire, startedAtMs: number): Attempt {
    const duties = wire.events.flatMap((event) => {
      const duty = this.duties.get(this.log.seqOf(event) ?? 0);
      if (!duty) this.#violate(`sends ${event.type} ${event.id}, which was never accepted`);
      return duty ?? [];
    });
    const attempt: Attempt = {
      seqs: duties.map(({ seq }) => seq),
      startedAtMs,
      ending: undefined,
      isTaken: false,
      isConfirmed: false,
      voidedBy: undefined,
    };
    this.#checkRequest(wire);
    for (const duty of duties) this.#checkDuty(duty);
    this.#checkOrder(attempt, duties);
    for (const duty of duties) duty.attempts.push(attempt);
    this.#underWay.add(attempt);
    this.#unconfirmed.add(attempt);
    return attempt;
  }

  /** The relay has its answer, or gave up waiting. */
  end(attempt: Attempt, ending: Ending): void {
    if (attempt.ending) return;
    attempt.ending = ending;
    if (ending === 'taken') attempt.isTaken = true;
    this.#underWay.delete(attempt);
    this.#last = attempt;
  }

  #checkRequest({ token, attemptId, idempotencyKey, events }: Wire): void {
    if (!this.settings?.isEnabled)
      return this.#violate('sends although its destination is disabled or removed');
    if (token !== this.settings.token) this.#violate(`sends with ${token}, not ${this.settings.token}`);
    if (this.#underWay.size >= this.settings.inFlight)
      this.#violate(`has more than ${this.settings.inFlight} requests under way`);
    if (this.#attemptIds.has(attemptId)) this.#violate(`uses attempt id ${attemptId} again`);
    this.#attemptIds.add(attemptId);
    const [event] = events;
    if (!this.isBatched && idempotencyKey !== `${event?.type}:${event?.id}`)
      this.#violate(`sends ${event?.type} ${event?.id} with idempotency key ${idempotencyKey}`);
  }

  #checkDuty(duty: Duty): void {
    const { seq, isOwed, isOver, isRedriven, attempts } = duty;
    if (!isOwed) this.#violate(`sends ${seq}, from before its start`);
    if (isOver && !isRedriven) this.#violate(`sends ${seq}, which was given up`);
    if (!isRedriven && !this.wants(duty)) this.#violate(`sends ${seq}, which its filter does not want`);
    if (isDelivered(duty)) this.#violate(`sends ${seq} again, although its 2xx was seen and written`);
    const crash = attempts.find(({ voidedBy, isTaken }) => isTaken && typeof voidedBy === 'number')?.voidedBy;
    if (typeof crash === 'number') this.#noteRepeat(crash, seq);
  }

  /** After a crash at most twice `in_flight` events are sent again, or one batch. Source: docs/decisions/0002. */
  #noteRepeat(crash: number, seq: number): void {
    const repeated = (this.#repeatedAfterCrash.get(crash) ?? new Set()).add(seq);
    this.#repeatedAfterCrash.set(crash, repeated);
    const batches = [...this.duties.values()].flatMap(({ attempts }) =>
      attempts.filter(({ voidedBy }) => voidedBy === crash).map(({ seqs }) => seqs.length),
    );
    const repeatedMax = this.isBatched ? Math.max(...batches) : 2 * this.#inFlightMax;
    if (repeated.size > repeatedMax)
      this.#violate(`repeats ${[...repeated].join(', ')} after crash ${crash}: more than ${repeatedMax}`);
  }

  /** First attempts start in the log's order, but for a probe past a failing head. */
  #checkOrder(attempt: Attempt, duties: readonly Duty[]): void {
    const isProbePastHead = this.#isProbePastHead(attempt);
    for (const duty of duties) {
      if (duty.attempts.length > 0 || duty.isRedriven) continue;
      // One that a filter kept back when the lane passed it goes out when the filter lets it.
      if (duty.seq < this.#firstSentTo && !duty.isUnwantedOnce)
        this.#violate(`sends ${duty.seq} for the first time after ${this.#firstSentTo}`);
      if (isProbePastHead) continue;
      if (this.settings?.inFlight === 1) this.#checkStrictOrder(attempt, duty);
      this.#firstSentTo = Math.max(this.#firstSentTo, duty.seq);
    }
  }

  /** With one request at a time nothing is sent while an earlier event is to be sent again, unless that is parked. */
  #checkStrictOrder(attempt: Attempt, { seq }: Duty): void {
    for (const earlier of this.duties.values()) {
      if (earlier.seq >= seq || attempt.seqs.includes(earlier.seq)) continue;
      const { attempts, isOver, isLeft, isRedriven, isUnwantedOnce } = earlier;
      if (attempts.length === 0 || isOver || isLeft || isRedriven || isUnwantedOnce) continue;
      const isEndedMaybe = attempts.some(
        ({ ending, seqs }) => ending === 'taken' || (ending === 'rejected' && seqs.length === 1),
      );
      if (!isEndedMaybe && failuresAsHead(earlier) < HEAD_FAILURES_MIN)
        this.#violate(`sends ${seq} before ${earlier.seq} is settled, with one request at a time`);
    }
  }

  #isProbePastHead({ seqs }: Attempt): boolean {
    const head = this.duties.get(this.#last?.seqs[0] ?? 0);
    if (!head || this.#last?.seqs.length !== 1 || this.#last.ending !== 'failed') return false;
    const isAlone = seqs.length === 1 && this.#underWay.size === 0;
    return isAlone && (seqs[0] ?? 0) > head.seq && failuresAsHead(head) >= HEAD_FAILURES_MIN;
  }

  /** Whether the filter of now wants it; a lane without a destination has none. */
  wants({ type }: Entry): boolean {
    return !this.settings?.types || this.settings.types.includes(type);
  }

  #violate(what: string): void {
    this.violations.push(`${this.name} ${what}`);
  }
}

/** Whether the relay must know that the event is delivered: its 2xx was seen, and nothing came in between. */
export function isDelivered({ attempts }: Duty): boolean {
  return attempts.some(({ ending, voidedBy }) => ending === 'taken' && voidedBy === undefined);
}

/** Failures of the event that count when it is retried alone: a destination that is busy is not the event's fault. */
export function failures({ attempts, seq }: Duty): number {
  return attempts.filter(({ ending, seqs }) => ending === 'failed' && seqs[0] === seq).length;
}

function failuresAsHead({ attempts, seq }: Duty): number {
  return attempts.filter(({ ending, seqs }) => (ending === 'failed' || ending === 'busy') && seqs[0] === seq)
    .length;
}
