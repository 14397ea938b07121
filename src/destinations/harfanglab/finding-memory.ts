/**
 * What the incidents and alerts of a manager remember: which entries have one, and what the group of an entry has already.
 * Holds hashes, times, and the ids that the manager answered: no user, no device. Pure, but for the lane's memory that is passed in.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { DeliveryIo } from '../destination.ts';
import { groupHash, hashOf } from '../entry-group.ts';

const DAY_MS = 24 * 3_600_000;
/** Noxys' own events of a group within this time of one that opened an incident open none. */
const SAME_INCIDENT_MS = DAY_MS;
/** A detection within this time of the first of its group names that one's. */
const SAME_SERIES_MS = 7 * DAY_MS;
/** An entry that a lane holds back may come until it is too old; a day more, for a clock that is ahead. */
const REMEMBERED_MS = MAXIMUM_AGE_MS.incident + DAY_MS;

/** The first of a group, as the manager calls it, and how many there are by now. */
export interface Series {
  readonly id: string;
  readonly count: number;
  readonly firstAtMs: number;
}

interface GroupRecord {
  readonly series?: Series;
  /** When the events happened that opened one, a day apart at least. */
  readonly openersAtMs?: readonly number[];
}

type Memory = Pick<DeliveryIo, 'memory' | 'nowMs'>;

/** Whether the manager answered that it has one of this entry. */
export function isWritten({ memory }: Memory, event: CanonicalEvent): boolean {
  return memory.get(writtenKey(event)) !== undefined;
}

/** Whether an event of Noxys belongs to an incident that another one of its group opened. A detection has its own. */
export function isCovered(io: Memory, event: CanonicalEvent): boolean {
  const atMs = Date.parse(event.occurredAt);
  return openersOf(readGroup(io, event), io.nowMs()).some(
    (openedAtMs) => Math.abs(atMs - openedAtMs) < SAME_INCIDENT_MS,
  );
}

/** What the group of a detection has by now. Undefined: nothing that is recent enough. */
export function seriesOf(io: Memory, event: CanonicalEvent): Series | undefined {
  if (!event.detection) return undefined;
  const { series } = readGroup(io, event);
  const isSame = series && Math.abs(Date.parse(event.occurredAt) - series.firstAtMs) < SAME_SERIES_MS;
  return isSame ? series : undefined;
}

/** The manager has it: nothing asks for it again. `id` is what the manager calls it. */
export function noteWritten(io: Memory, event: CanonicalEvent, id: string): void {
  const untilMs = io.nowMs() + REMEMBERED_MS;
  const atMs = Date.parse(event.occurredAt);
  const record: GroupRecord = event.detection
    ? { series: nextOf(seriesOf(io, event), { id, firstAtMs: atMs }) }
    : { openersAtMs: [...openersOf(readGroup(io, event), io.nowMs()), atMs] };
  io.memory.put(writtenKey(event), '', untilMs);
  io.memory.put(groupKey(event), JSON.stringify(record), untilMs);
}

function nextOf(series: Series | undefined, first: Omit<Series, 'count'>): Series {
  return series ? { ...series, count: series.count + 1 } : { ...first, count: 1 };
}

/** Older ones can cover nothing that may still come. */
function openersOf({ openersAtMs = [] }: GroupRecord, nowMs: number): readonly number[] {
  return openersAtMs.filter((atMs) => nowMs - atMs < REMEMBERED_MS);
}

function readGroup({ memory }: Memory, event: CanonicalEvent): GroupRecord {
  const text = memory.get(groupKey(event));
  return text === undefined ? {} : (JSON.parse(text) as GroupRecord);
}

function writtenKey({ type, id }: CanonicalEvent): string {
  return `written:${hashOf([type, id])}`;
}

function groupKey(event: CanonicalEvent): string {
  return `group:${groupHash(event)}`;
}
