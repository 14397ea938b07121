/**
 * Finds secrets in a text that somebody else wrote, in the spellings that software gives them: as they are, in any case,
 * percent-encoded, escaped for JSON or HTML, all of these mixed, and as base64, alone or inside of something longer.
 * Pure. A secret with other characters in between is not found.
 */

import { encodeBase64, encodeHex, encodeUtf8 } from './bytes.ts';

/** What is put in the place of a secret. */
const LEFT_OUT = '…';
/** Fewer characters of base64 stand in too many texts. */
const BASE64_LENGTH_MIN = 6;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** Other characters that base64 for URLs has. */
const URL_ALPHABET: Readonly<Record<string, string>> = { '+': '-', '/': '_' };

/** A function that leaves the secrets out of a text. Its pattern is made with the first text: most answers are not kept. */
export function echoRemover(secrets: readonly string[]): (text: string) => string {
  let pattern: RegExp | undefined;
  const known = [...new Set(secrets.filter((secret) => secret !== ''))];
  return (text) => {
    if (known.length === 0 || text === '') return text;
    // The longest first: one secret may be a part of another.
    pattern ??= new RegExp(
      known
        .toSorted((a, b) => b.length - a.length)
        .flatMap((secret) => [spelled(secret), inJson(secret), ...inBase64(secret)])
        .join('|'),
      'gi',
    );
    return text.replaceAll(pattern, LEFT_OUT);
  };
}

/** With its quotation marks and backslashes escaped. */
function inJson(secret: string): string {
  return spelled(JSON.stringify(secret).slice(1, -1));
}

/** Each character in any of its spellings. */
function spelled(text: string): string {
  return Array.from(text, (char) => `(?:${spellingsOf(char).join('|')})`).join('');
}

function spellingsOf(char: string): string[] {
  const point = char.codePointAt(0) ?? 0;
  const units = Array.from({ length: char.length }, (_, at) =>
    char.charCodeAt(at).toString(16).padStart(4, '0'),
  );
  const bytes = encodeHex(encodeUtf8(char)).match(/../g) ?? [];
  const entity = ENTITIES[char];
  return [
    // No two of these match the same text, so that a search never goes back.
    char.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`),
    ...(char === '/' ? [String.raw`\\\/`] : []),
    bytes.map((byte) => `%${byte}`).join(''),
    units.map((unit) => String.raw`\\u${unit}`).join(''),
    `&#x${point.toString(16)};`,
    `&#${point};`,
    ...(entity === undefined ? [] : [entity]),
    ...(char === ' ' ? [String.raw`\+`] : []),
  ];
}

/** The characters of base64 that are the secret's alone, for each place that it may begin at in groups of three bytes. */
function inBase64(secret: string): string[] {
  const bytes = encodeUtf8(secret);
  return [0, 1, 2].flatMap((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    // Each character has 6 bits; those with bits of a neighbour are not the secret's alone.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((padded.length * 8) / 6);
    const own = encodeBase64(padded).slice(from, to);
    if (own.length < BASE64_LENGTH_MIN) return [];
    const chars = Array.from(own, (char) => {
      const other = URL_ALPHABET[char];
      return other === undefined ? char : `(?:${spelled(char)}|${other})`;
    });
    // The last character has some of its bits, and some of what follows.
    const rest = padded.length % 3 === 0 ? '' : '[A-Za-z0-9+/_-]?={0,2}';
    return [`${chars.join('')}${rest}`];
  });
}
