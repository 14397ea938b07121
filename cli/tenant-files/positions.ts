/**
 * Where the path of a fault stands in a YAML or JSON text: line and column, from 1.
 * Pure. A path that leads past the text ends at the nearest part that is there.
 */

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds paths such as `destinations[0].base_url` in the text. A key may hold full stops. */
export function positionFinder(text: string): (path: string) => Position | undefined {
  const { find, at } = walkerOf(text);
  return (path) => at(find(path).offset);
}

/**
 * Finds a place within a text that stands in the document as a literal block (`|`).
 * Undefined: it is written in another way, so that its lines are no lines of the document.
 */
export function innerFinder(text: string): (path: string, inner: Position) => Position | undefined {
  const { find, at, follow } = walkerOf(text);
  const lines = text.split('\n');
  return (path, inner) => {
    const { node, rest } = find(path);
    const block = follow(node);
    if (rest !== '' || !isScalar(block) || block.type !== 'BLOCK_LITERAL') return undefined;
    const head = at(startOf(block));
    const written = String(block.value).split('\n')[inner.line - 1];
    const line = (head?.line ?? 0) + inner.line;
    const shown = lines[line - 1]?.replace(/\r$/, '');
    // A block is moved to the right as a whole.
    if (!head || written === undefined || shown?.endsWith(written) !== true) return undefined;
    return { line, column: shown.length - written.length + inner.column };
  };
}

function walkerOf(text: string) {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    logLevel: 'silent',
    uniqueKeys: false,
    prettyErrors: false,
  });
  const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const at = (offset: number | undefined): Position | undefined => {
    if (offset === undefined) return undefined;
    const { line, col } = counter.linePos(offset);
    return line === 0 ? undefined : { line, column: col };
  };
  return { follow, at, find: (path: string): Found => nearest(document.contents, path, follow) };
}

/** Each key that an object of a JSON text has twice, of which a parser would take the last without a word. */
export function repeatedKeys(text: string): readonly (Position & { path: string; message: string })[] {
  const counter = new LineCounter();
  const { errors } = parseDocument(text, { lineCounter: counter, logLevel: 'silent', prettyErrors: false });
  return errors
    .filter(({ code }) => code === 'DUPLICATE_KEY')
    .map(({ pos: [start] }) => {
      const { line, col } = counter.linePos(start);
      return { line, column: col, path: '', message: 'has a key twice here: remove one' };
    });
}

/** The node of the path, or the last one on the way to it, with the rest of the path. */
function nearest(root: unknown, path: string, follow: (node: unknown) => unknown): Found {
  let found: Found = { node: root, rest: path, offset: startOf(root) };
  while (found.rest !== '') {
    const inner = follow(found.node);
    const next = isSeq(inner)
      ? itemOf(inner.items, found.rest)
      : isMap(inner)
        ? pairOf(inner.items, found.rest)
        : undefined;
    if (next === undefined) return found;
    found = { ...next, offset: next.offset ?? found.offset };
  }
  return found;
}

interface Found {
  readonly node: unknown;
  readonly rest: string;
  /** Of the key, for a pair of a map. */
  readonly offset: number | undefined;
}

function itemOf(items: readonly unknown[], path: string): Found | undefined {
  const match = /^\[(\d+)\]\.?/.exec(path);
  const index = Number(match?.[1] ?? -1);
  if (!match || !(index in items)) return undefined;
  const node = items[index];
  return { node, rest: path.slice(match[0].length), offset: startOf(node) };
}

/** The pair with the longest key that the path begins with. */
function pairOf(
  pairs: readonly { readonly key: unknown; readonly value: unknown }[],
  path: string,
): Found | undefined {
  let best: Found | undefined;
  let bestLength = -1;
  for (const { key, value } of pairs) {
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined || name.length <= bestLength || !path.startsWith(name)) continue;
    const rest = path.slice(name.length);
    if (rest !== '' && rest[0] !== '.' && rest[0] !== '[') continue;
    bestLength = name.length;
    best = { node: value, rest: rest.replace(/^\./, ''), offset: startOf(key) };
  }
  return best;
}

function startOf(node: unknown): number | undefined {
  const hasRange = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
  const start: unknown = hasRange ? (node.range as unknown[])[0] : undefined;
  return typeof start === 'number' ? start : undefined;
}
