/** The end of `erase` and of `erasures` with an id: the report, and what the process ends with. */

import type { ApiClient } from '../api-client.ts';
import { tenantPath } from '../api-paths.ts';
import { SHAPES } from '../api-shapes.ts';
import type { ErasureView, TenantShown } from '../api-types.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Session } from '../session.ts';
import { erasureText, holdsText } from './erasure-text.ts';
import { erasedBefore, metNothing, nothingStored } from './nothing-stored.ts';
import { outsideAdvice } from './outside-advice.ts';

/** Something that still names the person, or a hold that puts it off, is a finding: 1. A name that nothing was ever stored under is not found: 4. */
export async function showErasure(
  { out }: Session,
  api: ApiClient,
  tenant: string,
  erasure: ErasureView,
): Promise<ExitCode> {
  const { doneAt, heldBy = [], remaining, outside, id } = erasure;
  const residency = await residencyOf(api, tenant);
  const advice = outside.destinations
    .filter(({ entries }) => entries > 0)
    .map(({ destination, type }) => ({ destination, advice: outsideAdvice(type, residency) }));
  const isEmpty = metNothing(erasure);
  const earlier = isEmpty ? await erasedBefore(api, tenant, erasure.keys, id) : undefined;
  const summary = isEmpty ? nothingStored('was', earlier) : undefined;
  const document = { tenant, erasure, advice, wasStored: !isEmpty, erasedBefore: earlier?.id ?? null };
  out.result(document, () => erasureText(out, { tenant, residency, summary }, erasure));
  if (heldBy.length > 0)
    out.note(
      `It is put off by ${holdsText(heldBy)}, and goes on by itself once lifted: ${heldBy.map((hold) => `npx noxys-relay holds lift ${tenant} ${hold}`).join(', ')}`,
    );
  if (doneAt === undefined) out.note(`Look again: npx noxys-relay erasures ${tenant} ${id} --wait`);
  if (isEmpty && !earlier) return EXIT.notFound;
  return remaining.length + heldBy.length > 0 ? EXIT.failed : EXIT.ok;
}

/** It decides what messages outside say. Undefined where it can't be read: the report is shown all the same. */
async function residencyOf(api: ApiClient, tenant: string): Promise<string | undefined> {
  const answer = await api.send<TenantShown>({
    method: 'GET',
    shape: SHAPES.tenant,
    path: tenantPath(tenant),
  });
  return answer.ok ? answer.value.body.config.residency : undefined;
}
