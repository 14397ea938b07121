/**
 * One `{{…}}` of a template: which field, and what becomes of its value. Pure.
 * `{{title}}` · `{{title:160}}` at most so many characters · `{{level|critical=1|high=2|else=3}}` other words for it ·
 * `{{user.email|else=unknown}}` when it is missing · `{{description|html}}`, `{{description|markdown}}` escaped for what reads them.
 */

import { type Result, failure, success } from '../../lib/result.ts';
import { cutText } from '../../lib/short-text.ts';
import type { Fields } from './payload.ts';
import { fieldAt } from './template-fields.ts';

const PATH_PATTERN = /^([a-z_]+(?:\.[a-z_]+)*)(?::([1-9]\d{0,3}))?$/;
const NUMBER_PATTERN = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/;

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '<br>',
};

const ESCAPES: Readonly<Record<string, (text: string) => string>> = {
  html: (text) => text.replaceAll(/[&<>"'\n]/g, (char) => HTML_ENTITIES[char] ?? ''),
  // A line break of its own, as Markdown joins lines otherwise.
  markdown: (text) => text.replaceAll(/[\\`*_[\]()<>#|~!:@]/g, String.raw`\$&`).replaceAll('\n', '  \n'),
};

export interface Placeholder {
  readonly path: string;
  readonly lengthMax?: number;
  readonly words: ReadonlyMap<string, unknown>;
  /** As `{value}`: it may be any value. */
  readonly otherwise?: { readonly value: unknown };
  readonly escape?: (text: string) => string;
}

/** From what stands between the braces; the error is a sentence without its subject. */
export function parsePlaceholder(inner: string): Result<Placeholder, string> {
  const [head = '', ...steps] = inner.split('|').map((part) => part.trim());
  const match = PATH_PATTERN.exec(head);
  if (!match) {
    return failure(
      'must begin with the name of a field, such as {{title}}, or with a length of 1 to 9999 after it, such as {{title:160}}',
    );
  }
  const [, path = '', length] = match;
  const words = new Map<string, unknown>();
  let placeholder: Placeholder = { path, words, ...(length !== undefined && { lengthMax: Number(length) }) };
  for (const step of steps) {
    const at = step.indexOf('=');
    if (at < 0) {
      const escape = Object.hasOwn(ESCAPES, step) ? ESCAPES[step] : undefined;
      if (!escape) return failure('knows after | only word=value, else=value, html and markdown');
      placeholder = { ...placeholder, escape };
      continue;
    }
    const key = step.slice(0, at).trim();
    const value = literal(step.slice(at + 1).trim());
    if (key === 'else') placeholder = { ...placeholder, otherwise: { value } };
    else words.set(key, value);
  }
  return success(placeholder);
}

/** `1` and `true` are a number and a truth value, `'1'` is a text. */
function literal(text: string): unknown {
  const quoted = /^'(.*)'$/s.exec(text);
  if (quoted) return quoted[1];
  if (text === 'true' || text === 'false') return text === 'true';
  return NUMBER_PATTERN.test(text) ? Number(text) : text;
}

/** The value, of its own type unless it is cut or escaped; undefined: it is missing. */
export function valueOf(placeholder: Placeholder, fields: Fields): unknown {
  const { lengthMax, escape } = placeholder;
  const value = worded(placeholder, fieldAt(fields, placeholder.path));
  if (value === undefined || (lengthMax === undefined && !escape)) return value;
  const text = lengthMax === undefined ? textOf(value) : cutText(textOf(value), lengthMax);
  return escape ? escape(text) : text;
}

function worded({ words, otherwise }: Placeholder, value: unknown): unknown {
  const key = value === undefined ? undefined : textOf(value);
  if (key !== undefined && words.has(key)) return words.get(key);
  const isLost = value === undefined || words.size > 0;
  return isLost && otherwise ? otherwise.value : value;
}

/** Inside a longer text. */
export function textOf(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join(', ');
  return JSON.stringify(value);
}
