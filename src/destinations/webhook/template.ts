/**
 * The JSON that a webhook sends instead of the relay's own: the customer's, its texts with `{{fields}}` of the message.
 * Values are put into the parsed structure, which is written as JSON afterwards: no value can change its form. Pure.
 */

import { nearestWord } from '../../lib/nearest.ts';
import type { Message } from '../messages/message.ts';
import type { Fields } from './payload.ts';
import { parsePlaceholder, textOf, valueOf } from './placeholder.ts';
import { FIELD_NAMES, templateFields } from './template-fields.ts';

/** Atlassian's document format has the deepest texts that are known: 8. */
export const TEMPLATE_DEPTH_MAX = 20;
/** Values, lists, objects and placeholders in all. It bounds what a stored config holds, and what its texts may grow to. */
export const TEMPLATE_NODES_MAX = 500;
export const TEMPLATE_LENGTH_MAX = 32_768;

const PLACEHOLDER_PATTERN = /\{\{([^{}]*)\}\}/g;

export interface TemplateFault {
  /** Inside the body. */
  readonly path: readonly (string | number)[];
  /** A sentence without its subject. */
  readonly message: string;
}

/** What is wrong with a template; empty: every message can be written with it. */
export function templateFaults(body: Readonly<Record<string, unknown>>): readonly TemplateFault[] {
  const faults: TemplateFault[] = [];
  let nodes = 0;
  let length = 0;
  const walk = (value: unknown, path: readonly (string | number)[]): boolean => {
    nodes += 1;
    length += typeof value === 'string' ? value.length : 0;
    if (nodes > TEMPLATE_NODES_MAX || length > TEMPLATE_LENGTH_MAX) return false;
    if (path.length > TEMPLATE_DEPTH_MAX) {
      faults.push({ path, message: `must be at most ${TEMPLATE_DEPTH_MAX} levels deep` });
      return true;
    }
    if (typeof value === 'string') {
      nodes += value.match(PLACEHOLDER_PATTERN)?.length ?? 0;
      faults.push(...textFaults(value).map((message) => ({ path, message })));
      return true;
    }
    if (typeof value !== 'object' || value === null) return true;
    const isList = Array.isArray(value);
    return Object.entries(value).every(([key, item]) => {
      length += key.length;
      const at = [...path, isList ? Number(key) : key];
      if (!isList && key.includes('{{')) faults.push({ path: at, message: 'must be a name without {{…}}' });
      return walk(item, at);
    });
  };
  if (walk(body, [])) return faults;
  const message = `must have at most ${TEMPLATE_NODES_MAX} values and ${TEMPLATE_LENGTH_MAX} characters`;
  return [{ path: [], message }];
}

/** Every field that a template without faults names and says nothing instead of, and where. */
export function fieldsWithoutElse(
  body: Readonly<Record<string, unknown>>,
): readonly { readonly path: readonly (string | number)[]; readonly name: string }[] {
  const walk = (value: unknown, path: readonly (string | number)[]): ReturnType<typeof fieldsWithoutElse> => {
    if (typeof value === 'string')
      return [...value.matchAll(PLACEHOLDER_PATTERN)].flatMap(([, inner = '']) => {
        const placeholder = parsePlaceholder(inner);
        const isBare = placeholder.ok && placeholder.value.otherwise === undefined;
        return isBare ? [{ path, name: placeholder.value.path }] : [];
      });
    if (typeof value !== 'object' || value === null) return [];
    const isList = Array.isArray(value);
    return Object.entries(value).flatMap(([key, item]) => walk(item, [...path, isList ? Number(key) : key]));
  };
  return walk(body, []);
}

function textFaults(text: string): readonly string[] {
  const faults = [...text.matchAll(PLACEHOLDER_PATTERN)].flatMap(([, inner = '']) => {
    const placeholder = parsePlaceholder(inner);
    if (!placeholder.ok) return [placeholder.error];
    const { path } = placeholder.value;
    return FIELD_NAMES.includes(path) ? [] : [unknownField(path)];
  });
  const isOpen = text.replaceAll(PLACEHOLDER_PATTERN, ' ').includes('{{');
  return isOpen ? [...faults, 'must close every {{ with }}, without other braces in between'] : faults;
}

function unknownField(name: string): string {
  const nearest = nearestWord(name, FIELD_NAMES);
  const hint =
    nearest === undefined ? 'the fields are in docs/destinations/webhook.md' : `did you mean {{${nearest}}}?`;
  return `names {{${name.slice(0, 60)}}}, which is no field of a message: ${hint}`;
}

/** The JSON of one message. What its template names and the message does not have is left out. */
export function renderTemplate(body: Readonly<Record<string, unknown>>, message: Message): string {
  return JSON.stringify(filled(body, templateFields(message)));
}

function filled(value: unknown, fields: Fields): unknown {
  if (typeof value === 'string') return filledText(value, fields);
  if (Array.isArray(value)) {
    return value.map((item) => filled(item, fields)).filter((item) => item !== undefined);
  }
  if (typeof value !== 'object' || value === null) return value;
  // Object.fromEntries makes own properties of all names, `__proto__` as well; JSON leaves out what is undefined.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, fields)]));
}

/** A text that is one placeholder and nothing else has the value's own type. */
function filledText(text: string, fields: Fields): unknown {
  const found = [...text.matchAll(PLACEHOLDER_PATTERN)];
  const read = (inner: string): unknown => {
    const placeholder = parsePlaceholder(inner);
    return placeholder.ok ? valueOf(placeholder.value, fields) : undefined;
  };
  const [only] = found;
  if (only && found.length === 1 && only[0] === text) return read(only[1] ?? '');
  return text.replaceAll(PLACEHOLDER_PATTERN, (_whole, inner: string) => textOf(read(inner)));
}
