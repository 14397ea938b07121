/**
 * Runs rules over a file of events on this machine, with the relay's own parser and rules, and asks no relay. Any length of file:
 * what is kept in memory does not grow with it.
 */

import { randomBytes } from 'node:crypto';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { PSEUDONYM_PATTERN, pseudonymOf } from '../../src/ingest/pseudonym.ts';
import { compileRules, type RuleEngine } from '../../src/rules/evaluate.ts';
import type { Rule, WindowPort } from '../../src/rules/rule.ts';
import type { WindowState } from '../../src/detection/correlation.ts';
import type { BacktestReport } from '../api-types.ts';
import { eventOfLine } from './event-of-line.ts';
import { type Line, ndjsonLines } from './ndjson-lines.ts';
import { Recent } from './recent.ts';
import { Tally } from './tally.ts';

/** As large as a webhook's body may be. */
const LINE_BYTES_MAX = 256 * 1024;
/** Bad lines that are named; the rest is counted. */
const NAMED_MAX = 20;
const WINDOWS_KEPT_MIN = 20_000;
const IDS_KEPT_MIN = 200_000;

export interface FileRun {
  readonly path: string;
  readonly tenant: string;
  readonly rules: readonly Rule[];
  /** Types of events that the relay would accept. */
  readonly forwarded: readonly string[];
  /** Of `occurredAt`, in ms. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly showsPersons: boolean;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Told how much of the file is read. */
  readonly onBytes: (bytes: number) => void;
}

export interface FileReport extends Pick<BacktestReport, 'scanned' | 'rules'> {
  /** Events that came again, by type and id. */
  readonly duplicates: number;
  /** Of a type that is not forwarded, outside of the time that was asked for, or made by the relay itself. */
  readonly leftOut: number;
  /** Lines that are no event; the first of them by their numbers. */
  readonly skipped: {
    readonly count: number;
    readonly lines: readonly { readonly line: number; readonly reason: string }[];
  };
}

export async function backtestFile(run: FileRun): Promise<FileReport> {
  const state = new FileBacktest(run);
  for await (const line of ndjsonLines(run.path, LINE_BYTES_MAX, run.signal)) {
    run.onBytes(line.bytesRead);
    state.take(line);
  }
  return state.report();
}

class FileBacktest {
  readonly #run: FileRun;
  readonly #engine: RuleEngine;
  readonly #tallies: ReadonlyMap<string, { readonly rule: Rule; readonly tally: Tally }>;
  readonly #windows = new Recent<WindowState>(WINDOWS_KEPT_MIN);
  readonly #ids = new Recent<true>(IDS_KEPT_MIN);
  readonly #port: WindowPort = {
    get: (rule, key) => this.#windows.get(JSON.stringify([rule, key])),
    put: (rule, key, state) => this.#windows.put(JSON.stringify([rule, key]), state),
  };
  #turnedAtMs: number | undefined;
  #scanned = 0;
  #duplicates = 0;
  #leftOut = 0;
  #skippedCount = 0;
  readonly #skipped: { readonly line: number; readonly reason: string }[] = [];

  constructor(run: FileRun) {
    this.#run = run;
    this.#engine = compileRules(run.rules);
    const alerting = run.rules.filter(({ isEnabled, alerts }) => isEnabled && alerts);
    this.#tallies = new Map(alerting.map((rule) => [rule.id, { rule, tally: new Tally() }]));
  }

  take({ number, text }: Line): void {
    const read =
      text === undefined
        ? ({ ok: false, error: `is longer than ${LINE_BYTES_MAX / 1024} KiB` } as const)
        : eventOfLine(text, this.#run);
    if (!read.ok) {
      this.#skippedCount++;
      if (this.#skipped.length < NAMED_MAX) this.#skipped.push({ line: number, reason: read.error });
      return;
    }
    const event = read.value;
    if (event === null || !this.#isWanted(event)) {
      this.#leftOut++;
      return;
    }
    const id = JSON.stringify([event.type, event.id]);
    if (this.#ids.get(id) === true) this.#duplicates++;
    else this.#evaluate(event);
    this.#ids.put(id, true);
    this.#ids.turn();
  }

  report(): FileReport {
    const { showsPersons } = this.#run;
    const key = randomBytes(32);
    const nameOf = (user: string): string =>
      showsPersons || PSEUDONYM_PATTERN.test(user) ? user : pseudonymOf(user, 'user_id', key);
    return {
      scanned: this.#scanned,
      duplicates: this.#duplicates,
      leftOut: this.#leftOut,
      skipped: { count: this.#skippedCount, lines: this.#skipped },
      rules: [...this.#tallies.values()].map(({ rule: { name, title }, tally }) =>
        tally.report({ rule: name, title }, nameOf),
      ),
    };
  }

  #isWanted({ type, occurredAt }: CanonicalEvent): boolean {
    const { forwarded, sinceMs, untilMs } = this.#run;
    const atMs = Date.parse(occurredAt);
    return forwarded.includes(type) && atMs >= sinceMs && atMs < untilMs;
  }

  #evaluate(event: CanonicalEvent): void {
    this.#scanned++;
    const atMs = Date.parse(event.occurredAt);
    this.#turnWindows(atMs);
    const { found, failures } = this.#engine.evaluate(event, this.#port, Date.parse(event.receivedAt));
    for (const { rule, count } of found) {
      const user = event.user?.id ?? event.user?.email;
      this.#tallies.get(rule.id)?.tally.add({ eventId: event.id, at: event.occurredAt, user, count });
    }
    for (const { rule } of failures) this.#tallies.get(rule)?.tally.fail();
  }

  /** What no event can count in any more is let go, whether the file runs forwards or backwards. */
  #turnWindows(atMs: number): void {
    this.#turnedAtMs ??= atMs;
    if (Math.abs(atMs - this.#turnedAtMs) <= 2 * this.#engine.longestWindowMs) return;
    this.#turnedAtMs = atMs;
    this.#windows.turn();
  }
}
