/**
 * What came above the hourly cap: counted by kind since the last message that said so. One such message an hour, and another one when
 * something graver than that message knew is held back.
 * Names rules, types of events and platforms, and no person.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { LEVELS, isAtLeast, type Level } from '../../domain/severity.ts';
import type { ChannelMemory } from '../destination.ts';
import { entryKey, levelOf } from './message-groups.ts';

const KEY = 'storm';
const HOUR_MS = 3_600_000;
/** Without another one above the cap, a storm is over. */
const KEPT_MS = 2 * HOUR_MS;
/** Kinds that are counted one by one: of more, the gravest. */
const KINDS_MAX = 20;

export interface StormKind {
  /** Of detections: the rule's name and title. */
  readonly rule?: string;
  readonly title?: string;
  /** Of events. */
  readonly type?: string;
  readonly platform?: string;
  /** Of the gravest. */
  readonly level: Level;
  readonly count: number;
}

export interface Storm {
  /** Of the entry that was the first above the cap. */
  readonly opener: string;
  readonly sinceMs: number;
  readonly count: number;
  readonly level: Level;
  readonly kinds: readonly StormKind[];
  /** Nobody was told of it yet, or an hour ago, or of nothing as grave. */
  readonly isDue: boolean;
  readonly last?: { readonly atMs: number; readonly level: Level };
}

export function readStorm(memory: ChannelMemory): Storm | undefined {
  const value = memory.get(KEY);
  return value === undefined ? undefined : (JSON.parse(value) as Storm);
}

export function writeStorm(memory: ChannelMemory, storm: Storm, nowMs: number): void {
  memory.put(KEY, JSON.stringify(storm), nowMs + KEPT_MS);
}

/** People know of all that was counted until now. */
export function stormTold({ level }: Storm, nowMs: number): Storm {
  const nothing = { opener: '', count: 0, level: 'informational', kinds: [] } as const;
  return { ...nothing, sinceMs: nowMs, isDue: false, last: { atMs: nowMs, level } };
}

/** Its message was refused: not sent again at once, and part of the next one. */
export function stormRefused(storm: Storm, nowMs: number): Storm {
  return { ...storm, isDue: false, last: { atMs: nowMs, level: storm.level } };
}

/** The storm with more of what came above the cap. `entries` has at least one. */
export function withOverflow(
  storm: Storm | undefined,
  entries: readonly CanonicalEvent[],
  nowMs: number,
): Storm {
  const opener = storm?.opener === undefined || storm.opener === '' ? openerOf(entries) : storm.opener;
  const { last } = storm ?? {};
  const level = entries.map(levelOf).reduce(graver, storm?.level ?? 'informational');
  return {
    opener,
    sinceMs: storm?.sinceMs ?? nowMs,
    count: (storm?.count ?? 0) + entries.length,
    level,
    kinds: entries.reduce(withKind, storm?.kinds ?? []),
    isDue: !last || Math.abs(nowMs - last.atMs) >= HOUR_MS || !isAtLeast(last.level, level),
    ...(last && { last }),
  };
}

function openerOf([first]: readonly CanonicalEvent[]): string {
  return first ? entryKey(first) : '';
}

function withKind(kinds: readonly StormKind[], entry: CanonicalEvent): readonly StormKind[] {
  const { detection, type, platform } = entry;
  const level = levelOf(entry);
  const kind: Pick<StormKind, 'rule' | 'title' | 'type' | 'platform'> = detection
    ? { rule: detection.ruleName, title: detection.title }
    : { type, ...(platform && { platform: platform.id }) };
  const isSame = (other: StormKind): boolean =>
    other.rule === kind.rule && other.type === kind.type && other.platform === kind.platform;
  const counted = kinds.some(isSame)
    ? kinds.map((other) =>
        isSame(other) ? { ...other, level: graver(other.level, level), count: other.count + 1 } : other,
      )
    : [...kinds, { ...kind, level, count: 1 }];
  return counted.toSorted(gravestFirst).slice(0, KINDS_MAX);
}

function gravestFirst(a: StormKind, b: StormKind): number {
  return LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || b.count - a.count;
}

function graver(a: Level, b: Level): Level {
  return isAtLeast(a, b) ? a : b;
}
