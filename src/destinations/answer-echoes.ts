/** Answers that quote what was sent to them, without the destination's secrets. Pure. */

import type { HttpAnswer, HttpFailure } from '../lib/http.ts';
import { type Result, success } from '../lib/result.ts';
import { echoRemover } from '../lib/secret-echoes.ts';

/** Shorter ones stand in too many texts, and are no secrets. */
const SECRET_LENGTH_MIN = 6;

/** Leaves secrets out of an answer's text. Of an address, its path and the values of its query by themselves as well; of `Basic abc…`, `abc…`. */
export function withoutEchoes(
  secrets: readonly string[],
): (result: Result<HttpAnswer, HttpFailure>) => Result<HttpAnswer, HttpFailure> {
  const parts = secrets.flatMap((secret) => {
    const url = URL.parse(secret);
    const inUrl = url ? [url.pathname, ...url.searchParams.values()] : [];
    return [secret, ...secret.split(/\s+/), ...inUrl];
  });
  const remove = echoRemover(parts.filter(({ length }) => length >= SECRET_LENGTH_MIN));
  return (result) => (result.ok ? success({ ...result.value, body: remove(result.value.body) }) : result);
}
