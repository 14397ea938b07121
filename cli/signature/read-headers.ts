/**
 * The headers of a captured request, from whatever a tool wrote them down in: `Name: value` lines, a dump of `curl -v`,
 * a HAR, or JSON. Pure. Values are kept as they are; names that no HTTP header can have are left out.
 */

import { isRecord } from '../../src/lib/record.ts';
import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';

type Pair = readonly [name: string, value: string];

/** Source: RFC 9110 5.1. */
const NAME_PATTERN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/;
const START_LINE_PATTERN = /^(?:[A-Z]+ \S+ HTTP\/[\d.]+|HTTP\/[\d.]+ \d{3}.*)$/;
/** `curl -v`: what was sent begins with `>`. */
const CURL_REQUEST_PATTERN = /^> ?/;
const NOTHING = 'holds no headers: write one `Name: value` a line, or JSON such as {"webhook-id": "…"}';

/** The headers of a text, or why there are none. */
export function readHeaders(text: string): Result<Headers, string> {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  const isJson = trimmed.startsWith('{') || trimmed.startsWith('[');
  const pairs = isJson ? pairsOfJson(trimmed) : pairsOfLines(trimmed);
  if (!pairs.ok) return pairs;
  const headers = new Headers();
  for (const [name, value] of pairs.value) {
    if (NAME_PATTERN.test(name) && isFieldValue(value)) headers.append(name, value.trim());
  }
  return [...headers.keys()].length === 0 ? failure(NOTHING) : success(headers);
}

/** A header's value has no line breaks and no zero bytes, and only Latin-1 characters. */
function isFieldValue(value: string): boolean {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value.trim());
}

function pairsOfLines(text: string): Result<Pair[], string> {
  const lines = text.split(/\r?\n/);
  const isCurl = lines.some((line) => CURL_REQUEST_PATTERN.test(line));
  const own = isCurl
    ? lines
        .filter((line) => CURL_REQUEST_PATTERN.test(line))
        .map((line) => line.replace(CURL_REQUEST_PATTERN, ''))
    : lines;
  const pairs: Pair[] = [];
  for (const line of own) {
    // A capture of a whole request: after the blank line comes the body.
    if (line.trim() === '' && pairs.length > 0) break;
    if (START_LINE_PATTERN.test(line.trim())) continue;
    const colon = line.indexOf(':', line.startsWith(':') ? 1 : 0);
    if (colon > 0) pairs.push([line.slice(0, colon).trim(), line.slice(colon + 1)]);
  }
  return success(pairs);
}

function pairsOfJson(text: string): Result<Pair[], string> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return failure('begins like JSON and is not: save it again, or write `Name: value` lines');
  }
  return success(pairsIn(document, 0));
}

/** Places where tools keep a request's headers. */
const NESTS = ['headers', 'request', 'log', 'entries'] as const;
const DEPTH_MAX = 6;

function pairsIn(value: unknown, depth: number): Pair[] {
  if (depth > DEPTH_MAX || !isRecord(value)) return [];
  if (Array.isArray(value)) return pairsInList(value, depth);
  for (const nest of NESTS) {
    if (isRecord(value[nest])) return pairsIn(value[nest], depth + 1);
  }
  return Object.entries(value).flatMap(([name, inner]) => textsOf(inner).map((text): Pair => [name, text]));
}

/** HAR's `{name, value}`, pairs, or entries of which the first is taken. */
function pairsInList(list: readonly unknown[], depth: number): Pair[] {
  const pairs = list.flatMap((item): Pair[] => {
    if (Array.isArray(item) && typeof item[0] === 'string') {
      const name = item[0];
      return textsOf(item[1]).map((text): Pair => [name, text]);
    }
    if (isRecord(item)) {
      const name = item['name'] ?? item['key'];
      if (typeof name === 'string') return textsOf(item['value']).map((text): Pair => [name, text]);
    }
    return [];
  });
  return pairs.length > 0 ? pairs : pairsIn(list[0], depth + 1);
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
