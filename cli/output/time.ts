/** Times and sizes as people read them. Pure: the time is passed in. */

import { cutText, printable } from './printable.ts';

/** An instant has 24 characters. */
const NO_TIME_LENGTH_MAX = 40;

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** `3 min`, `2 d`: the largest unit that fits, rounded down. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const unit = UNITS.find(([, size]) => seconds >= size) ?? UNITS[UNITS.length - 1];
  return unit === undefined ? '' : `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}

/** `3 min ago`, `in 2 h`; what is no time as a short text. */
export function formatAge(iso: string, nowMs: number): string {
  const atMs = Date.parse(iso);
  if (Number.isNaN(atMs)) return noTime(iso);
  if (Math.abs(nowMs - atMs) < 1000) return 'now';
  return atMs <= nowMs ? `${formatDuration(nowMs - atMs)} ago` : `in ${formatDuration(atMs - nowMs)}`;
}

/** `2026-11-22 05:00:00`, UTC; what is no time as a short text. */
export function formatInstant(iso: string): string {
  const atMs = Date.parse(iso);
  return Number.isNaN(atMs) ? noTime(iso) : new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
}

function noTime(text: string): string {
  return cutText(printable(text), NO_TIME_LENGTH_MAX);
}

/** `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `1 tenant`, `2 tenants`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
