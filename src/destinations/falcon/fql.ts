/**
 * Values in Falcon's query language (FQL). Pure.
 * How FQL escapes a quote is published nowhere, so a value that would need it is refused, never bent.
 * Source: falcon-mcp common/fql.py, read 2026-11.
 */

import { type Result, failure, success } from '../../lib/result.ts';

/** A quote ends the value, `*` is a wildcard, a backslash may escape; what is not printed, or breaks a line, can't be told in a console. */
const UNSAFE_PATTERN = /['*\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The value in single quotes, as it stands behind `field:`. An empty one is refused, too: what it matches is not published. */
export function fqlValue(text: string): Result<string, 'unsafe'> {
  return text === '' || UNSAFE_PATTERN.test(text) ? failure('unsafe') : success(`'${text}'`);
}
