/** Lets an isolated agent back into the network, or takes an order back that HarfangLab still holds. Doing it twice is as good as once. */

import type { Outcome } from '../../domain/outcome.ts';
import type { HostReference, Lifted } from '../destination.ts';
import type { IsolationLog } from '../isolation/isolation-log.ts';
import { oneAgent } from './agent-of-detection.ts';
import type { Agent } from './agents.ts';
import type { HarfangLabApi } from './api.ts';
import { orderAnswer, orderCall, orderRefused } from './containment-call.ts';
import type { Orders } from './containment-orders.ts';

const ASKED =
  'HarfangLab was asked to let the host back: that takes effect when its agent connects the next time, within minutes where it is online.';
const ASKED_BEFORE =
  'HarfangLab was asked before, and lets the host back when its agent connects the next time.';
/** An earlier lift counts as asked before for as long as the log has it. */
const EVER = 0;

interface Kept {
  readonly log: IsolationLog;
  readonly orders: Orders;
}

/** Looks the agent up, and asks HarfangLab unless nothing is to be done. */
export async function liftContainment(
  api: HarfangLabApi,
  reference: HostReference,
  kept: Kept,
): Promise<Lifted> {
  const found = await oneAgent(api, reference);
  if (!found.ok) {
    const { error } = found;
    return error.kind === 'failed'
      ? { kind: 'failed', outcome: error.failure.outcome }
      : { kind: 'refused', detail: error.detail };
  }
  const agent = found.value;
  // An agent that is away is not isolated yet, though the order is there.
  const isOrdered = kept.orders.for(agent.id).length > 0;
  if (agent.isIsolated === false && !isOrdered)
    return { kind: 'refused', detail: 'the host is not isolated' };
  return ask(api, agent, kept);
}

async function ask(api: HarfangLabApi, agent: Agent, { log }: Kept): Promise<Lifted> {
  const { id: deviceId } = agent;
  const isAskedBefore = log.isLiftedSince(deviceId, EVER);
  // Before the request: what waits in the lane must not isolate the host again, whatever becomes of the answer.
  const takeBack = log.noteLift(deviceId);
  const answer = await api.request(orderCall(deviceId, 'deisolate'));
  if (!answer.ok) {
    if (!answer.error.mayBeDone) takeBack();
    return failed(answer.error.outcome, deviceId);
  }
  const said = orderAnswer(answer.value, deviceId);
  switch (said) {
    case 'requested':
      return { kind: 'lifted', deviceId, detail: ASKED };
    case 'not_told': {
      const detail = `HTTP ${answer.value.status} with a body that does not say whether the order was taken`;
      return failed({ kind: 'retry', reason: 'unconfirmed', detail }, deviceId);
    }
    case 'unrequested':
      if (isAskedBefore || (await isLetBack(api, deviceId)))
        return { kind: 'lifted', deviceId, detail: ASKED_BEFORE };
  }
  takeBack();
  return failed(orderRefused('not let back', said, agent), deviceId);
}

async function isLetBack(api: HarfangLabApi, deviceId: string): Promise<boolean> {
  const found = await oneAgent(api, { deviceId });
  return found.ok && found.value.isIsolated === false;
}

function failed(outcome: Outcome, deviceId: string): Lifted {
  return { kind: 'failed', outcome, deviceId };
}
