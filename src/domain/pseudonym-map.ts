/**
 * The opt-in map from pseudonyms back to names (`privacy.sealed_map`): what of it leaves the Worker, and what is sealed. A name is
 * never in clear outside of the Worker that minimises it and the object that reveals it. Pure.
 */

import * as z from 'zod/mini';

import type { UserName } from './event-view.ts';

/** What names are sealed for. */
export const PSEUDONYM_MAP_PURPOSE = 'pseudonym-map';
/** Of a seal. A name has at most 512 characters; this is four times what four bytes each of them come to. */
export const SEALED_NAME_LENGTH_MAX = 8_000;
/** An id and an address of each of a hundred events. */
export const SEALED_NAMES_MAX = 200;

/** The name behind a pseudonym, sealed for its tenant and `PSEUDONYM_MAP_PURPOSE`. */
export interface SealedName {
  readonly key: string;
  /** A compact JWE. */
  readonly sealed: string;
}

const nameSchema = z.union([
  z.object({ key: z.string(), id: z.string() }),
  z.object({ key: z.string(), email: z.string() }),
]);

/** What is sealed: the name, and the key that it belongs to, so that a seal under another key is noticed. */
export function writeName(key: string, name: UserName): string {
  return JSON.stringify({ key, ...name });
}

/** The name of an opened seal; undefined when it is of another key, or none. */
export function readName(text: string, key: string): UserName | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = nameSchema.safeParse(json);
  if (!parsed.success || parsed.data.key !== key) return undefined;
  return 'id' in parsed.data ? { id: parsed.data.id } : { email: parsed.data.email };
}
