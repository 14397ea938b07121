/**
 * Which of a batch's entries are one message: what is about the same event and user is told together, anything else alone.
 * Pure. Keys are hashes: what names a person is in no key in clear.
 */

import { DIGEST_TYPE } from '../../domain/digest.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import { NOTICE_TYPE } from '../../domain/notice.ts';
import { LEVELS, type Level } from '../../domain/severity.ts';
import { TEST_EVENT_TYPE } from '../../domain/test-event.ts';
import { encodeBase32 } from '../../lib/base32.ts';
import { sha256, sha256Hex } from '../../lib/hmac.ts';
import type { EntryRecords } from '../destination.ts';

const KEY_LENGTH = 32;
const ENTRY_KEY_LENGTH = 12;
const ID_PREFIX = 'msg_';
/** Makes 26 base32 characters. */
const ID_BYTES = 16;

/** `alert`: detections, and events of Noxys. */
export type GroupKind = 'alert' | 'notice' | 'digest' | 'test';

export interface MessageGroup {
  readonly kind: GroupKind;
  readonly key: string;
  /** Where its first entry stands in the batch. */
  readonly firstIndex: number;
  /** In order, at least one. */
  readonly entries: readonly CanonicalEvent[];
}

/** Whom an entry is about, as text that stays in this file; null: nobody is known. */
export type WhoOf = (entry: CanonicalEvent) => string | null;

/** People are told apart also where the destination may not know them. */
export function whoOf(records: Pick<EntryRecords, 'userKey'>): WhoOf {
  return (entry) => records.userKey(entry) ?? entry.user?.id ?? entry.user?.email ?? null;
}

/** The groups of a batch, in the order of their first entries. */
export function groupsOf(events: readonly CanonicalEvent[], who: WhoOf): readonly MessageGroup[] {
  const groups = new Map<string, MessageGroup & { readonly entries: CanonicalEvent[] }>();
  for (const [firstIndex, event] of events.entries()) {
    const kind = kindOf(event);
    const key = kind === 'alert' ? matterKey(event, who) : hash([kind, event.id]);
    const group = groups.get(key);
    if (group) group.entries.push(event);
    else groups.set(key, { kind, key, firstIndex, entries: [event] });
  }
  return [...groups.values()];
}

function kindOf({ type }: CanonicalEvent): GroupKind {
  if (type === NOTICE_TYPE) return 'notice';
  if (type === DIGEST_TYPE) return 'digest';
  return type === TEST_EVENT_TYPE ? 'test' : 'alert';
}

/** The event that it is about, or that made the rule match, and its user. */
function matterKey(event: CanonicalEvent, who: WhoOf): string {
  return hash(['alert', causeOf(event), who(event)]);
}

/** Whether two entries are about the same event: one message, unless it is of several users. */
export function isSameMatter(one: CanonicalEvent, other: CanonicalEvent): boolean {
  return kindOf(one) === 'alert' && kindOf(other) === 'alert' && causeOf(one) === causeOf(other);
}

function causeOf({ id, detection }: CanonicalEvent): string {
  return detection?.causeId ?? detection?.eventIds.at(-1) ?? id;
}

/** Under which it is remembered that a matter was told: a rule about a user, or events of a kind of a user. */
export function matterOf(event: CanonicalEvent, who: WhoOf): string {
  const { type, detection, platform } = event;
  if (detection) return hash(['rule', detection.ruleId, who(event)]);
  return hash(['event', type, platform?.id ?? null, who(event)]);
}

/** By which it is remembered that an entry was told or counted. */
export function entryKey({ type, id }: CanonicalEvent): string {
  return hash([type, id]).slice(0, ENTRY_KEY_LENGTH);
}

/** `msg_` and 26 characters: the same whenever the same entry comes first. */
export function messageId(tenant: string, destination: string, first: readonly string[]): string {
  const digest = sha256(JSON.stringify([tenant, destination, ...first]));
  return `${ID_PREFIX}${encodeBase32(digest.subarray(0, ID_BYTES))}`;
}

/** The entry that a message is about: the gravest, detections before events. `entries` has at least one. */
export function leadOf(entries: readonly CanonicalEvent[]): CanonicalEvent {
  return entries.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a));
}

function weightOf(entry: CanonicalEvent): number {
  return 2 * LEVELS.indexOf(levelOf(entry)) + (entry.detection ? 1 : 0);
}

export function levelOf({ detection, severity }: CanonicalEvent): Level {
  return detection?.level ?? severity ?? 'informational';
}

/** Of the gravest. */
export function gravestOf(entries: readonly CanonicalEvent[]): Level {
  const ranks = entries.map((entry) => LEVELS.indexOf(levelOf(entry)));
  return LEVELS[Math.max(...ranks)] ?? 'informational';
}

function hash(parts: readonly (string | null)[]): string {
  return sha256Hex(JSON.stringify(parts)).slice(0, KEY_LENGTH);
}
