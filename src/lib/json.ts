/** JSON that somebody else wrote. Pure. Never tells what the parser says of a bad one: that quotes the text, which may be secret. */

/** The parsed text; undefined when it is no JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
