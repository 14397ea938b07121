/** Lets an isolated host back into the network. Doing it twice is as good as once. */

import type { Outcome } from '../../domain/outcome.ts';
import type { HostReference, Lifted } from '../destination.ts';
import type { IsolationLog } from '../isolation/isolation-log.ts';
import type { ApiAnswer, FalconApi } from './api.ts';
import { oneHost } from './containment-host.ts';
import { errorText } from './error-text.ts';
import type { Host } from './hosts.ts';

const ASKED = 'Falcon lets the host back: its sensor hears of it within seconds when it is online.';
const ASKED_BEFORE = 'Falcon was asked before, and is letting the host back.';

/** Looks the host up, and asks Falcon unless nothing is to be done. */
export async function liftContainment(
  api: FalconApi,
  reference: HostReference,
  log: IsolationLog,
): Promise<Lifted> {
  const found = await oneHost(api, reference);
  if (!found.ok) {
    const { error } = found;
    return error.kind === 'failed' ? failed(error.failure.outcome) : refused(error.detail);
  }
  const host = found.value;
  const { deviceId, status } = host;
  if (status === 'lift_containment_pending') {
    log.noteLift(deviceId);
    return { kind: 'lifted', deviceId, detail: ASKED_BEFORE };
  }
  if (status !== 'contained' && status !== 'containment_pending') return refused('the host is not isolated');
  return ask(api, host, log);
}

async function ask(api: FalconApi, { deviceId }: Host, log: IsolationLog): Promise<Lifted> {
  // Before the request: what waits in the lane must not isolate the host again, whatever becomes of the answer.
  const takeBack = log.noteLift(deviceId);
  const answer = await api.request({
    method: 'POST',
    path: '/devices/entities/devices-actions/v2?action_name=lift_containment',
    body: { ids: [deviceId] },
    scope: 'devices:write',
    answers: [404, 409],
  });
  if (!answer.ok) {
    if (!answer.error.mayBeDone) takeBack();
    return failed(answer.error.outcome, deviceId);
  }
  const { status, errors } = answer.value;
  if (status !== 404 && status !== 409 && errors.length === 0)
    return { kind: 'lifted', deviceId, detail: ASKED };
  // Somebody else acts on the host: what has become of it counts.
  if (status === 409 && (await isLetBack(api, deviceId)))
    return { kind: 'lifted', deviceId, detail: ASKED_BEFORE };
  takeBack();
  return failed(rejected(answer.value), deviceId);
}

async function isLetBack(api: FalconApi, deviceId: string): Promise<boolean> {
  const found = await oneHost(api, { deviceId });
  return found.ok && (found.value.status === 'normal' || found.value.status === 'lift_containment_pending');
}

function rejected(answer: ApiAnswer): Outcome {
  return { kind: 'rejected', status: answer.status, excerpt: errorText(answer) };
}

function refused(detail: string): Lifted {
  return { kind: 'refused', detail };
}

function failed(outcome: Outcome, deviceId?: string): Lifted {
  return { kind: 'failed', outcome, ...(deviceId !== undefined && { deviceId }) };
}
