/** Text for people, within a length: one line, never cut inside a character. Pure. */

const ELLIPSIS = '…';
/** Control characters, line breaks of every kind, and those that turn the direction of what follows: none may forge a line. */
const UNSEEN_PATTERN = /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+/gu;

/** On one line, without characters that only disturb. */
export function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(UNSEEN_PATTERN, ' ').replaceAll(/ {2,}/g, ' ').trim();
}

/** At most so many UTF-16 units, cut after a word where one ends in the last third, and marked with `…`. */
export function cutText(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const room = text.slice(0, lengthMax - ELLIPSIS.length);
  const whole = /[\uD800-\uDBFF]$/.test(room) ? room.slice(0, -1) : room;
  const wordEnd = /\s/.test(text.charAt(whole.length)) ? whole.length : whole.lastIndexOf(' ');
  const kept = wordEnd > lengthMax * (2 / 3) ? whole.slice(0, wordEnd) : whole;
  return `${kept.trimEnd()}${ELLIPSIS}`;
}

/** As many items as fit, whole, and how many more there are. */
export function listWithin(items: readonly string[], lengthMax: number): string {
  const all = items.join(', ');
  if (all.length <= lengthMax) return all;
  const kept: string[] = [];
  for (const item of items) {
    const more = ` and ${items.length - kept.length - 1} more`;
    if ([...kept, item].join(', ').length + more.length > lengthMax) break;
    kept.push(item);
  }
  if (kept.length === 0) return `${items.length}, too long to show`;
  return `${kept.join(', ')} and ${items.length - kept.length} more`;
}
