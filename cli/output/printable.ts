/**
 * Texts of other people (a destination's answer, an event's fields) made safe for a terminal: no escape sequences, no line
 * breaks, nothing that turns the direction of writing. Pure.
 */

/** The colours of `paint`, and the reset: nothing else that begins with ESC is ours. */
// oxlint-disable-next-line no-control-regex -- this is what it is about
const OWN_COLOUR_PATTERN = /(\u001b\[(?:0|1|2|22|31|32|33|39)m)/;
// Line breaks and tabs may stay in a text of several lines.
const HARMFUL_PATTERN =
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

// C0, DEL, C1; then the marks that reorder what is shown. Source: Unicode 16, UAX #9.
const UNPRINTABLE_PATTERN =
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/** The text in one line, each run of unprintable characters as one `�`; line breaks and tabs as a space. */
export function printable(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, ' ').replaceAll(UNPRINTABLE_PATTERN, '�');
}

/** The same of a text of several lines, which keep their indent. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** The last guard before a terminal: line breaks, tabs and our own colours stay, every other control is a `�`. */
export function withoutControls(text: string): string {
  return text
    .split(OWN_COLOUR_PATTERN)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(HARMFUL_PATTERN, '�')))
    .join('');
}

/** JSON text whose controls are all escapes: `JSON.stringify` leaves DEL, C1 and the marks of direction as they are. */
export function escapedJson(json: string): string {
  return json.replaceAll(HARMFUL_PATTERN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text of at most `lengthMax` characters, cut between words: half a secret is not recognised as one. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  return `${text
    .slice(0, lengthMax + 1)
    .replace(/\S*$/, '')
    .trimEnd()} …`.trimStart();
}
