/**
 * The key that lets a destination recognise an event that it has seen: the same in every attempt.
 * Events are told apart by type and id together, so both are in it: one id may name a violation and an alert.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { sha256Hex } from '../lib/hmac.ts';

/** What every HTTP library and proxy passes on unchanged. */
const HEADER_SAFE_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** `{type}:{id}`, or its SHA-256 where that does not fit into a header. In the type `%` and `:` are percent-encoded: the first colon ends it. */
export function idempotencyKey({ type, id }: Pick<CanonicalEvent, 'type' | 'id'>): string {
  const key = `${type.replaceAll('%', '%25').replaceAll(':', '%3A')}:${id}`;
  return HEADER_SAFE_PATTERN.test(key) ? key : `sha256:${sha256Hex(key)}`;
}
