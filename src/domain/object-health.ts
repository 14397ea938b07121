/** What has become of a rule since it was first used. */
export interface RuleHealth {
  /** Its name. */
  readonly rule: string;
  readonly level: Level;
  readonly detections: number;
  /** Of runs that did nothing. */
  readonly dryRuns: number;
  /** Events that it failed on. */
  readonly failures: number;
}

/** What a tenant's object knows of its own health. Types only. */

import type { LaneView } from './lane-view.ts';
import type { Level } from './severity.ts';

/** The last authentic webhook. */
export interface WebhookView {
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Of its first event. */
  readonly type: string;
  /** Whether events of it were taken; false: filtered, unusable, or over the limit. */
  readonly accepted: boolean;
}

/** Names in the sealed map, those that the master keys of now open, and those under the primary one: as their seals say. */
export interface SealedMapHealth {
  readonly total: number;
  readonly opens: number;
  readonly primary: number;
}

/** What a tenant's object knows of its own health. Counts are as they are stored, so that a restart takes none back. */
export interface ObjectHealth {
  /** Where the platform keeps the object; null: no jurisdiction. */
  readonly jurisdiction: string | null;
  readonly version: number;
  /** The version that KV has; 0 when it is not known which. */
  readonly publishedVersion: number;
  readonly lanes: readonly LaneView[];
  readonly lastWebhook?: WebhookView;
  /** Ever. */
  readonly eventsAccepted: number;
  /** Waiting now, of all lanes. */
  readonly deadLetters: number;
  readonly storageBytes: number;
  /** Those of the config. Absent: an earlier release has none. */
  readonly rules?: readonly RuleHealth[];
  /** Absent: it is empty. */
  readonly sealedMap?: SealedMapHealth;
}
