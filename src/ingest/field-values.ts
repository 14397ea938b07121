/**
 * Reads one plain value of an authentic event: a text, an id, a number or a time.
 * Pure. A value that can't be used is a fault reason; what was mended is marked.
 */

import type { FaultReason } from '../domain/event.ts';
import { STRING_LENGTH_MAX } from '../domain/event.ts';
import { sha256Hex } from '../lib/hmac.ts';

/** Longest id that is kept as sent; a longer one is hashed, so that two long ids stay different. */
export const ID_LENGTH_MAX = 256;

/** An id becomes a header and part of a URL in deliveries: printable ASCII passes there, anything else is hashed. */
const ID_PATTERN = /^[\x20-\x7e]*$/;
const NUMBER_PATTERN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const ISO_PATTERN = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i;
/** Epoch times above this are milliseconds: as seconds they would lie after the year 5100. */
const EPOCH_SECONDS_MAX = 1e11;
/** The name of a kind of finding. It starts with a letter: a phone number, an amount or an e-mail address does not pass. */
const TYPE_NAME_PATTERN = /^\p{L}[\p{L}\p{M}\p{N} _.:/&'’()°-]{0,63}$/u;
/** A word that some enumeration of Noxys' or a model's maker holds. */
const LABEL_PATTERN = /^[\p{L}\p{N}][\p{L}\p{N} _.:/+-]{0,63}$/u;
/** More digits are a number of something: of a card, an account, a phone. */
const LABEL_DIGITS_MAX = 6;
/** A model's name may name its maker first, or its version last: `@cf/meta/llama`, `claude@20240620`. */
const MODEL_PATTERN = /^(?:@[\w.-]{1,30}\/)?[\p{L}\p{N}](?:[\p{L}\p{N} _.:/+-]|@(?=\d{6})){0,127}$/u;
/**
 * No model's name, which may hold a version and a date (`claude-opus-4-1-20250805`): a number longer than a date, a card number
 * however it is grouped, and an IBAN, which a few digits may end.
 */
const LONG_NUMBER_PATTERN = /\p{N}{9}/u;
const GROUPED_NUMBER_PATTERN = /(?:\p{N}[ _.:/+-]*){12}/u;
const IBAN_PATTERN = /^(?:IBAN[ :]*)?[A-Z]{2}[ .-]?\d{2}(?:[ .-]?[A-Z0-9]){11,30}$/i;
/** Nothing that Noxys reports is older; 0 and small numbers are not times. 2000-01-01. */
const TIME_MS_MIN = 946_684_800_000;
/** How far ahead of the relay's clock an event may be. */
const FUTURE_MS_MAX = 5 * 60 * 1000;

/** What reading came to: a value (perhaps with marks of what was mended), or none. */
export interface Reading<T> {
  readonly value?: T;
  readonly faults: readonly FaultReason[];
}

export type Reader<T> = (value: unknown) => Reading<T>;

/** A text: trimmed, well-formed, at most STRING_LENGTH_MAX. An empty one is no value, and no fault. */
export const readText: Reader<string> = (value) => {
  if (typeof value !== 'string') return unusable('wrong_type');
  const whole = value.trim();
  if (whole === '') return { faults: [] };
  const text = cut(whole.toWellFormed());
  const faults: FaultReason[] = whole.isWellFormed() ? [] : ['not_well_formed'];
  if (whole.length > STRING_LENGTH_MAX) faults.push('too_long');
  return { value: text, faults };
};

/** An address: letters in capitals make no other person of it. */
export const readAddress: Reader<string> = (value) => {
  const reading = readText(value);
  return reading.value === undefined ? reading : { ...reading, value: cut(reading.value.toLowerCase()) };
};

/** The name of a kind of finding, such as `CREDIT_CARD`: never a finding itself. */
export const readTypeName: Reader<string> = nameReader(
  (text) => TYPE_NAME_PATTERN.test(text) && digitsIn(text) <= LABEL_DIGITS_MAX,
);

/** One word or a few that name a kind, such as `outbound`: never free text with a person's data in it. */
export const readLabel: Reader<string> = nameReader(
  (text) => LABEL_PATTERN.test(text) && digitsIn(text) <= LABEL_DIGITS_MAX,
);

/** The name of a model, such as `gpt-4o-2024-08-06`: it holds a letter, and no number longer than a date, grouped or not. */
export const readModel: Reader<string> = nameReader(
  (text) =>
    MODEL_PATTERN.test(text) &&
    /\p{L}/u.test(text) &&
    ![LONG_NUMBER_PATTERN, GROUPED_NUMBER_PATTERN, IBAN_PATTERN].some((pattern) => pattern.test(text)),
);

/** An id: a text or a safe integer. Ids that are too long, or not printable ASCII, become `sha256:` and hex digits. */
export const readId: Reader<string> = (value) => {
  if (typeof value === 'number') {
    // Above 2^53 two ids may have been read as one number: none is better than the wrong one.
    return Number.isSafeInteger(value) ? usable(String(value)) : unusable('out_of_range');
  }
  if (typeof value !== 'string') return unusable('wrong_type');
  const id = value.trim();
  if (id === '') return { faults: [] };
  if (id.length > ID_LENGTH_MAX) return { value: `sha256:${sha256Hex(id)}`, faults: ['too_long'] };
  return ID_PATTERN.test(id) ? usable(id) : { value: `sha256:${sha256Hex(id)}`, faults: ['not_well_formed'] };
};

/** A number or numeric text from `min` to `max`; never a guess at another scale. */
export function numberReader(min: number, max: number, isWhole: boolean): Reader<number> {
  return (value) => {
    const number = toNumber(value);
    if (number === undefined) return unusable('wrong_type');
    if (!(number >= min && number <= max)) return unusable('out_of_range');
    // `+ 0` turns -0 into 0.
    return isWhole && !Number.isInteger(number) ? unusable('wrong_type') : usable(number + 0);
  };
}

/** A time as ISO 8601 (UTC where it names no offset) or as epoch seconds or milliseconds; ISO 8601 UTC comes out. */
export function timeReader(nowMs: number): Reader<string> {
  return (value) => {
    const timeMs = toTimeMs(value);
    if (timeMs === undefined || timeMs < TIME_MS_MIN) return unusable('invalid_time');
    if (timeMs > nowMs + FUTURE_MS_MAX) return { value: toIso(nowMs), faults: ['in_the_future'] };
    return usable(toIso(timeMs));
  };
}

/** ISO 8601 UTC with milliseconds. */
export function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** A value with nothing odd about it. */
export function usable<T>(value: T): Reading<T> {
  return { value, faults: [] };
}

/** No value, and why. */
export function unusable(reason: FaultReason): Reading<never> {
  return { faults: [reason] };
}

/** A text that may be a name; any other is dropped as `unknown_value`, whatever else is odd about it. */
function nameReader(isName: (text: string) => boolean): Reader<string> {
  return (value) => {
    const reading = readText(value);
    return reading.value === undefined || isName(reading.value) ? reading : unusable('unknown_value');
  };
}

function digitsIn(text: string): number {
  return text.match(/\p{N}/gu)?.length ?? 0;
}

/** At most STRING_LENGTH_MAX units, never half of a surrogate pair. */
export function cut(text: string): string {
  return text.length <= STRING_LENGTH_MAX
    ? text
    : text.slice(0, STRING_LENGTH_MAX).replace(/[\uD800-\uDBFF]$/, '');
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > 64) return undefined;
  return NUMBER_PATTERN.test(value.trim()) ? Number(value) : undefined;
}

function toTimeMs(value: unknown): number | undefined {
  const number = toNumber(value);
  if (number !== undefined) {
    if (!Number.isFinite(number)) return undefined;
    return number > EPOCH_SECONDS_MAX ? number : number * 1000;
  }
  const text = typeof value === 'string' ? value.trim() : '';
  const match = ISO_PATTERN.exec(text);
  if (!match) return undefined;
  const isDateOnly = text.length <= '2026-03-20'.length;
  const timeMs = Date.parse(match[1] === undefined && !isDateOnly ? `${text}Z` : text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
