/**
 * `POST /api/v1/tenants/{id}/destinations/{name}/lift-containment`: lets an isolated host back into the network, now.
 * The tenant's own object asks the destination. Which host it was is in the tenant's audit, by its agent id; no log names it.
 */

import type { LiftContainmentAnswer } from '../../domain/destination-requests.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { askExisting, noSuchDestination, requestFields } from './existing.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
import { agentId, shortText } from './values.ts';

/** DNS allows no longer name. */
const HOSTNAME_LENGTH_MAX = 253;

interface HostFields {
  readonly device_id: string;
  readonly hostname: string;
}

export const liftContainmentRoutes: readonly AdminRoute[] = [
  adminRoute<object, HostFields>({
    method: 'POST',
    path: '/api/v1/tenants/:id/destinations/:name/lift-containment',
    role: 'operator',
    scope: 'tenant',
    body: { device_id: agentId, hostname: shortText(HOSTNAME_LENGTH_MAX) },
    handle: async (call) => {
      const { c, deployment, actor, body } = call;
      const { device_id: deviceId, hostname } = body;
      if ((deviceId === undefined) === (hostname === undefined))
        return failure(bodyInvalid('', 'must have either device_id or hostname'));
      const destination = c.req.param('name') ?? '';
      const host = deviceId === undefined ? { hostname: hostname ?? '' } : { deviceId };
      const answer = await askExisting(c, deployment, async (relay) =>
        relay.liftContainment({ v: 1, actor, destination, ...host }),
      );
      return answer.ok ? await answerOf(call, answer.value) : answer;
    },
  }),
];

async function answerOf(
  { c, deployment }: Pick<Call, 'c' | 'deployment'>,
  answer: LiftContainmentAnswer,
): Promise<Result<Answer, RequestFailure>> {
  const note = (outcome: string): void => {
    const destination = c.req.param('name') ?? '';
    logEvent('info', 'host.containment_lifted', { ...requestFields(c), destination, outcome });
  };
  switch (answer.kind) {
    case 'lifted': {
      note('lifted');
      const { deviceId, detail } = answer;
      return success({ body: { lifted: true, device_id: deviceId, detail } });
    }
    case 'refused':
      note('refused');
      return failure({ kind: 'containment_not_lifted', detail: answer.detail });
    case 'failed': {
      const { reason, detail } = answer;
      note(['failed', reason].filter((word) => word !== undefined).join(' '));
      return failure({ kind: 'destination_failed', detail, ...(reason !== undefined && { reason }) });
    }
    case 'not_granted':
      return failure({ kind: 'containment_not_granted' });
    case 'unknown_destination':
      return noSuchDestination(c, deployment);
    default:
      return refused(c, answer);
  }
}
