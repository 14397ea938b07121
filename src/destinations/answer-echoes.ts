/** Answers that quote what was sent to them, without the destination's secrets. Pure. */

import { decodeBase64, decodeUtf8 } from '../lib/bytes.ts';
import type { HttpAnswer, HttpFailure } from '../lib/http.ts';
import { type Result, success } from '../lib/result.ts';
import { echoRemover } from '../lib/secret-echoes.ts';

/** Shorter ones stand in too many texts, and are no secrets. */
const SECRET_LENGTH_MIN = 6;
/** Shorter parts of a path are what it is called by. */
const PATH_PART_LENGTH_MIN = 16;
const BASIC_PATTERN = /^Basic\s+(\S+)$/i;

/**
 * Leaves secrets out of an answer's text. Of an address, its path, the long parts of that and the values of its query by themselves as
 * well; of `Basic abc…`, `abc…`, and the user and the password in it.
 */
export function withoutEchoes(
  secrets: readonly string[],
): (result: Result<HttpAnswer, HttpFailure>) => Result<HttpAnswer, HttpFailure> {
  const parts = secrets.flatMap((secret) => [
    secret,
    ...secret.split(/\s+/),
    ...inAddress(secret),
    ...inBasic(secret),
  ]);
  const remove = echoRemover(parts.filter(({ length }) => length >= SECRET_LENGTH_MIN));
  return (result) => (result.ok ? success({ ...result.value, body: remove(result.value.body) }) : result);
}

function inAddress(secret: string): readonly string[] {
  const url = URL.parse(secret);
  if (!url) return [];
  const long = url.pathname.split('/').filter(({ length }) => length >= PATH_PART_LENGTH_MIN);
  // As it is written, and as a receiver reads it.
  return [url.pathname, ...long.flatMap((part) => [part, decoded(part)]), ...url.searchParams.values()];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function inBasic(secret: string): readonly string[] {
  const bytes = decodeBase64(BASIC_PATTERN.exec(secret)?.[1] ?? '');
  const credentials = (bytes && decodeUtf8(bytes)) ?? '';
  const colon = credentials.indexOf(':');
  return colon === -1 ? [] : [credentials.slice(0, colon), credentials.slice(colon + 1)];
}
