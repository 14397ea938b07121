/**
 * Texts of other people (a destination's answer, an event's fields) made safe for a terminal: no escape sequences, no line
 * breaks, nothing that turns the direction of writing. Pure.
 */

// C0, DEL, C1; then the marks that reorder what is shown. Source: Unicode 16, UAX #9.
const UNPRINTABLE_PATTERN =
  // oxlint-disable-next-line no-control-regex -- these are what it is about
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/** The text in one line, each run of unprintable characters as one `�`; line breaks and tabs as a space. */
export function printable(text: string): string {
  return text.replaceAll(/[\t\r\n]+/g, ' ').replaceAll(UNPRINTABLE_PATTERN, '�');
}
