/**
 * A verified webhook body to events: one event or an array of them, in any spelling that Noxys uses.
 * Pure: the time of receipt is passed in. Never throws for any bytes, and no failure quotes the body.
 */

import { decodeUtf8 } from '../lib/bytes.ts';
import { sha256Hex } from '../lib/hmac.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { jsonElements } from './json-elements.ts';
import type { ElementFailure, ParseContext, ParsedEvent } from './parse-event.ts';
import { parseEvent } from './parse-event.ts';

/** Most events in one request: what one transaction of the tenant's object takes without a pause that others feel. */
export const EVENTS_MAX = 100;

/** V8's words for a text that ends too early, and the end of its message for one that breaks elsewhere. */
const END_MESSAGE = 'Unexpected end of JSON input';
const POSITION_PATTERN = / in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;

export interface RejectedElement {
  /** Position in the array; 0 for a single event. */
  readonly index: number;
  /** Within the element; `` for the element itself. */
  readonly path: string;
  readonly reason: ElementFailure['reason'];
}

export interface ParsedBody {
  /** At least one. */
  readonly events: readonly ParsedEvent[];
  readonly rejected: readonly RejectedElement[];
}

export interface BodyFailure {
  readonly kind: 'empty' | 'not_utf8' | 'not_json' | 'not_an_event' | 'too_many_events';
  /** Such as `[0].type`; `` for the body itself. */
  readonly path: string;
  /** What is wrong and how to mend it, for the sender's operator. */
  readonly detail: string;
}

const ELEMENT_DETAIL: Readonly<Record<ElementFailure['reason'], string>> = {
  not_an_object: 'An event must be a JSON object.',
  missing_type: 'An event needs its type as text in `type` or `event_type`.',
  wrong_type: 'The type of an event must be text, such as `interaction.high_risk`.',
  too_old:
    'The event is older than the relay remembers events, and this webhook scheme signs no time: it may be a replay.',
  unusable_time:
    'The time of the event can not be used, and this webhook scheme signs no time: send it as ISO 8601 or as epoch seconds, not ahead of the clock, or leave it out.',
};

/** Reads every event of a body; a failure only when none is usable. */
export function parseBody(bytes: Uint8Array, context: ParseContext): Result<ParsedBody, BodyFailure> {
  const json = parseJson(bytes);
  if (!json.ok) return json;
  const isList = Array.isArray(json.value);
  const elements: readonly unknown[] = Array.isArray(json.value) ? json.value : [json.value];
  if (elements.length === 0) return bodyFailure('empty', 'The array holds no event.');
  if (elements.length > EVENTS_MAX) {
    return bodyFailure(
      'too_many_events',
      `A request may hold at most ${EVENTS_MAX} events: it holds ${elements.length}.`,
    );
  }
  const idOf = fallbackIds(bytes, context, isList);
  const events: ParsedEvent[] = [];
  const rejected: RejectedElement[] = [];
  for (const [index, element] of elements.entries()) {
    const event = parseEvent(element, context, () => idOf(index));
    if (event.ok) events.push(event.value);
    else rejected.push({ index, ...event.error });
  }
  const [first] = rejected;
  if (events.length > 0 || first === undefined) return success({ events, rejected });
  const path = [isList ? `[${first.index}]` : '', first.path].filter((part) => part !== '').join('.');
  return bodyFailure('not_an_event', ELEMENT_DETAIL[first.reason], path);
}

/**
 * Ids for events that bring none: the signed webhook id, which is the same on every retry, with the index in an array;
 * else the SHA-256 of the event's own bytes, so that equal elements are one event wherever they stand.
 */
function fallbackIds(bytes: Uint8Array, context: ParseContext, isList: boolean): (index: number) => string {
  const { webhookId } = context;
  if (webhookId !== undefined) return (index) => (isList ? `${webhookId}:${index}` : webhookId);
  let elements: readonly Uint8Array[] | undefined;
  return (index) => {
    if (isList) elements ??= jsonElements(bytes);
    return `sha256:${sha256Hex(elements?.[index] ?? bytes)}`;
  };
}

function parseJson(bytes: Uint8Array): Result<unknown, BodyFailure> {
  const text = decodeUtf8(bytes);
  if (text === undefined) return bodyFailure('not_utf8', 'The body must be UTF-8.');
  if (text.trim() === '') return bodyFailure('empty', 'The body is empty: it must be an event as JSON.');
  try {
    return success(JSON.parse(text) as unknown);
  } catch (error) {
    return bodyFailure('not_json', `The body must be JSON: ${whereItBreaks(text, error)}.`);
  }
}

/** V8's message quotes the body; only the position at its very end, where no quotation can stand, is taken from it. */
function whereItBreaks(text: string, error: unknown): string {
  const message = error instanceof SyntaxError ? error.message : '';
  if (message === END_MESSAGE) return 'it ends too early';
  return `it can not be read from position ${positionOf(message) ?? breakOf(text)} on`;
}

function positionOf(message: string): number | undefined {
  const position = POSITION_PATTERN.exec(message)?.[1];
  return position === undefined ? undefined : Number(position);
}

/** The length of the longest start of the text that could still become JSON, by bisection: some of V8's messages name no position. */
function breakOf(text: string): number {
  let readable = 0;
  let broken = text.length;
  while (broken - readable > 1) {
    const middle = Math.floor((readable + broken) / 2);
    if (couldBecomeJson(text.slice(0, middle))) readable = middle;
    else broken = middle;
  }
  return readable;
}

/** Whether a text is JSON, or breaks only where it ends. */
function couldBecomeJson(start: string): boolean {
  try {
    JSON.parse(start);
    return true;
  } catch (error) {
    const message = error instanceof SyntaxError ? error.message : '';
    return message === END_MESSAGE || positionOf(message) === start.length;
  }
}

function bodyFailure(
  kind: BodyFailure['kind'],
  detail: string,
  path = '',
): { readonly ok: false; readonly error: BodyFailure } {
  return failure({ kind, path, detail });
}
