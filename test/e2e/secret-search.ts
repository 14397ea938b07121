/**
 * Finds words that must not be in a text, however they are spelt there: in clear, JSON, a URL, hex or base64, whole or cut off.
 * Tells where a word came from, never the word: the report of a failed run may be public.
 */

/** So much of a secret, at its start or its end, is a leak too. */
const PART_LENGTH = 16;

export interface Forbidden {
  /** What it is, such as `the master key`. */
  readonly name: string;
  readonly word: string;
}

/** The names of the words that occur, with the spelling that was found. */
export function findForbidden(forbidden: readonly Forbidden[], text: string): string[] {
  return forbidden.flatMap(({ name, word }) =>
    spellingsOf(word)
      .filter(([, spelt]) => text.includes(spelt))
      .map(([spelling]) => `${name}, ${spelling}`),
  );
}

/** Every spelling of a word, by its name. */
export function spellingsOf(word: string): readonly (readonly [string, string])[] {
  const bytes = Buffer.from(word);
  const json = JSON.stringify(word).slice(1, -1);
  return [
    ['in clear', word],
    ...(word.length > 2 * PART_LENGTH
      ? ([
          ['its start', word.slice(0, PART_LENGTH)],
          ['its end', word.slice(-PART_LENGTH)],
        ] as const)
      : []),
    ['in JSON', json],
    ['in JSON with escaped slashes', json.replaceAll('/', String.raw`\/`)],
    ['in JSON within JSON', JSON.stringify(json).slice(1, -1)],
    ['in a URL', encodeURIComponent(word)],
    ['in upper case', word.toUpperCase()],
    ['in lower case', word.toLowerCase()],
    ['in hex', bytes.toString('hex')],
    ...[0, 1, 2].flatMap((offset) => [
      [`in base64, ${offset} bytes in`, base64Within(bytes, offset, 'base64')] as const,
      [`in base64url, ${offset} bytes in`, base64Within(bytes, offset, 'base64url')] as const,
    ]),
  ];
}

/** The digits that stand for the bytes alone, where so many other bytes are before them and any after. */
function base64Within(bytes: Buffer, before: number, encoding: 'base64' | 'base64url'): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
  return digits.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}
