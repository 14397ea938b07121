/**
 * Where the path of a fault stands in a YAML or JSON text: line and column, from 1.
 * Pure. A path that leads past the text ends at the nearest part that is there.
 */

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds paths such as `destinations[0].base_url` in the text. A key may hold full stops. */
export function positionFinder(text: string): (path: string) => Position | undefined {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: counter,
    logLevel: 'silent',
    uniqueKeys: false,
    prettyErrors: false,
  });
  const root = document.contents;
  const at = (offset: number | undefined): Position | undefined => {
    if (offset === undefined) return undefined;
    const { line, col } = counter.linePos(offset);
    return line === 0 ? undefined : { line, column: col };
  };
  const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  return (path) => at(offsetOf(root, path, follow));
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

function offsetOf(root: Node | null, path: string, follow: (node: unknown) => unknown): number | undefined {
  let node: unknown = root;
  let offset = startOf(root);
  let rest = path;
  while (rest !== '') {
    const inner = follow(node);
    const next = isSeq(inner)
      ? itemOf(inner.items, rest)
      : isMap(inner)
        ? pairOf(inner.items, rest)
        : undefined;
    if (next === undefined) return offset;
    node = next.node;
    rest = next.rest;
    offset = next.offset ?? offset;
  }
  return offset;
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
