/** `POST /api/v1/tenants/{id}/destinations/{name}/pause` and `…/resume`: a new version of the config, unless it is so already. */

import type { LaneStart, PauseRequest, ResumeAnswer, TenantRelayRpc } from '../../domain/rpc.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { success } from '../../lib/result.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { askExisting, noSuchDestination, requestFields } from './existing.ts';
import { refused } from './refused.ts';
import { laneStart } from './values.ts';
import { etagOf } from './version.ts';

const ROOT = '/api/v1/tenants/:id/destinations/:name';

export const destinationRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'POST',
    path: `${ROOT}/pause`,
    role: 'operator',
    scope: 'tenant',
    handle: async (call) => save(call, 'destination.paused', async (relay, request) => relay.pause(request)),
  }),
  adminRoute<object, { readonly from: LaneStart }>({
    method: 'POST',
    path: `${ROOT}/resume`,
    role: 'operator',
    scope: 'tenant',
    body: { from: laneStart },
    handle: async (call) => {
      const { from = 'backlog' } = call.body;
      return save(call, 'destination.resumed', async (relay, request) => relay.resume({ ...request, from }));
    },
  }),
];

async function save(
  { c, deployment, actor }: Call,
  event: 'destination.paused' | 'destination.resumed',
  ask: (relay: TenantRelayRpc, request: PauseRequest) => Promise<ResumeAnswer>,
): Promise<Result<Answer, RequestFailure>> {
  const destination = c.req.param('name') ?? '';
  const answer = await askExisting(c, deployment, async (relay) => ask(relay, { v: 1, actor, destination }));
  if (!answer.ok) return answer;
  switch (answer.value.kind) {
    case 'saved': {
      const { version, isPublished, discarded } = answer.value;
      logEvent('info', event, { ...requestFields(c), destination, version, discarded });
      const body = { version, published: isPublished, discarded };
      return success({ body, headers: { etag: etagOf(version) } });
    }
    case 'unknown_destination':
      return noSuchDestination(c, deployment);
    default:
      return refused(c, answer.value);
  }
}
