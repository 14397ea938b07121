/** Asks the relay about an erasure until it is done. The erasure goes on by itself, whatever becomes of the asking. */

import type { Answer } from '../api-answer.ts';
import type { ApiClient, ApiRequest } from '../api-client.ts';
import { type ApiFailure, cliFailureOf } from '../api-failure.ts';
import { tenantPath } from '../api-paths.ts';
import { missingMember, SHAPES } from '../api-shapes.ts';
import type { ErasureView } from '../api-types.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { count } from '../output/time.ts';
import type { Session } from '../session.ts';
import { failure, type Result, success } from '../../src/lib/result.ts';
import { removedTotal } from './erasure-text.ts';

const LOOK_MS_MIN = 1_000;
const LOOK_MS_MAX = 10_000;
/** So long without anything removed: whatever holds it up, waiting does not help. */
const STALL_MS_MAX = 600_000;

/** A request that is answered with an erasure. */
export async function sendForErasure(
  api: ApiClient,
  request: Omit<ApiRequest, 'shape'>,
): Promise<Result<ErasureView, ApiFailure>> {
  const answer: Result<Answer<ErasureView>, ApiFailure> = await api.send({
    ...request,
    shape: SHAPES.erasure,
  });
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  const missing = missingMember(body.outside, SHAPES.outside);
  if (missing === undefined) return success(body);
  return failure({ kind: 'not_a_relay', detail: `answered ${status} without outside.${missing}` });
}

export async function readErasure(api: ApiClient, tenant: string, id: number): Promise<ErasureView> {
  const answer = await sendForErasure(api, { method: 'GET', path: tenantPath(tenant, 'erasures', id) });
  if (!answer.ok) throw cliFailureOf(answer.error, 'read the erasure', api.origin);
  return answer.value;
}

/** As it is when it is done, or put off by a legal hold. Throws where it can't be followed, and says how to look at it later. */
export async function followErasure(
  { io, out }: Session,
  api: ApiClient,
  tenant: string,
  begun: ErasureView,
): Promise<ErasureView> {
  let erasure = begun;
  let changedAtMs = io.nowMs();
  for (let lookMs = LOOK_MS_MIN; goesOnNow(erasure); lookMs = Math.min(LOOK_MS_MAX, lookMs * 2)) {
    if (io.nowMs() - changedAtMs > STALL_MS_MAX) throw stalled(tenant, erasure);
    await io.sleep(lookMs, io.signal).catch(() => undefined);
    const { id } = erasure;
    const next = await readErasure(api, tenant, id).catch((error: unknown) => {
      throw goesOn(error, tenant, id);
    });
    const total = removedTotal(next);
    if (total !== removedTotal(erasure)) {
      changedAtMs = io.nowMs();
      if (next.doneAt === undefined) out.note(`Erasing: ${count(total, 'thing')} removed so far.`);
    }
    erasure = next;
  }
  return erasure;
}

function goesOnNow({ doneAt, heldBy = [] }: ErasureView): boolean {
  return doneAt === undefined && heldBy.length === 0;
}

function goesOn(error: unknown, tenant: string, id: number): unknown {
  if (!(error instanceof CliFailure)) return error;
  const { exitCode, kind, message, hint, details } = error;
  const again = `The erasure goes on by itself: npx noxys-relay erasures ${tenant} ${id} --wait`;
  return new CliFailure(exitCode, kind, message, {
    hint: hint === undefined ? again : `${again}\n${hint}`,
    details: { ...details, erasure: id },
  });
}

function stalled(tenant: string, { id }: ErasureView): CliFailure {
  return new CliFailure(
    EXIT.failed,
    'erasure_stalled',
    `Erasure ${id} is not done, and nothing was removed for ${STALL_MS_MAX / 60_000} minutes.`,
    {
      hint: `Look at the relay: npx noxys-relay doctor ${tenant}. Then: npx noxys-relay erasures ${tenant} ${id} --wait`,
      details: { erasure: id },
    },
  );
}
