/**
 * What the relay remembers of a case: enough to find it, to update it, and to know which entries are in it already.
 * Holds no user, no device and no host: what of a description names them comes from the entry at hand.
 * Pure, but for the lane's memory that is passed in.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import { type Level, caseSeverity, levelOfEvent } from '../../domain/severity.ts';
import type { ChannelMemory, DeliveryIo } from '../destination.ts';
import { itemKey } from './case-group.ts';
import { platformLabel } from './case-name.ts';

const HOUR_MS = 3_600_000;
/** An entry of the same group within this time of the opening updates the case. */
export const SAME_CASE_MS = 24 * HOUR_MS;
/** From the last change on: an entry that a lane holds back may come again until it is too old for a case. */
export const REMEMBERED_MS = MAXIMUM_AGE_MS.case + SAME_CASE_MS;
/** More than a batch has: of those that are delivered again, none is further back. */
const ITEMS_MAX = 200;
const EVENT_IDS_MAX = 20;
const CLASSIFICATIONS_MAX = 32;
/** Kinds of entries that a storm case counts one by one. */
const KINDS_MAX = 30;

/** Whether an alert of the host is evidence of the case only, or has got its tag too. */
export type AlertState = 'attached' | 'tagged';

export interface CaseRecord {
  /** The unique tag. */
  readonly tag: string;
  /** `opening`: whether there is a case is not known yet; only a search for the tag tells. `none`: there is none, but an earlier one. */
  readonly state: 'opening' | 'open' | 'none';
  readonly caseId?: string;
  readonly openedAtMs: number;
  /** When a request for a case last left. */
  readonly putAtMs: number;
  /** When it was counted as an opening; absent: it takes up no room. */
  readonly countedAtMs?: number;
  /** Of the entries in it, newest last, ITEMS_MAX at most; before them, those of the group's earlier case. */
  readonly items: readonly string[];
  /** Of its first entries, where the answer was not seen: the lane may hold these back while any number of others go by. */
  readonly heldBack?: readonly string[];
  /** Entries in it. */
  readonly count: number;
  /** By the entries: 1 to 100. */
  readonly severity: number;
  /** The gravest of the host's alerts; 0: none. */
  readonly alertSeverity: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly classifications: readonly string[];
  /** Of Noxys' events, newest last. */
  readonly eventIds: readonly string[];
  /** By the hash of an alert's id. */
  readonly alerts: Readonly<Record<string, AlertState>>;
  /** Only of a storm: how many entries of each kind. */
  readonly kinds?: Readonly<Record<string, number>>;
}

/** A case to be, with nothing in it yet. */
export function newRecord(tag: string, opener: CanonicalEvent, nowMs: number): CaseRecord {
  return {
    tag,
    state: 'opening',
    openedAtMs: nowMs,
    putAtMs: nowMs,
    items: [],
    count: 0,
    severity: 1,
    alertSeverity: 0,
    firstAt: firstAtOf(opener),
    lastAt: opener.occurredAt,
    classifications: [],
    eventIds: [],
    alerts: {},
  };
}

export function readRecord(memory: ChannelMemory, key: string): CaseRecord | undefined {
  const text = memory.get(key);
  return text === undefined ? undefined : (JSON.parse(text) as CaseRecord);
}

export function writeRecord({ memory, nowMs }: Writer, key: string, record: CaseRecord): void {
  memory.put(key, JSON.stringify(record), nowMs() + REMEMBERED_MS);
}

type Writer = Pick<DeliveryIo, 'memory' | 'nowMs'>;

/** By which the entries are known that are in a case, or are asked for in one. */
export function itemsOf({ items, heldBack = [] }: CaseRecord): readonly string[] {
  return [...heldBack, ...items];
}

/** Whether an entry is in this case, and not in the group's earlier one. */
export function isOwnItem({ items, heldBack = [], count }: CaseRecord, key: string): boolean {
  return heldBack.includes(key) || items.slice(Math.max(0, items.length - count)).includes(key);
}

