/**
 * What people are told, before it takes the form of a product: plain texts in the tenant's language, and the facts for machines.
 * Types only. Everything in it is reduced to the destination's privacy already.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { DigestFacts } from '../../domain/digest.ts';
import type { Language } from '../../domain/language.ts';
import type { NoticeFacts } from '../../domain/notice.ts';
import type { Level } from '../../domain/severity.ts';
import type { StormKind } from './storm.ts';

/** Block red, coach yellow, log grey, as Noxys' own page shows them; green: it is over, or a test. */
export type MessageColour = 'red' | 'yellow' | 'grey' | 'green';
export type MessageKind = 'detection' | 'event' | 'storm' | 'notice' | 'digest' | 'test';

export interface Message {
  /** `msg_` and 26 characters: stable, the same in every attempt. */
  readonly id: string;
  readonly kind: MessageKind;
  readonly level: Level;
  readonly colour: MessageColour;
  readonly language: Language;
  readonly tenant: string;
  /** ISO 8601 UTC: when it happened. */
  readonly occurredAt: string;
  /** One line. */
  readonly title: string;
  /** A sentence or two; absent where the title says it. */
  readonly text?: string;
  /** Short facts, a line each, the most important first. */
  readonly facts: readonly MessageFact[];
  /** Of a digest. */
  readonly sections?: readonly MessageSection[];
  /** Where to read more: at the relay. Absent: RELAY_PUBLIC_URL is not set. */
  readonly link?: { readonly label: string; readonly url: string };
  /** For machines: what the message is made of. */
  readonly data: MessageData;
}

export interface MessageFact {
  readonly label: string;
  readonly value: string;
}

export interface MessageSection {
  readonly title: string;
  readonly lines: readonly string[];
}

export interface MessageData {
  /** The detections and the event of one message. */
  readonly entries: readonly CanonicalEvent[];
  readonly notice?: NoticeFacts;
  readonly digest?: DigestFacts;
  /** Of a storm: what was counted, the gravest first. */
  readonly kinds?: readonly StormKind[];
  /** Of a detection, an event, a storm or a digest: so many were counted and not told one by one. */
  readonly untold?: number;
}
