/** The end of `erase` and of `erasures` with an id: the report, and what the process ends with. */

import type { ErasureView } from '../api-types.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { erasureText } from './erasure-text.ts';
import { outsideAdvice } from './outside-advice.ts';

/** Something that still names the person is a finding: 1. */
export function showErasure({ out }: Session, tenant: string, erasure: ErasureView): ExitCode {
  const { doneAt, remaining, outside, id } = erasure;
  const advice = outside.destinations
    .filter(({ entries }) => entries > 0)
    .map(({ destination, type }) => ({ destination, advice: outsideAdvice(type) }));
  out.result({ tenant, erasure, advice }, () => erasureText(out, tenant, erasure));
  if (doneAt === undefined) out.note(`Look again: npx noxys-relay erasures ${tenant} ${id} --wait`);
  return remaining.length > 0 ? EXIT.failed : EXIT.ok;
}
