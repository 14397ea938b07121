/**
 * Packs canonical events for the `OVERFLOW` queue: each cut to its bounds, then gathered in chunks that are sealed one by one.
 * Pure. Never drops an event: one that does not fit fails all of them, and the sender is told to come again.
 */

import type { CanonicalEvent, EventFault } from '../domain/event.ts';
import { LIST_LENGTH_MAX, STRING_LENGTH_MAX } from '../domain/event.ts';
import type { SealedName } from '../domain/pseudonym-map.ts';
import { writeOverflowContent } from '../domain/overflow.ts';
import { encodeUtf8 } from '../lib/bytes.ts';
import { groupBySize } from '../lib/group-by-size.ts';
import { isRecord } from '../lib/record.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { cut } from './field-values.ts';

/** Of an event as JSON in UTF-8. Noxys' own are below 2 kB; a hundred of 8 kB are 15 messages. */
export const EVENT_BYTES_MAX = 8_000;
/**
 * Of a chunk in clear. Sealed it grows by a third, below the 128 KB that a message may have, and three of them
 * fit into one `sendBatch` of 256 KB. Source: Cloudflare Queues limits, read 2026-11.
 */
export const CHUNK_BYTES_MAX = 60_000;
/** Of `,"names":[]`. */
const NAMES_FRAME_BYTES = 11;
/** What tells events, people and devices apart is never cut: two of them could become one. */
const IDENTITY_PATTERN = /(?:^|\.)(?:id|type|interactionId)$/;

interface Packed {
  readonly json: string;
  readonly names: readonly SealedName[];
  readonly bytes: number;
}

/** The chunks, each the JSON that is sealed; every event is in exactly one of them, in order, with the names that it is the first to have. */
export function packOverflow(
  events: readonly CanonicalEvent[],
  names: readonly SealedName[] = [],
): Result<readonly string[], { readonly kind: 'event_too_large' }> {
  const packed: Packed[] = [];
  const unpacked = new Map(names.map((name) => [name.key, name]));
  for (const event of events) {
    const capped = capEvent(event);
    if (!capped) return failure({ kind: 'event_too_large' });
    const json = JSON.stringify(capped);
    const bytes = encodeUtf8(json).byteLength;
    if (bytes > EVENT_BYTES_MAX) return failure({ kind: 'event_too_large' });
    const own = takeNames(unpacked, capped);
    packed.push({ json, names: own, bytes: bytes + bytesOf(own) });
  }
  const room = CHUNK_BYTES_MAX - writeOverflowContent([]).length - NAMES_FRAME_BYTES;
  const chunks = groupBySize(packed, ({ bytes }) => bytes + ','.length, room);
  return success(
    chunks.map((chunk) =>
      writeOverflowContent(
        chunk.map(({ json }) => json),
        chunk.flatMap(({ names: own }) => own),
      ),
    ),
  );
}

/** The names that an event has, and no event before it. */
function takeNames(unpacked: Map<string, SealedName>, { user }: CanonicalEvent): SealedName[] {
  if (unpacked.size === 0) return [];
  const own = [user?.id ?? '', user?.email ?? ''].flatMap((key) => unpacked.get(key) ?? []);
  for (const { key } of own) unpacked.delete(key);
  return own;
}

/** Keys and seals are ASCII. */
function bytesOf(names: readonly SealedName[]): number {
  return names.reduce((sum, name) => sum + JSON.stringify(name).length + ','.length, 0);
}

/** The event within its bounds; what was cut is marked, as the parser marks it. Undefined: it does not fit. */
function capEvent(event: CanonicalEvent): CanonicalEvent | undefined {
  const cutPaths: string[] = [];
  const capped = cap(event, [], cutPaths) as CanonicalEvent;
  if (cutPaths.length === 0) return event;
  if (cutPaths.some((path) => IDENTITY_PATTERN.test(path))) return undefined;
  const marks = cutPaths.map((path): EventFault => ({ path, reason: 'too_long' }));
  return { ...capped, faults: [...marks, ...capped.faults].slice(0, LIST_LENGTH_MAX) };
}

function cap(value: unknown, path: readonly string[], cutPaths: string[]): unknown {
  if (typeof value === 'string') {
    if (value.length <= STRING_LENGTH_MAX) return value;
    cutPaths.push(path.join('.'));
    return cut(value);
  }
  if (Array.isArray(value)) {
    if (value.length > LIST_LENGTH_MAX) cutPaths.push(path.join('.'));
    return value.slice(0, LIST_LENGTH_MAX).map((entry, i) => cap(entry, [...path, String(i)], cutPaths));
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, cap(entry, [...path, key], cutPaths)]),
  );
}
