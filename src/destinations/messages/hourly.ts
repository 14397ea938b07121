/**
 * How many messages of a kind a lane has told within the last hour. Counts by the minute, so what is kept stays small whatever the cap;
 * a minute counts until all of it is an hour old.
 */

import type { ChannelMemory } from '../destination.ts';

const PREFIX = 'hour:';
const MINUTE_MS = 60_000;
const MINUTES = 60;

type Minutes = Readonly<Record<string, number>>;

export function toldWithinHour(memory: ChannelMemory, kind: string, nowMs: number): number {
  return Object.values(read(memory, kind, nowMs)).reduce((sum, count) => sum + count, 0);
}

/** Counts one that was just told. */
export function noteWithinHour(memory: ChannelMemory, kind: string, nowMs: number): void {
  const minutes = read(memory, kind, nowMs);
  const minute = String(minuteOf(nowMs));
  const counted = { ...minutes, [minute]: (minutes[minute] ?? 0) + 1 };
  memory.put(`${PREFIX}${kind}`, JSON.stringify(counted), nowMs + (MINUTES + 1) * MINUTE_MS);
}

function read(memory: ChannelMemory, kind: string, nowMs: number): Minutes {
  const minutes = JSON.parse(memory.get(`${PREFIX}${kind}`) ?? '{}') as Minutes;
  const now = minuteOf(nowMs);
  // What lies further ahead was counted by a clock that was wrong.
  const alive = Object.entries(minutes).filter(([minute]) => Math.abs(Number(minute) - now) <= MINUTES);
  return Object.fromEntries(alive);
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}
