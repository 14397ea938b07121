/** Rules, detections and windows as operators ask for them and see them. Types and constants. No secret, and no person unless asked for. */

import type { DetectionFacts } from './detection-facts.ts';
import type { CanonicalEvent } from './event.ts';
import type { EventView, UserName } from './event-view.ts';
import type { Explanation } from './explanation.ts';
import type { Actor } from './principal.ts';
import type { Level } from './severity.ts';
import type { PlaybookName } from './playbook.ts';
import type { Response } from './verbs.ts';
import type { Verdict } from './verdict.ts';

/** What has become of a rule since it was first used. Kept when the rule is switched off. */
export interface RuleCounts {
  readonly detections: number;
  /** Of runs that did nothing. */
  readonly dryRuns: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** Events that it failed on. */
  readonly failures: number;
  /** ISO 8601 UTC. */
  readonly lastDetectionAt?: string;
}

/** A rule of a tenant. */
export interface RuleView {
  /** Its Sigma id; of a rule without one, its name. */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly level: Level;
  readonly source: 'bundled' | 'custom';
  readonly kind: 'rule' | 'correlation';
  /** Switched on; of a rule that only other rules refer to, too. */
  readonly enabled: boolean;
  /** False: it alerts only as a part of a correlation. */
  readonly alerts: boolean;
  readonly dryRun: boolean;
  readonly respond: readonly Response[];
  readonly playbook?: PlaybookName;
  readonly tags: readonly string[];
  readonly author?: string;
  readonly counts: RuleCounts;
}

/** With all that is known of it. */
export interface RuleDetail extends RuleView {
  readonly description?: string;
  readonly references: readonly string[];
  readonly falsepositives: readonly string[];
  /** Names of the filters that are in its condition; absent: there are none. */
  readonly filters?: readonly string[];
  /** As it is evaluated: overrides and lists in place, fields by their canonical names. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** One change of the rules, newest first. */
export interface RuleChange {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Of the config. */
  readonly version: number;
  readonly by: string;
  readonly reason?: string;
  readonly changes: readonly {
    readonly rule: string;
    readonly change: 'added' | 'changed' | 'removed';
    /** What is different, such as `threshold`; `from` and `to` as JSON, cut. */
    readonly parts: readonly { readonly part: string; readonly from?: string; readonly to?: string }[];
  }[];
}

/** A detection, with the names of its people only when they are to be shown. */
export interface DetectionView extends EventView {
  readonly detection: DetectionFacts;
  readonly verdict?: Verdict;
}

export interface DetectionFilter {
  /** By id or name. */
  readonly rule?: string;
  readonly level?: Level;
  readonly verdict?: Verdict | 'none';
  readonly dryRun?: boolean;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface DetectionsRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly filter: DetectionFilter;
  /** A search for one user, audited. */
  readonly user?: UserName | { readonly key: string };
  /** Newest first, below this seq. */
  readonly before?: number;
  readonly limit: number;
  readonly showsPersons: boolean;
}

export interface DetectionPage {
  readonly detections: readonly DetectionView[];
  readonly nextBefore?: number;
}

/** `would`: of a test, which does nothing. `unknown`: it is behind the lane, and what became of it is not remembered. */
export const RESPONSE_OUTCOMES = ['done', 'waiting', 'failed', 'skipped', 'would', 'unknown'] as const;

/** What became of one thing that a detection asked for. */
export interface ResponseOutcome {
  readonly response: Response;
  readonly outcome: (typeof RESPONSE_OUTCOMES)[number];
  /** One sentence. */
  readonly why: string;
  /** Where; absent: no destination does it. */
  readonly lane?: string;
}

export interface ExplainedDetection {
  readonly detection: DetectionView;
  /** What was asked for, and what each destination made of it; also what could have been and was not asked for. */
  readonly responses: readonly ResponseOutcome[];
  /** Absent: the log no longer has it, only the record of it. */
  readonly lanes?: readonly Explanation[];
}

export interface JudgeRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly id: string;
  readonly verdict: Verdict;
}

