/**
 * Reads the body of Falcon's structured HEC endpoint: JSON objects one after another, separated by whitespace, not a list.
 * Pure. Sources: library.humio.com log-shippers-hec; Cribl's documentation of nested `fields`.
 */

import { isJsonObject, parseJson } from './request.ts';

/** A JavaScript time in milliseconds is above this, an epoch time in seconds below it for the next 1,100 years. */
const TIME_SECONDS_MAX = 1e11;

/** One envelope as received: `event`, and whatever else came with it (`time`, `host`, `fields` …, and unknown members). */
export interface HecEnvelope {
  readonly event: string | Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

/** The envelopes, or why the whole request is refused. */
export type EnvelopesRead = { readonly envelopes: readonly HecEnvelope[] } | { readonly refusal: string };

export function readEnvelopes(text: string, repository: string): EnvelopesRead {
  if (text.trimStart().startsWith('[')) {
    return { refusal: 'expected JSON objects separated by whitespace, not an array' };
  }
  const pieces = splitObjects(text);
  if (pieces === undefined || pieces.length === 0) return { refusal: 'could not parse the JSON objects' };
  const envelopes: HecEnvelope[] = [];
  for (const [i, piece] of pieces.entries()) {
    const parsed = parseJson(piece);
    if (parsed === undefined) return { refusal: `object ${i}: could not parse JSON` };
    const read = readEnvelope(parsed.value, repository);
    if ('refusal' in read) return { refusal: `object ${i}: ${read.refusal}` };
    envelopes.push(read.envelope);
  }
  return { envelopes };
}

/** Unknown members are ignored, as LogScale does. */
function readEnvelope(value: unknown, repository: string): { envelope: HecEnvelope } | { refusal: string } {
  if (!isJsonObject(value)) return { refusal: 'not an object' };
  const { event } = value;
  if (event === undefined) return { refusal: 'event is missing' };
  if (!isJsonObject(event) && (typeof event !== 'string' || event === '')) {
    return { refusal: 'event must be an object or a string' };
  }
  const fault = membersFault(value, repository);
  return fault === undefined ? { envelope: { ...value, event } } : { refusal: fault };
}

function membersFault(value: Readonly<Record<string, unknown>>, repository: string): string | undefined {
  for (const name of ['host', 'source', 'sourcetype', 'timezone']) {
    if (value[name] !== undefined && typeof value[name] !== 'string') return `${name} must be a string`;
  }
  // It must equal the token's repository (LogScale).
  const { index, time, fields } = value;
  if (index !== undefined && index !== repository) return 'index is not the repository of the token';
  return timeFault(time) ?? fieldsFault(fields);
}

/** Epoch seconds: integer, float or numeric string. */
function timeFault(time: unknown): string | undefined {
  if (time === undefined) return undefined;
  const seconds = typeof time === 'string' && time.trim() !== '' ? Number(time) : time;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return 'time must be a number of seconds';
  return seconds > TIME_SECONDS_MAX ? 'time must be in seconds: it looks like milliseconds' : undefined;
}

function fieldsFault(fields: unknown): string | undefined {
  if (fields === undefined) return undefined;
  if (!isJsonObject(fields)) return 'fields must be an object';
  const isNested = Object.values(fields).some((value) => typeof value === 'object' && value !== null);
  return isNested ? 'fields must not be nested' : undefined;
}

/** The text of each top-level object; undefined where something else stands between them, or one is cut short. */
export function splitObjects(text: string): string[] | undefined {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  let isInString = false;
  let endedAt = -2;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (isInString) {
      if (character === '\\') i += 1;
      else if (character === '"') isInString = false;
      continue;
    }
    if (depth === 0) {
      if (/\s/.test(character)) continue;
      if (character !== '{' || endedAt === i - 1) return undefined;
      [depth, start] = [1, i];
    } else if (character === '"') isInString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) {
        pieces.push(text.slice(start, i + 1));
        endedAt = i;
      }
    }
  }
  return depth === 0 ? pieces : undefined;
}
