/** Where a document of a custom text begins: faults between rules are told with a place, as those of a text alone are. Pure. */

/** What YAML ends a document with: no text of a rule can have it at the start of a line. */
const MARK = /^(?:---|\.\.\.)(?:\s|$)/;
const EMPTY = /^\s*(?:#.*|%.*)?$/;

/** `line 12, column 1: `, of a document's title; empty where it can't be told. `index` counts documents that are not empty. */
export function placeOfDocument(text: string | undefined, index: number): string {
  let found = -1;
  let isWithin = false;
  let firstLine = 0;
  const lines = (text ?? '').split(/\r\n|[\r\n]/);
  for (const [at, line] of lines.entries()) {
    const isMark = MARK.test(line);
    if (isMark) isWithin = false;
    const content = isMark ? line.slice(3) : line;
    if (EMPTY.test(content)) continue;
    if (!isWithin) found += 1;
    if (found > index) break;
    if (!isWithin) firstLine = at + 1;
    isWithin = true;
    if (found === index && /^["']?title\b/.test(line)) return `line ${at + 1}, column 1: `;
  }
  return found >= index && firstLine > 0 ? `line ${firstLine}, column 1: ` : '';
}
