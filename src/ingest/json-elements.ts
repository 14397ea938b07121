/**
 * The bytes of each element of a JSON array, as they were received.
 * Pure. An element without an id is identified by these bytes: a sender that repeats it repeats them, whatever else is in the
 * array. Re-serialising it instead would merge elements that differ only beyond the precision of a number, and its
 * recursion would overflow the stack on a deeply nested one.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]); // [ {
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]); // ] }
const WHITESPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Views of the elements, without the whitespace around them. The bytes must be a JSON array that has been parsed already. */
export function jsonElements(bytes: Uint8Array): readonly Uint8Array[] {
  const elements: Uint8Array[] = [];
  let depth = 0;
  let start = 0;
  let isInString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (isInString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isInString = false;
      continue;
    }
    if (byte === QUOTE) isInString = true;
    else if (OPENING.has(byte) && ++depth === 1) start = i + 1;
    else if (depth === 1 && (byte === COMMA || CLOSING.has(byte))) {
      elements.push(trimmed(bytes, start, i));
      start = i + 1;
    }
    if (CLOSING.has(byte)) depth--;
  }
  return elements;
}

function trimmed(bytes: Uint8Array, from: number, to: number): Uint8Array {
  let start = from;
  let end = to;
  while (start < end && WHITESPACE.has(bytes[start] ?? 0)) start++;
  while (end > start && WHITESPACE.has(bytes[end - 1] ?? 0)) end--;
  return bytes.subarray(start, end);
}
