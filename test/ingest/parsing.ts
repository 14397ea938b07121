/** Shorthands for the parser's tests. */

import type { ParseContext, ParsedEvent } from '../../src/ingest/parse-event.ts';
import type { ParsedBody } from '../../src/ingest/parse.ts';
import { parseBody } from '../../src/ingest/parse.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';

export const RECEIVED_AT = '2026-11-20T10:00:00.000Z';
export const CONTEXT: ParseContext = { tenant: 'acme', receivedAtMs: Date.parse(RECEIVED_AT) };

/** What a text or a value parses to; a failure fails the test. */
export function bodyOf(value: unknown, context: ParseContext = CONTEXT): ParsedBody {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const body = parseBody(encodeUtf8(text), context);
  if (!body.ok) throw new Error(`${body.error.kind} at ${body.error.path}`);
  return body.value;
}

export function eventOf(value: unknown, context: ParseContext = CONTEXT): ParsedEvent {
  const [event] = bodyOf(value, context).events;
  if (event === undefined) throw new Error('no event');
  return event;
}

/** An event with the type that it needs. */
export function typed(fields: Readonly<Record<string, unknown>>): ParsedEvent {
  return eventOf({ type: 'interaction.high_risk', id: 'e1', ...fields });
}

/** `path reason` of each fault. */
export function faultsOf(event: ParsedEvent): string[] {
  return event.faults.map(({ path, reason }) => `${path} ${reason}`);
}
