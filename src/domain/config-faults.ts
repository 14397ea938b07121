/**
 * Turns the schema's issues into sentences for the person who wrote the config: what is wrong, what is allowed, how to mend it.
 * Pure. Never quotes a value: it may be a secret in the wrong place.
 */

import type * as z from 'zod/mini';

import { nearestWord } from '../lib/nearest.ts';
import { isRecord } from '../lib/record.ts';
import type { ConfigFault } from './fault.ts';
import { tenantConfigSchema } from './tenant-config.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What zod/mini says when a check brings no words of its own. */
const NO_WORDS = 'Invalid input';
/** A key is shown only when it looks like one, which has few digits: a secret can land left of a colon too. */
const KEY_PATTERN = /^(?!.*whsec_)(?!(?:.*\d){5})[A-Za-z0-9_.|-]{1,40}$/;
/** A longer value is no misspelling of an allowed one. */
const NEAR_MISS_LENGTH_MAX = 40;

/** One fault per issue, and one per unknown key, in the order of the schema. `document` is what was parsed. */
export function faultsOfIssues(issues: readonly Issue[], document: unknown): ConfigFault[] {
  return withoutMeasures(issues).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(issue.path, key, document));
    const meant = meantIssues(issue);
    if (meant.length > 0) return faultsOfIssues(meant, document);
    return [{ path: formatPath(issue.path), message: messageOf(issue, readAt(document, issue.path)) }];
  });
}

/** zod measures a value of the wrong kind, too, such as the length of a text where a list belongs: its kind is what is wrong. */
function withoutMeasures(issues: readonly Issue[]): readonly Issue[] {
  const ofWrongKind = new Set(
    issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => formatPath(path)),
  );
  const isMeasure = ({ code }: Issue) => code === 'too_small' || code === 'too_big';
  return issues.filter((issue) => !isMeasure(issue) || !ofWrongKind.has(formatPath(issue.path)));
}

/** What is wrong with a key of a record, or with a value that may be of several kinds as the one that it is. Empty: it is none of them. */
function meantIssues(issue: Issue): readonly Issue[] {
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  if (issue.code !== 'invalid_union') return [];
  const isMeant = (inner: readonly Issue[]) =>
    inner.every(({ code, path }) => path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_union'));
  const meant = issue.errors.find((inner) => inner.length > 0 && isMeant(inner)) ?? [];
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** A path such as `destinations[0].base_url`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${showKey(String(step))}`;
  }
  return text;
}

function messageOf(issue: Issue, value: unknown): string {
  if (value === undefined) return `is missing: ${wantOf(issue)}`;
  if (issue.message !== NO_WORDS && issue.message !== '') return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `${wantOf(issue)}: it is ${kindOf(value)}${quoteHint(issue.expected, value)}`;
    case 'too_small':
    case 'too_big':
      return boundOf(issue);
    default:
      return `${wantOf(issue)}${nearMiss(issue, value)}`;
  }
}

/** The allowed value that was probably meant; the written one is not quoted. */
function nearMiss(issue: Issue, value: unknown): string {
  if (typeof value !== 'string' || value.length > NEAR_MISS_LENGTH_MAX) return '';
  const nearest = nearestWord(value.trim(), allowedBy(issue));
  return nearest === undefined ? '' : `: did you mean ${nearest}?`;
}

/** The values that an enumeration, or the discriminator of a union, allows. */
function allowedBy(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  const options: unknown = issue.code === 'invalid_union' && 'options' in issue ? issue.options : undefined;
  return Array.isArray(options) ? options.map(String) : [];
}

/** What is allowed at the place of the issue. */
function wantOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KIND_WORDS[issue.expected] ?? `of type ${issue.expected}`}`;
    case 'invalid_value':
    case 'invalid_union': {
      const allowed = allowedBy(issue);
      if (allowed.length > 0) return `must be ${oneOf(allowed)}`;
      return kindsOf(issue) ?? 'must be a text, a number, true or false, or a list of these';
    }
    default:
      return 'is not allowed here: see the configuration table in the README';
  }
}

