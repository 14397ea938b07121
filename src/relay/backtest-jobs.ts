/**
 * Runs of rules over what a tenant has stored, a step per request, so that delivery is not disturbed: a step takes turns with the lanes.
 * The runs are in memory alone: an object that starts anew has none. Writes nothing but the audit of who was shown persons.
 */

import type { BacktestRequest } from '../domain/rule-views.ts';
import type { BacktestAnswer } from '../domain/rules-rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Busy } from '../domain/unavailable.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Rule } from '../rules/rule.ts';
import type { Audit } from './audit.ts';
import { Backtest, type Marks } from './backtest.ts';
import { detectionIn } from './detection-store.ts';
import type { RelayIo } from './io.ts';
import type { EventLog } from './log.ts';
import { CLOCK_SLACK_MS, ROWS_PER_TURN_MAX, type ScanBudget, scanLog } from './log-scan.ts';
import { openPersonKeys } from './person-keys.ts';
import { alertsIfOn, findRule, rulesOfText } from './rules-asked.ts';

const JOBS_MAX = 4;
/** Nobody asks for it any more. */
const IDLE_MS = 10 * 60_000;
const ROWS_PER_STEP_MAX = 20_000;
/** Of many rules a turn takes fewer rows: other requests wait for it. */
const RULES_PER_FULL_TURN = 4;
const ROWS_PER_TURN_MIN = 25;
const PERIOD_MS = 7 * 24 * 3_600_000;
/** Newest detections that are looked through for marks, and events of those that have one. */
const DETECTIONS_LOOKED_MAX = 20_000;
const MARKS_MAX = 20_000;

export interface BacktestParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly audit: Audit;
  readonly sealer: Sealer;
  readonly io: RelayIo;
  readonly budget: ScanBudget;
  readonly config: () => SealedTenantConfig;
  readonly rules: () => readonly Rule[];
  readonly isRemoved: () => boolean;
}

interface Job {
  readonly id: string;
  readonly run: Backtest;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Of the first entry, and of the last. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Up to here it has looked. */
  seq: number;
  isRunning: boolean;
  askedAtMs: number;
}

const BUSY: Busy = { kind: 'busy', retryAfterSeconds: 1 };

export class BacktestJobs {
  readonly #parts: BacktestParts;
  readonly #jobs = new Map<string, Job>();

  constructor(parts: BacktestParts) {
    this.#parts = parts;
  }

  /** Begins a run, or goes on with one. An answer without progress is `busy`. */
  async step(request: BacktestRequest): Promise<BacktestAnswer> {
    const { io, sealer, config, isRemoved } = this.#parts;
    this.#dropIdle(io.nowMs());
    const job = request.job === undefined ? this.#begin(request) : this.#jobs.get(request.job);
    if (job === undefined) return { kind: 'job_lost' };
    if ('kind' in job) return job;
    if (job.isRunning) return BUSY;
    job.isRunning = true;
    try {
      const before = job.seq;
      const busy = await this.#work(job);
      if (isRemoved()) return { kind: 'unknown_tenant' };
      if (busy && job.seq === before) {
        if (request.job === undefined) this.#jobs.delete(job.id);
        return busy;
      }
      const keys = await openPersonKeys(sealer, config());
      if (isRemoved()) return { kind: 'unknown_tenant' };
      if (!this.#jobs.has(job.id)) return { kind: 'job_lost' };
      return this.#answer(job, request, keys);
    } finally {
      job.isRunning = false;
      job.askedAtMs = io.nowMs();
    }
  }

  /** All runs are lost: what they have counted is not to be told any more. */
  forget(): void {
    this.#jobs.clear();
  }

  #answer(
    job: Job,
    { actor, showsPersons }: BacktestRequest,
    keys: Awaited<ReturnType<typeof openPersonKeys>>,
  ): BacktestAnswer {
    const { audit, io } = this.#parts;
    const { id, firstSeq, lastSeq, seq } = job;
    const isComplete = seq >= lastSeq;
    const isShown = showsPersons && isComplete;
    const report = job.run.report(keys, isShown);
    const users = report.rules.reduce((sum, { topUsers }) => sum + topUsers.length, 0);
    if (isShown && users > 0)
      audit.append('persons.shown', actor, { what: 'backtest', count: users }, io.nowMs());
    return {
      kind: 'backtest',
      job: id,
      isComplete,
      scanned: seq - firstSeq + 1,
      total: lastSeq - firstSeq + 1,
      since: new Date(job.sinceMs).toISOString(),
      until: new Date(job.untilMs).toISOString(),
      ...report,
    };
  }