/** Of these, those of the group's earlier case: they are in one whatever comes of this. */
export function itemsBefore(record: CaseRecord): readonly string[] {
  const { state, items, count } = record;
  return state === 'opening' ? items.slice(0, Math.max(0, items.length - count)) : itemsOf(record);
}

/** There is no case: what is left to know is which entries are in the group's earlier one. */
export function writeBefore(io: Writer, key: string, record: CaseRecord): void {
  const { countedAtMs: _countedAtMs, ...rest } = record;
  const items = itemsBefore(record);
  const left = { items, count: 0, classifications: [], eventIds: [], alerts: {}, kinds: {} };
  if (items.length > 0) writeRecord(io, key, { ...rest, ...left, state: 'none' });
  else io.memory.delete(key);
}

/** The case is there, though the answer was not seen. */
export function adopted(record: CaseRecord, caseId: string): CaseRecord {
  return { ...record, state: 'open', caseId, heldBack: record.items.slice(itemsBefore(record).length) };
}

/** Those of the entries whose keys are not among these, each once. */
export function unrecorded(
  items: readonly CanonicalEvent[],
  keys: readonly string[] = [],
): readonly CanonicalEvent[] {
  const known = new Set(keys);
  return items.filter((item) => {
    const key = itemKey(item);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** The record with some more entries in it. They must be new to it. */
export function withItems(record: CaseRecord, items: readonly CanonicalEvent[]): CaseRecord {
  const ids = items.flatMap(({ id, detection }) => detection?.eventIds ?? [id]);
  return {
    ...record,
    items: [...record.items, ...items.map(itemKey)].slice(-ITEMS_MAX),
    count: record.count + items.length,
    severity: Math.max(record.severity, ...items.map(itemSeverity)),
    firstAt: least([record.firstAt, ...items.map(firstAtOf)]),
    lastAt: greatest([record.lastAt, ...items.map(({ occurredAt }) => occurredAt)]),
    classifications: union(
      record.classifications,
      items.flatMap(({ classifications }) => classifications),
    ).slice(0, CLASSIFICATIONS_MAX),
    eventIds: union(record.eventIds, ids).slice(-EVENT_IDS_MAX),
  };
}

/** The same of a storm case, which counts them by kind. */
export function withStormItems(record: CaseRecord, items: readonly CanonicalEvent[]): CaseRecord {
  const kinds = { ...record.kinds };
  for (const item of items) {
    const kind = kindOf(item);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  const frequent = Object.entries(kinds)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, KINDS_MAX);
  return { ...withItems(record, items), kinds: Object.fromEntries(frequent) };
}

/** What a storm case counts an entry as: its rule, or its type and platform. */
function kindOf({ detection, type, platform }: CanonicalEvent): string {
  const what = detection ? `rule ${detection.ruleName}` : type;
  return platform ? `${what} on ${platformLabel(platform)}` : what;
}

/** Falcon's severity of a case that has this entry alone. */
export function itemSeverity(event: CanonicalEvent): number {
  const level: Level = event.detection?.level ?? event.severity ?? levelOfEvent(event);
  return caseSeverity(level);
}

/** Graver than either: what is shown as the case's severity. */
export function recordSeverity({ severity, alertSeverity }: CaseRecord): number {
  return Math.max(severity, alertSeverity);
}

export function isRecent({ openedAtMs }: CaseRecord, nowMs: number): boolean {
  return nowMs - openedAtMs < SAME_CASE_MS;
}

function firstAtOf({ detection, occurredAt }: CanonicalEvent): string {
  return detection?.firstAt ?? occurredAt;
}

function union(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])];
}

/** Of ISO 8601 UTC instants, whatever digits their seconds have. */
function least(instants: readonly string[]): string {
  return instants.reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a));
}

function greatest(instants: readonly string[]): string {
  return instants.reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a));
}
