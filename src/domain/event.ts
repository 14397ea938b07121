/**
 * The canonical event: one shape for every spelling that Noxys sends.
 * Types and constants only; no I/O, no clock.
 */

import type { DetectionFacts } from './detection-facts.ts';
import type { DigestFacts } from './digest.ts';
import type { NoticeFacts } from './notice.ts';
import type { Level } from './severity.ts';
import type { JudgedFacts } from './verdict.ts';

/** The event types that Noxys documents and that the guides forward. Unknown types are accepted and filtered. */
export const FORWARDED_EVENT_TYPES = [
  'interaction.policy_violated',
  'interaction.high_risk',
  'alert.severity_critical',
  'alert.severity_high',
] as const;

/** All types that Noxys documents. Source: Noxys Webhooks API, read 2026-11. */
export const KNOWN_EVENT_TYPES: readonly string[] = ['interaction.created', ...FORWARDED_EVENT_TYPES];

/** Policy decisions, strongest first: from a list the first that occurs wins. */
export const POLICY_DECISIONS = ['block', 'coach', 'log'] as const;
export type PolicyDecision = (typeof POLICY_DECISIONS)[number];

/** Longest string kept of any field, in UTF-16 units; longer ones are cut and marked in `faults`. */
export const STRING_LENGTH_MAX = 512;
/** Longest list kept of any field; the rest is dropped and marked in `faults`. */
export const LIST_LENGTH_MAX = 64;

/** An odd field of an authentic event: dropped or mended, named here, never quoted. */
export interface EventFault {
  /** Where in the received element, such as `data.risk_score`. */
  readonly path: string;
  /** What was wrong, such as `out_of_range`. */
  readonly reason: FaultReason;
}

export type FaultReason =
  | 'out_of_range' // a number outside its bounds: dropped
  | 'wrong_type' // not the type that the field has: dropped
  | 'unknown_value' // not one of the field's values: dropped
  | 'invalid_time' // not a time: the next best time is used
  | 'in_the_future' // more than 5 minutes ahead: the time of receipt is used
  | 'too_long' // cut to STRING_LENGTH_MAX or LIST_LENGTH_MAX; ids are hashed instead
  | 'not_well_formed'; // lone surrogates, replaced by U+FFFD; an id that is not printable ASCII is hashed

export interface CanonicalEvent {
  /** Stable id: de-duplicated on (type, id), sent in every delivery. */
  readonly id: string;
  readonly type: string;
  readonly interactionId?: string;
  /** When it happened, ISO 8601 UTC. */
  readonly occurredAt: string;
  /** When the relay received it, ISO 8601 UTC. */
  readonly receivedAt: string;
  /** The relay's tenant id, from the route; never from the body. */
  readonly tenant: string;
  readonly user?: { readonly id?: string; readonly email?: string };
  readonly device?: { readonly id?: string; readonly hostname?: string };
  /** `id` as sent, lower case; `name` for people. */
  readonly platform?: { readonly id: string; readonly name: string };
  readonly policy?: { readonly decision?: PolicyDecision; readonly name?: string };
  /** 0 (safe) to 1 (maximum). */
  readonly riskScore?: number;
  readonly severity?: Level;
  /** What its severity would be: its user is watched (`relay.watch` of a rule), so that it is one level graver. */
  readonly raisedFrom?: Level;
  readonly direction?: string;
  /** The Noxys sensor: `browser_extension`, `proxy`, `endpoint_agent`, `api`. */
  readonly sensor?: string;
  readonly interactionType?: string;
  readonly model?: string;
  /** Host of the visited URL; never its path or query. */
  readonly urlHost?: string;
  /** Type names such as `CREDIT_CARD`, without doubles; never a value. */
  readonly classifications: readonly string[];
  /** Number of findings, before doubles are removed. */
  readonly classificationCount: number;
  readonly faults: readonly EventFault[];
  readonly source: 'noxys';
  /** Only of an entry that the relay made for a detection of its rules; see detection.ts. */
  readonly detection?: DetectionFacts;
  /** Only of an entry that tells people of the relay itself; see notice.ts. */
  readonly notice?: NoticeFacts;
  /** Only of an entry that is a digest; see digest.ts. */
  readonly digest?: DigestFacts;
  /** Only of an entry that tells of a verdict on a detection; `detection` is there, too. See verdict.ts. */
  readonly judged?: JudgedFacts;
}
