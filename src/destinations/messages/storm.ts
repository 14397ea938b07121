/**
 * What came above the hourly cap: counted by kind since the last message that said so. One such message an hour.
 * Names rules, types of events and platforms, and no person.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { isAtLeast, type Level } from '../../domain/severity.ts';
import type { ChannelMemory } from '../destination.ts';
import { entryKey, levelOf } from './message-groups.ts';

const KEY = 'storm';
const HOUR_MS = 3_600_000;
/** Without another one above the cap, a storm is over. */
const KEPT_MS = 2 * HOUR_MS;
/** Kinds that are counted one by one. */
const KINDS_MAX = 20;

export interface StormKind {
  /** A rule's title; absent: events. */
  readonly rule?: string;
  readonly type?: string;
  readonly platform?: string;
  readonly count: number;
}

export interface Storm {
  /** Of the entry that was the first above the cap. */
  readonly opener: string;
  readonly sinceMs: number;
  readonly count: number;
  readonly level: Level;
  readonly kinds: readonly StormKind[];
  /** Nobody was told of it yet, or an hour ago. */
  readonly isDue: boolean;
  readonly toldAtMs?: number;
}

export function readStorm(memory: ChannelMemory): Storm | undefined {
  const value = memory.get(KEY);
  return value === undefined ? undefined : (JSON.parse(value) as Storm);
}

export function writeStorm(memory: ChannelMemory, storm: Storm, nowMs: number): void {
  memory.put(KEY, JSON.stringify(storm), nowMs + KEPT_MS);
}

/** People know of all that was counted until now. */
export function stormTold(nowMs: number): Storm {
  return {
    opener: '',
    sinceMs: nowMs,
    count: 0,
    level: 'informational',
    kinds: [],
    isDue: false,
    toldAtMs: nowMs,
  };
}

/** The storm with more of what came above the cap. `entries` has at least one. */
export function withOverflow(
  storm: Storm | undefined,
  entries: readonly CanonicalEvent[],
  nowMs: number,
): Storm {
  const opener = storm?.opener === undefined || storm.opener === '' ? openerOf(entries) : storm.opener;
  const told = storm?.toldAtMs;
  const levels = entries.map(levelOf);
  return {
    opener,
    sinceMs: storm?.sinceMs ?? nowMs,
    count: (storm?.count ?? 0) + entries.length,
    level: levels.reduce((a, b) => (isAtLeast(a, b) ? a : b), storm?.level ?? 'informational'),
    kinds: entries.reduce(withKind, storm?.kinds ?? []),
    isDue: told === undefined || Math.abs(nowMs - told) >= HOUR_MS,
    ...(told !== undefined && { toldAtMs: told }),
  };
}

function openerOf([first]: readonly CanonicalEvent[]): string {
  return first ? entryKey(first) : '';
}

function withKind(kinds: readonly StormKind[], entry: CanonicalEvent): readonly StormKind[] {
  const { detection, type, platform } = entry;
  const kind: Omit<StormKind, 'count'> = detection
    ? { rule: detection.title }
    : { type, ...(platform && { platform: platform.id }) };
  const isSame = (other: StormKind): boolean =>
    other.rule === kind.rule && other.type === kind.type && other.platform === kind.platform;
  if (kinds.some(isSame))
    return kinds.map((other) => (isSame(other) ? { ...other, count: other.count + 1 } : other));
  return kinds.length < KINDS_MAX ? [...kinds, { ...kind, count: 1 }] : kinds;
}
