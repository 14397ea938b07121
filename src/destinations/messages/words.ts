/** What messages say, in any language: the same words and sentences in each. Types only. */

import type { DigestFacts } from '../../domain/digest.ts';
import type { PolicyDecision } from '../../domain/event.ts';
import type { NoticeKind } from '../../domain/notice.ts';
import type { Level } from '../../domain/severity.ts';

type Period = DigestFacts['period'];

export type Label =
  | 'level'
  | 'decision'
  | 'user'
  | 'device'
  | 'platforms'
  | 'classifications'
  | 'riskScore'
  | 'policy'
  | 'rule'
  | 'rules'
  | 'at'
  | 'lane'
  | 'since'
  | 'counted'
  | 'events'
  | 'detections'
  | 'limited'
  | 'untold'
  | 'byLevel'
  | 'byDecision'
  | 'byPlatform'
  | 'byClassification'
  | 'byRule'
  | 'notices'
  | 'blockedLanes';

export interface Words {
  /** For numbers and times. */
  readonly locale: string;
  /** Between a label and what it is about. */
  readonly colon: string;
  readonly labels: Readonly<Record<Label, string>>;
  readonly levels: Readonly<Record<Level, string>>;
  readonly decisions: Readonly<Record<PolicyDecision, string>>;
  /** Of an event, by its type. */
  readonly events: Readonly<Record<string, string>>;
  readonly otherEvent: string;
  /** `count` of them. */
  readonly notices: Readonly<Record<NoticeKind, string>>;
  readonly link: string;
  readonly on: (platforms: string) => string;
  readonly andMore: (count: number, shown: string) => string;
  /** Of a title: other rules that the same event matched. */
  readonly otherRules: (count: number) => string;
  readonly ruleCount: (count: number, shown: string, duration: string) => string;
  /** Of a rule of an event that people know of by an earlier message. */
  readonly followUp: string;
  /** What was counted and not told since then. */
  readonly moreSince: (count: number, shown: string, since: string) => string;
  readonly storm: {
    readonly title: (cap: string) => string;
    readonly text: (count: number, shown: string, since: string) => string;
  };
  readonly test: { readonly title: string; readonly text: string };
  readonly digest: {
    readonly title: Readonly<Record<Period, string>>;
    readonly span: (from: string, to: string, zone: string) => string;
    readonly nothing: string;
    /** With what came in the span before. */
    readonly nothingAfter: (shown: string) => string;
    readonly eventCount: (count: number, shown: string) => string;
    readonly detectionCount: (count: number, shown: string) => string;
    readonly change: Readonly<Record<Period, (percent: string) => string>>;
    readonly noneBefore: Readonly<Record<Period, string>>;
  };
}