/** The kinds of a union whose members are plain; undefined: some are unions or lists themselves. */
function kindsOf(issue: Issue): string | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const kinds = issue.errors.map(([first]) =>
    first?.code === 'invalid_type' ? KIND_WORDS[first.expected] : undefined,
  );
  return kinds.every((kind) => kind !== undefined) ? `must be ${kinds.join(' or ')}` : undefined;
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'a text';
    case 'number':
      return Number.isInteger(value) ? 'a number' : 'a number with a fraction';
    case 'boolean':
      return 'true or false';
    default:
      return 'a group of keys';
  }
}

function quoteHint(expected: string, value: unknown): string {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return expected === 'string' && isScalar ? '; put it in quotes' : '';
}

function boundOf(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const isSmall = issue.code === 'too_small';
  const bound = Number(isSmall ? issue.minimum : issue.maximum);
  const side = isSmall ? 'at least' : 'at most';
  switch (issue.origin) {
    case 'string':
      return isSmall && bound === 1 ? 'must not be empty' : `must have ${side} ${bound} characters`;
    case 'array':
      return `must have ${side} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
    default:
      return `must be ${side} ${bound}`;
  }
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? `${values[0]}` : `one of ${values.join(', ')}`;
}

function unknownKey(path: Path, key: string, document: unknown): ConfigFault {
  const known = keysAt(tenantConfigSchema, path, document);
  const nearest = nearestWord(key, known);
  const hint = nearest === undefined ? `known here are ${known.join(', ')}` : `did you mean ${nearest}?`;
  return { path: formatPath([...path, key]), message: `is not a known key: ${hint}` };
}

/** A key as it may be shown: one that looks like no key, and so may be a secret, is not quoted. */
export function showKey(key: string): string {
  return KEY_PATTERN.test(key) ? key : '(unreadable key)';
}

/** The keys that the schema knows at a path; which member of a union holds is read from the document. */
function keysAt(schema: z.core.$ZodType, path: Path, document: unknown): string[] {
  const def = definitionOf(schema);
  switch (def?.type) {
    case 'default':
    case 'optional':
      return keysAt(def.innerType, path, document);
    case 'union': {
      const chosen = def.options.filter((option) => hasLiteralType(option, readAt(document, ['type'])));
      const options = chosen.length > 0 ? chosen : def.options.filter((option) => !hasTypeKey(option));
      return options.flatMap((option) => keysAt(option, path, document));
    }
    case 'array': {
      const [step, ...rest] = path;
      return step === undefined ? [] : keysAt(def.element, rest, readAt(document, [step]));
    }
    case 'record': {
      const [step, ...rest] = path;
      if (step !== undefined) return keysAt(def.valueType, rest, readAt(document, [step]));
      const keys = definitionOf(def.keyType);
      return keys?.type === 'enum' ? Object.keys(keys.entries) : [];
    }
    case 'object': {
      const [step, ...rest] = path;
      if (step === undefined) return Object.keys(def.shape);
      const inner = def.shape[String(step)];
      return inner === undefined ? [] : keysAt(inner, rest, readAt(document, [step]));
    }
    default:
      return [];
  }
}

/** Whether an object schema's `type` is the literal that the document names. */
function hasLiteralType(schema: z.core.$ZodType, type: unknown): boolean {
  const def = definitionOf(schema);
  if (def?.type !== 'object') return false;
  const discriminator = definitionOf(def.shape['type']);
  return discriminator?.type === 'literal' && discriminator.values.some((value) => value === type);
}

/** Whether a member of a union is told from the others by its `type`. */
function hasTypeKey(schema: z.core.$ZodType): boolean {
  const def = definitionOf(schema);
  return def?.type === 'object' && def.shape['type'] !== undefined;
}

/** zod types a schema by its base class; its definition says which class it is. */
function definitionOf(schema: z.core.$ZodType | undefined): z.core.$ZodTypes['_zod']['def'] | undefined {
  return schema && isNamedSchema(schema) ? schema._zod.def : undefined;
}

function isNamedSchema(schema: z.core.$ZodType): schema is z.core.$ZodTypes {
  return typeof schema._zod.def.type === 'string';
}

function readAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}
