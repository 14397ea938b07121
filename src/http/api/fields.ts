/**
 * The named values that a request brings in its query or in its body, each optional.
 * An unknown one is an error with the nearest known one: what is misspelt must not be taken for what is not asked.
 */

import type { Context } from 'hono';

import { formatPath } from '../../domain/config-faults.ts';
import type { ConfigFault } from '../../domain/fault.ts';
import { nearestWord } from '../../lib/nearest.ts';
import { isRecord } from '../../lib/record.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { bodyWithin } from '../body.ts';
import type { AppEnv } from '../deployment.ts';
import type { RequestFailure } from '../request-failure.ts';
import { parseDocument } from './document.ts';
import type { Reader } from './values.ts';

/** A body with every key is below 200 bytes. */
const BODY_BYTES_MAX = 4 * 1024;

/** How the value of each name is read. */
export type Readers<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/** What the query has of the named parameters, each at most once, or the first fault. */
export function readParameters<T extends object>(
  c: Context<AppEnv>,
  readers: Readers<T> | undefined,
): Result<Partial<T>, RequestFailure> {
  const queries = Object.entries(c.req.queries());
  const { fields, faults } = readAll(
    queries.map(([name, values]) => [name, values[0]]),
    readers,
  );
  const repeated = queries
    .filter(([, values]) => values.length > 1)
    .map(([name]) => ({ path: formatPath([name]), message: 'must be given once' }));
  const [first] = [...faults, ...repeated];
  if (!first) return success(fields);
  const { path, message } = first;
  const detail = `${path} ${message}${message.endsWith('?') ? '' : '.'}`;
  return failure({ kind: 'parameter_invalid', path, detail });
}

/** What the body has of the named keys, or every fault. An empty body has none of them. */
export function readBodyFields<T extends object>(
  c: Context<AppEnv>,
  readers: Readers<T>,
  bytesMax = BODY_BYTES_MAX,
): Result<Partial<T>, RequestFailure> {
  const body = bodyWithin(c.get('body'), bytesMax);
  if (!body.ok) return body;
  if (body.value.byteLength === 0) return success({});
  const document = parseDocument(body.value, c.req.header('content-type'));
  if (!document.ok) return document;
  const group = document.value;
  if (!isRecord(group) || Array.isArray(group)) return failure(bodyInvalid('', 'must be a group of keys'));
  const { fields, faults } = readAll(Object.entries(group), readers);
  return faults.length === 0 ? success(fields) : failure({ kind: 'body_invalid', faults });
}

/** The failure of a body with one fault. */
export function bodyInvalid(path: string, message: string): RequestFailure {
  return { kind: 'body_invalid', faults: [{ path, message }] };
}

function readAll<T extends object>(
  entries: readonly (readonly [string, unknown])[],
  readers: Readers<T> | undefined,
) {
  const fields: Partial<T> = {};
  const faults: ConfigFault[] = [];
  const readOne = <K extends keyof T>(known: Readers<T>, key: K, value: unknown, path: string) => {
    const read = known[key](value);
    if (read.ok) fields[key] = read.value;
    else faults.push({ path, message: read.error });
  };
  for (const [name, value] of entries) {
    const path = formatPath([name]);
    if (readers && isKeyOf(readers, name)) readOne(readers, name, value, path);
    else faults.push({ path, message: unknownKey(name, Object.keys(readers ?? {})) });
  }
  return { fields, faults };
}

function isKeyOf<T extends object>(readers: Readers<T>, name: PropertyKey): name is keyof T {
  return Object.hasOwn(readers, name);
}

function unknownKey(name: string, known: readonly string[]): string {
  const nearest = nearestWord(name, known);
  if (nearest !== undefined) return `is not a known key: did you mean ${nearest}?`;
  return `is not a known key: ${known.length === 0 ? 'none is known here' : `known here are ${known.join(', ')}`}`;
}