  /** A step's worth of rows, in turns; what keeps it from going on. */
  async #work(job: Job): Promise<Busy | undefined> {
    const { db, log, io, budget, isRemoved } = this.#parts;
    const share = Math.max(1, job.run.eventCost / RULES_PER_FULL_TURN);
    const turnRows = Math.max(ROWS_PER_TURN_MIN, Math.floor(ROWS_PER_TURN_MAX / share));
    const pick = (entry: Parameters<Backtest['take']>[0]): undefined => {
      job.run.take(entry);
    };
    for (let rows = 0; rows < ROWS_PER_STEP_MAX && job.seq < job.lastSeq;) {
      const rowsMax = Math.min(turnRows, job.lastSeq - job.seq);
      const turn = budget.turn(
        () => scanLog(db, log, { after: job.seq }, 1, { texts: [], pick, rowsMax }),
        rowsMax,
      );
      if ('kind' in turn) return turn;
      // What is not there any more went with its retention.
      job.seq = turn.isComplete ? job.lastSeq : Math.min(turn.lastSeq ?? job.lastSeq, job.lastSeq);
      rows += turn.rows;
      await io.sleep(0);
      if (isRemoved()) return undefined;
    }
    return undefined;
  }

  #begin(
    request: BacktestRequest,
  ): Job | Extract<BacktestAnswer, { kind: 'not_found' | 'text_refused' | 'busy' }> {
    const { db, log, io, config, rules } = this.#parts;
    if (this.#jobs.size >= JOBS_MAX) return { kind: 'busy', retryAfterSeconds: 60 };
    const { text, rule: reference } = request;
    const ofText = text === undefined ? undefined : rulesOfText(text, config());
    if (ofText && !ofText.ok) return { kind: 'text_refused', faults: ofText.error };
    const known = ofText?.value ?? rules();
    const chosen = reference === undefined ? undefined : findRule(known, reference);
    if (reference !== undefined && !chosen) return { kind: 'not_found' };
    const nowMs = io.nowMs();
    // The Worker's clock, by which entries are received, may be ahead of the object's: without an end there is none.
    const { untilMs = Infinity, sinceMs = Math.min(untilMs, nowMs) - PERIOD_MS } = request;
    const run = new Backtest({
      rules: known,
      isAsked: chosen ? ({ id }) => id === chosen.id : alertsIfOn,
      sinceMs,
      untilMs,
      marks: marksOf(db),
    });
    const firstSeq = seqAt(log, sinceMs - run.longestWindowMs - CLOCK_SLACK_MS);
    const lastSeq = Math.max(firstSeq - 1, seqAt(log, untilMs + CLOCK_SLACK_MS) - 1);
    const job: Job = {
      id: io.newId(),
      run,
      sinceMs,
      untilMs: Math.min(untilMs, nowMs),
      firstSeq,
      lastSeq,
      seq: firstSeq - 1,
      isRunning: false,
      askedAtMs: nowMs,
    };
    this.#jobs.set(job.id, job);
    return job;
  }

  /** A clock that has gone back drops them, too. Of those that are complete the oldest make room. */
  #dropIdle(nowMs: number): void {
    for (const { id, isRunning, askedAtMs } of this.#jobs.values())
      if (!isRunning && Math.abs(nowMs - askedAtMs) > IDLE_MS) this.#jobs.delete(id);
    const done = [...this.#jobs.values()].find(({ isRunning, seq, lastSeq }) => !isRunning && seq >= lastSeq);
    if (this.#jobs.size >= JOBS_MAX && done) this.#jobs.delete(done.id);
  }
}

/** The first entry that was received at a time or later: by halves, as entries stand nearly in the order of their receipt. */
function seqAt(log: EventLog, atMs: number): number {
  let [low, high] = [log.oldestSeq, log.head + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    // Single entries may be gone: the next one tells.
    const [entry] = log.page(middle - 1, 1, 1);
    if (entry && Date.parse(entry.event.receivedAt) >= atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What analysts found of the newest detections, by the events that these were about. */
function marksOf(db: Database): Marks {
  const marks = new Map<string, Map<string, Verdict>>();
  let count = 0;
  const newest = 'SELECT verdict, body FROM detections ORDER BY seq DESC LIMIT ?';
  const judged = db.each<{ verdict: string; body: string }>(
    `SELECT verdict, body FROM (${newest}) WHERE verdict IS NOT NULL`,
    DETECTIONS_LOOKED_MAX,
  );
  for (const { verdict, body } of judged) {
    const { detection } = detectionIn(body) ?? {};
    if (!detection || count >= MARKS_MAX) continue;
    for (const rule of new Set([detection.ruleId, detection.ruleName])) {
      const events = marks.get(rule) ?? new Map<string, Verdict>();
      for (const id of detection.eventIds) if (!events.has(id)) events.set(id, verdict as Verdict);
      marks.set(rule, events);
    }
    count += detection.eventIds.length;
  }
  return marks;
}
