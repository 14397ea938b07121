/** What was asked of a person and found nothing: a misspelt name looks the same, and is no proof of anything. Only reads. */

import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { ErasureView } from '../api-types.ts';
import { formatInstant } from '../output/time.ts';
import { removedTotal } from './erasure-text.ts';

/** Whether an erasure that is done met anything of the person, anywhere. */
export function metNothing(erasure: ErasureView): boolean {
  const { doneAt, undelivered, outside, remaining, alsoSeen, late } = erasure;
  const entries = [...Object.values(undelivered), ...outside.destinations.map((copies) => copies.entries)];
  return (
    doneAt !== undefined &&
    removedTotal(erasure) === 0 &&
    entries.every((number) => number === 0) &&
    remaining.length === 0 &&
    alsoSeen.length === 0 &&
    late === 0
  );
}

/**
 * An erasure, before the one given, that removed something of who is known by one of these keys. Undefined where there is none, and where
 * the relay does not tell: then the name is to be checked.
 */
export async function erasedBefore(
  api: ApiClient,
  tenant: string,
  keys: readonly string[],
  before = Number.POSITIVE_INFINITY,
): Promise<ErasureView | undefined> {
  const answer = await api.send<{ readonly erasures: readonly ErasureView[] }>({
    method: 'GET',
    shape: SHAPES.erasures,
    path: tenantPath(tenant, 'erasures'),
  });
  if (!answer.ok) return undefined;
  return answer.value.body.erasures.find(
    (erasure) =>
      erasure.id < before && removedTotal(erasure) > 0 && erasure.keys.some((key) => keys.includes(key)),
  );
}

/** In a sentence. `verb`: `is` or `was`. */
export function nothingStored(verb: 'is' | 'was', earlier: ErasureView | undefined): string {
  return earlier
    ? `Nothing ${verb} stored under this name any more: erasure ${earlier.id} of ${formatInstant(earlier.begunAt)} UTC removed it.`
    : `Nothing ${verb} stored under this name: check its spelling, capitals count.`;
}
