/**
 * An operator's document, JSON or YAML, to plain values.
 * YAML is read with JSON's scalars, so that a secret such as `0123` or `1e5x` stays what it was written as.
 * Never quotes the document: both parsers' own messages would.
 */

import { JSON_SCHEMA, load, YAMLException } from 'js-yaml';

import { formatPath } from '../../domain/config-faults.ts';
import type { ConfigFault } from '../../domain/fault.ts';
import { decodeUtf8 } from '../../lib/bytes.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';

/** A config with every list full has about 2,000; aliases may not multiply a small file into a large one. */
const NODES_MAX = 10_000;
const DEPTH_MAX = 32;

const FORMATS: Readonly<Record<string, 'json' | 'yaml'>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'text/x-yaml': 'yaml',
};

export type DocumentFailure =
  | { readonly kind: 'unsupported_media_type'; readonly accepted: string }
  | { readonly kind: 'document_unreadable'; readonly faults: readonly ConfigFault[] };

/** The values of a document in the format that its content type names. */
export function parseDocument(
  bytes: Uint8Array,
  contentType: string | undefined,
): Result<unknown, DocumentFailure> {
  const format = FORMATS[contentType?.split(';')[0]?.trim().toLowerCase() ?? ''];
  if (!format)
    return failure({ kind: 'unsupported_media_type', accepted: 'application/yaml or application/json' });
  const text = decodeUtf8(bytes);
  if (text === undefined) return unreadable('is not UTF-8: save it in that encoding');
  const parsed = format === 'json' ? parseJson(text) : parseYaml(text);
  if (!parsed.ok) return parsed;
  const faults = faultsIn(parsed.value);
  return faults.length > 0 ? failure({ kind: 'document_unreadable', faults }) : parsed;
}

function parseJson(text: string): Result<unknown, DocumentFailure> {
  try {
    return success(JSON.parse(text) as unknown);
  } catch (error) {
    const position = / in JSON at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    return unreadable(`is not JSON${position === undefined ? '' : ` ${placeOf(text, Number(position))}`}`);
  }
}

function parseYaml(text: string): Result<unknown, DocumentFailure> {
  try {
    return success(load(text, { schema: JSON_SCHEMA, maxDepth: DEPTH_MAX }));
  } catch (error) {
    if (!(error instanceof YAMLException)) return unreadable('is not YAML');
    // The reason names tags and aliases, which may be a secret without quotes: it is cut before the first.
    const reason = error.reason.replace(/["'`!<].*$/s, '').trim();
    const place = error.mark ? ` at line ${error.mark.line + 1}, column ${error.mark.column + 1}` : '';
    return unreadable(`is not YAML${place}: ${reason}`);
  }
}

function placeOf(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  return `at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** A value of a document and where it stands. */
interface Node {
  readonly value: unknown;
  readonly key?: string | number;
  readonly parent?: Node;
  readonly depth: number;
}

/** Of a document as a whole: that it is too large or too deep, or each `__proto__`, which would be lost without a word. */
function faultsIn(document: unknown): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const open: Node[] = [{ value: document, depth: 0 }];
  for (let nodes = 0; open.length > 0; nodes++) {
    if (nodes + open.length > NODES_MAX) return [{ path: '', message: TOO_LARGE }];
    const node = open.pop();
    if (node && node.depth > DEPTH_MAX) return [{ path: '', message: TOO_DEEP }];
    if (node?.key === '__proto__') faults.push({ path: formatPath(pathOf(node)), message: NO_KEY });
    if (node) for (const child of childrenOf(node)) open.push(child);
  }
  return faults;
}

const TOO_LARGE = `has more than ${NODES_MAX} values once its aliases are followed: write it out shorter`;
const TOO_DEEP = `is nested deeper than ${DEPTH_MAX} levels`;
const NO_KEY = 'is not a key that anything can have: remove it';

function childrenOf(parent: Node): Node[] {
  const { value } = parent;
  const depth = parent.depth + 1;
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.map((inner: unknown, key) => ({ value: inner, key, parent, depth }));
  return Object.entries(value).map(([key, inner]) => ({ value: inner, key, parent, depth }));
}

function pathOf(node: Node): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: Node | undefined = node; at?.key !== undefined; at = at.parent) path.unshift(at.key);
  return path;
}

function unreadable(message: string): Result<never, DocumentFailure> {
  return failure({ kind: 'document_unreadable', faults: [{ path: '', message }] });
}
