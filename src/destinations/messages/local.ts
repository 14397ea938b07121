/** Numbers, times and lists as people of a language and a time zone write them. Pure. */

import { cutText, oneLine } from '../../lib/short-text.ts';
import { isTimeZone } from '../../lib/zoned-time.ts';
import type { Words } from './words.ts';

/** Of one value of somebody else's. */
const VALUE_LENGTH_MAX = 200;
/** A time without its day is meant within so much. */
const SAME_DAY_MS = 12 * 3_600_000;
const UTC = 'UTC';
/** Between a number and its unit. */
const NO_BREAK = '\u00A0';

export class Local {
  readonly #words: Words;
  readonly #timeZone: string;

  constructor(words: Words, timeZone: string) {
    this.#words = words;
    this.#timeZone = isTimeZone(timeZone) ? timeZone : UTC;
  }

  get timeZone(): string {
    return this.#timeZone;
  }

  /** A whole number, or one between 0 and 1. */
  number(value: number): string {
    return new Intl.NumberFormat(this.#words.locale, { maximumFractionDigits: 2 }).format(value);
  }

  /** How much more or less than before, such as `↑ +12%`; `before` is above 0. */
  change(now: number, before: number): string {
    const format = new Intl.NumberFormat(this.#words.locale, {
      style: 'percent',
      signDisplay: 'exceptZero',
      maximumFractionDigits: 0,
    });
    const arrow = now === before ? '=' : now > before ? '↑' : '↓';
    return `${arrow} ${format.format((now - before) / before)}`;
  }

  /** Such as `22 Nov 2026, 09:05 CET`. */
  time(at: string | number): string {
    return this.#format(at, {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    });
  }

  /** Such as `Sat 21 Nov, 08:00`. */
  dayTime(at: string | number): string {
    return this.#format(at, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
  }

  /** Such as `10:05`, with its day where that may not be meant. */
  clock(at: string | number, nowMs: number): string {
    const isNear = Math.abs(nowMs - new Date(at).getTime()) < SAME_DAY_MS;
    return isNear ? this.#format(at, { hour: '2-digit', minute: '2-digit' }) : this.dayTime(at);
  }

  duration(seconds: number): string {
    if (seconds >= 3600 && seconds % 3600 === 0) return `${this.number(seconds / 3600)}${NO_BREAK}h`;
    if (seconds >= 60 && seconds % 60 === 0) return `${this.number(seconds / 60)}${NO_BREAK}min`;
    return `${this.number(seconds)}${NO_BREAK}s`;
  }

  /** The first of them, each on one line, and how many more there are. */
  list(items: readonly string[], itemsMax: number): string {
    const { shown, rest } = this.cut(items, itemsMax);
    return rest === undefined ? shown.join(', ') : `${shown.join(', ')} ${rest}`;
  }

  cut(
    items: readonly string[],
    itemsMax: number,
  ): { readonly shown: readonly string[]; readonly rest: string | undefined } {
    const shown = items.slice(0, itemsMax).map(shortLine);
    const more = items.length - shown.length;
    return { shown, rest: more > 0 ? this.#words.andMore(more, this.number(more)) : undefined };
  }

  #format(at: string | number, options: Intl.DateTimeFormatOptions): string {
    return new Intl.DateTimeFormat(this.#words.locale, {
      ...options,
      timeZone: this.#timeZone,
      hourCycle: 'h23',
    }).format(new Date(at));
  }
}

/** A text of somebody else's: one line, and not too long. */
export function shortLine(text: string): string {
  return cutText(oneLine(text), VALUE_LENGTH_MAX);
}
