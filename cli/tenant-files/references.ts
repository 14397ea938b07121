/**
 * `${NAME}` and `${file:path}` in the texts of a document, replaced by what they stand for; `$${` is a plain `${`. Not in Sigma rules.
 * Pure but for the look-ups that are passed in. A reference that leads nowhere is a fault with its place.
 */

import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';
import { isSecretPlace } from './literal-secrets.ts';

const NO_FILE_HERE = 'refers to a file, which is for the places of secrets alone: write the text here';

export type Step = string | number;

export interface ReferenceFault {
  readonly path: readonly Step[];
  readonly message: string;
}

export interface Lookups {
  /** The value of a variable, undefined when it is not set for such a place. */
  readonly variable: (name: string, isSecret: boolean) => string | undefined;
  /** A file's text, or why it can't be read. Asked for the places of secrets alone. */
  readonly file: (path: string) => Result<string, string>;
}

export interface Resolved {
  readonly value: unknown;
  /** What references stood for, in clear: to be concealed. */
  readonly used: readonly string[];
}

const REFERENCE_PATTERN = /\$(\$?)\{([^{}]*)\}/g;
const NAME_PATTERN = /^[A-Za-z_]\w*$/;
const FILE_PREFIX = 'file:';
const NOWHERE = 'holds a reference that is neither ${NAME} nor ${file:path}: write $${ for a plain ${';

/** The document with its references replaced, or every reference that leads nowhere. */
export function resolveReferences(
  document: unknown,
  lookups: Lookups,
): Result<Resolved, readonly ReferenceFault[]> {
  const faults: ReferenceFault[] = [];
  const used: string[] = [];
  const walk = (value: unknown, path: readonly Step[]): unknown => {
    if (isRuleText(path)) return value;
    if (typeof value === 'string') {
      return value.replaceAll(REFERENCE_PATTERN, (whole, escape: string, inner: string) => {
        if (escape !== '') return whole.slice(1);
        const found = lookUp(inner.trim(), isSecretPlace(path), lookups);
        if (!found.ok) {
          faults.push({ path, message: found.error });
          return whole;
        }
        used.push(found.value);
        return found.value;
      });
    }
    if (Array.isArray(value)) return value.map((inner: unknown, index) => walk(inner, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]: [string, unknown]) => [key, walk(inner, [...path, key])]),
    );
  };
  const value = walk(document, []);
  return faults.length === 0 ? success({ value, used }) : failure(faults);
}

/** Sigma is as its author wrote it: a rule may look for `${jndi:`. */
function isRuleText([root, key]: readonly Step[]): boolean {
  return root === 'rules' && key === 'custom';
}

function lookUp(inner: string, isSecret: boolean, { variable, file }: Lookups): Result<string, string> {
  if (inner.startsWith(FILE_PREFIX)) {
    return isSecret ? file(inner.slice(FILE_PREFIX.length).trim()) : failure(NO_FILE_HERE);
  }
  if (!NAME_PATTERN.test(inner)) return failure(NOWHERE);
  const value = variable(inner, isSecret);
  if (value === undefined) {
    return failure(
      isSecret
        ? `refers to ${inner}, which is neither in the environment nor in .env beside the file`
        : `refers to ${inner}, which is not in .env beside the file: this place holds no secret, so the environment is not asked`,
    );
  }
  return value === '' ? failure(`refers to ${inner}, which is empty`) : success(value);
}

/** The variable that a text refers to, when it is nothing but that reference. */
export function soleReference(text: string): string | undefined {
  const name = /^\$\{([^{}:]*)\}$/.exec(text.trim())?.[1]?.trim();
  return name !== undefined && NAME_PATTERN.test(name) ? name : undefined;
}
