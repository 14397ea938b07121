/** What a user did in the day before an entry, as far as the log knows. Counts only. Types only. */

export interface UserActivity {
  /** ISO 8601 UTC: a day, from a whole minute on, up to the entry itself. */
  readonly from: string;
  readonly to: string;
  /** Of Noxys, the entry's own included. */
  readonly events: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly byDecision: Readonly<Record<string, number>>;
  /** By platform id. */
  readonly byPlatform: Readonly<Record<string, number>>;
  readonly byClassification: Readonly<Record<string, number>>;
  /** Of them, those on the entry's device; absent: it names none. */
  readonly onDevice?: number;
  /** Of the relay's rules about the user, before the entry; not those of dry runs. */
  readonly detections: number;
  /** By the rule's name, the most frequent. */
  readonly byRule: Readonly<Record<string, number>>;
  /** False: the log was too long to look through; the newest are counted. */
  readonly isComplete: boolean;
}
