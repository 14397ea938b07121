/**
 * How many cases a lane opened within the last hour: above the cap, what is new goes into one case.
 * Counts by the minute, so what is kept stays small whatever the cap; a minute counts until all of it is an hour old.
 */

import type { ChannelMemory } from '../destination.ts';

const KEY = 'openings';
const MINUTE_MS = 60_000;
const MINUTES = 60;

type Openings = Readonly<Record<string, number>>;

/** Whether one more case may be opened now. */
export function hasRoom(memory: ChannelMemory, perHourMax: number, nowMs: number): boolean {
  const counts = Object.values(read(memory, nowMs));
  return counts.reduce((sum, count) => sum + count, 0) < perHourMax;
}

/** Counts a case that is about to be opened. */
export function countOpening(memory: ChannelMemory, nowMs: number): void {
  change(memory, { countedAtMs: nowMs, nowMs, by: 1 });
}

/** Takes back the count of a case that was not opened for sure. */
export function giveBackOpening(memory: ChannelMemory, countedAtMs: number, nowMs: number): void {
  change(memory, { countedAtMs, nowMs, by: -1 });
}

interface Change {
  readonly countedAtMs: number;
  readonly nowMs: number;
  readonly by: 1 | -1;
}

function change(memory: ChannelMemory, { countedAtMs, nowMs, by }: Change): void {
  const openings = read(memory, nowMs);
  const minute = String(minuteOf(countedAtMs));
  const count = Math.max(0, (openings[minute] ?? 0) + by);
  memory.put(KEY, JSON.stringify({ ...openings, [minute]: count }), nowMs + (MINUTES + 1) * MINUTE_MS);
}

function read(memory: ChannelMemory, nowMs: number): Openings {
  const openings = JSON.parse(memory.get(KEY) ?? '{}') as Openings;
  const now = minuteOf(nowMs);
  return Object.fromEntries(
    // What lies further ahead was counted by a clock that was wrong.
    Object.entries(openings).filter(([minute]) => Math.abs(Number(minute) - now) <= MINUTES),
  );
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}