/** A window that is open: a rule's count for one group. */
export interface WindowView {
  readonly rule: string;
  /** What it is grouped by; the values are keys of persons where the field is one. */
  readonly group: Readonly<Record<string, string>>;
  /** The value that the condition is about, now. */
  readonly value: number | null;
  /** What it must be for an alert, such as `> 5`; absent: of a rule that compares nothing. */
  readonly condition?: string;
  readonly firstAt?: string;
  readonly lastAt?: string;
  readonly alertedAt?: string;
  /** Nothing is told until then. */
  readonly quietUntil?: string;
}

export interface WindowsRequest {
  readonly v: 1;
  readonly actor?: Actor;
  readonly rule?: string;
  readonly user?: UserName | { readonly key: string };
  /** Where the next page begins. */
  readonly after?: string;
  readonly limit: number;
}

export interface TestRulesRequest {
  readonly v: 1;
  readonly actor?: Actor;
  /** One of the log by its id, or one at hand: parsed and reduced already. */
  readonly event: { readonly id: string } | { readonly event: CanonicalEvent };
  /** A rule of the tenant by id or name; absent: all that are on. */
  readonly rule?: string;
  /** A Sigma text to test instead. */
  readonly text?: string;
}

/** What a rule made of an event, step by step. */
export interface RuleTest {
  /** Its id. */
  readonly rule: string;
  readonly name: string;
  readonly title: string;
  readonly level: Level;
  readonly matches: boolean;
  /** Of a rule. */
  readonly selections?: readonly {
    readonly name: string;
    readonly matches: boolean;
    readonly items: readonly { readonly item: string; readonly matches: boolean }[];
  }[];
  readonly condition?: string;
  /** Of a correlation: the rules that it counts, each on this event. */
  readonly counted?: readonly Pick<RuleTest, 'rule' | 'title' | 'matches' | 'selections' | 'condition'>[];
  /** Of a correlation: what its window would be with this event. Nothing is counted by a test. */
  readonly window?: {
    readonly value: number | null;
    readonly condition: string;
    readonly crossed: boolean;
    readonly isQuiet: boolean;
  };
  /** What would be done, and where; why not, where nothing would. Of a rule that does not match, and was named: if it did. */
  readonly responses: readonly ResponseOutcome[];
  readonly playbook?: PlaybookName;
  /** The lines of the playbook's checklist, as a case would have them. */
  readonly checklist?: readonly string[];
}

/** One step of a run of rules over what is stored: asked again with `job` until it is complete. */
export interface BacktestRequest {
  readonly v: 1;
  readonly actor?: Actor;
  /** Of an answer. Absent: a new run. */
  readonly job?: string;
  readonly rule?: string;
  readonly text?: string;
  /** Default: a week before now. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly showsPersons: boolean;
}

export interface BacktestReport {
  readonly job: string;
  readonly isComplete: boolean;
  /** Entries of the log looked at, and in all: those before `since` that windows need are among them. */
  readonly scanned: number;
  readonly total: number;
  /** Of what the relay received from then on, and before then. ISO 8601 UTC. */
  readonly since: string;
  readonly until: string;
  /** Windows that were forgotten as too many were open at once: what they had counted is not in the hits. */
  readonly forgottenWindows: number;
  /** By rule. */
  readonly rules: readonly {
    readonly rule: string;
    readonly title: string;
    readonly hits: number;
    /** By day, UTC: `2026-11-22`. */
    readonly perDay: Readonly<Record<string, number>>;
    /** Most hits first, as keys; by name where persons are shown, once it is complete. */
    readonly topUsers: readonly { readonly user: string; readonly hits: number }[];
    /** Of the hits, those that were marked as false positives when the rule, or one of its name, found them. */
    readonly markedFalse: number;
    readonly markedTrue: number;
    readonly failures: number;
    /** The newest few by the time of the event, newest first. */
    readonly samples: readonly { readonly eventId: string; readonly at: string; readonly count: number }[];
  }[];
}
