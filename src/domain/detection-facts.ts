/** What an entry of the log has that stands for a detection, beside what every event has. Types only. */

import type { PlaybookName } from './playbook.ts';
import type { Level } from './severity.ts';
import type { Verb } from './verbs.ts';

/** What only a detection has. Who, where and what it is about stands in the entry itself. */
export interface DetectionFacts {
  readonly ruleId: string;
  readonly ruleName: string;
  /** For people: the name of a case. */
  readonly title: string;
  readonly level: Level;
  /** What the rule groups by, often the user: reduced like the user's id. Absent: it groups by nothing, or privacy took it. */
  readonly groupKey?: string;
  /** Ids of the platforms that it is about. */
  readonly platforms: readonly string[];
  /** Events that it counts, over so many seconds. */
  readonly count: number;
  readonly windowSeconds: number;
  /** ISO 8601 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** Of the events, newest last, 100 at most. */
  readonly eventIds: readonly string[];
  /** The event on which the rule fired, where that came late and is not the newest. Absent: it is the newest. */
  readonly causeId?: string;
  /** What the rule asks for. Absent: what a detection usually causes (DEFAULT_RESPONSES). */
  readonly respond?: readonly Verb[];
  /** The rule's tags, such as `attack.t1567`. Absent: none. */
  readonly tags?: readonly string[];
  /** What to do about it, as a checklist. Absent: its rule names none. */
  readonly playbook?: PlaybookName;
  /** Until when the user's next events are one level graver, ISO 8601 UTC. Absent: its rule does not ask for that. */
  readonly watchedUntil?: string;
  /** Recorded, and nothing is done. */
  readonly dryRun: boolean;
}
