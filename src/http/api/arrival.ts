/**
 * `…/arrival` of `/api/v1/tenants/{id}`: the steps of a tenant's way here, which the command line takes one after the other.
 * What passes through here of the tenant's data is sealed, and is not opened here.
 */

import type { ArriveAnswer, ArriveStep } from '../../domain/move.ts';
import { MOVE_BODY_BYTES_MAX } from '../../domain/move.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { findTenant } from '../../residency.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { UNAVAILABLE } from './existing.ts';
import {
  asked,
  BY,
  complete,
  failed,
  type Fields,
  readersOf,
  residency,
  type Step,
  targetOf,
} from './move-step.ts';
import { noteTenant } from './registry.ts';

const ARRIVAL = '/api/v1/tenants/:id/arrival';

export const arrivalRoutes: readonly AdminRoute[] = [
  adminRoute<Pick<Fields, 'to'>>({
    method: 'GET',
    path: ARRIVAL,
    ...BY,
    query: { to: residency },
    handle: async (call) => {
      const { to } = call.query;
      if (!TENANT_ID_PATTERN.test(call.c.req.param('id') ?? '')) return failure({ kind: 'tenant_not_found' });
      if (!to) return failure({ kind: 'parameter_invalid', path: 'to', detail: 'to must be given.' });
      const target = targetOf(call, to);
      if (!target.ok) return target;
      const view = await asked(call, async () => target.value.moveState());
      return view.ok ? success({ body: view.value }) : view;
    },
  }),
  arriveRoute({
    path: `${ARRIVAL}/check`,
    needs: ['to', 'sealed'],
    step: ({ to, sealed: offer }) => ({ step: 'check', to, sealed: offer }),
  }),
  arriveRoute({
    path: `${ARRIVAL}/pages`,
    needs: ['to', 'sealed'],
    step: ({ to, sealed: page }) => ({ step: 'page', to, sealed: page }),
  }),
  arriveRoute({
    path: `${ARRIVAL}/activate`,
    needs: ['to', 'move', 'release'],
    step: ({ move, release }) => ({ step: 'activate', move, release }),
  }),
  arriveRoute({
    path: `${ARRIVAL}/abandon`,
    needs: ['to', 'move'],
    step: ({ move }) => ({ step: 'abandon', move }),
  }),
];

function arriveRoute<K extends keyof Fields>({ path, needs, step }: Step<K | 'to', ArriveStep>): AdminRoute {
  return adminRoute<object, Partial<Fields>>({
    method: 'POST',
    path,
    ...BY,
    body: readersOf(needs),
    bodyBytesMax: MOVE_BODY_BYTES_MAX,
    handle: async (call) => {
      const body = complete(call, needs);
      if (!body.ok) return body;
      const tenant = call.c.req.param('id') ?? '';
      const target = targetOf(call, body.value.to);
      if (!target.ok) return target;
      const found = await findTenant(call.c.env.TENANT_RELAY, call.deployment.settings, tenant);
      if (!found.ok) return failure(UNAVAILABLE);
      const knownCreatedAtMs = found.value?.stored.createdAtMs ?? null;
      const asks = { v: 1, actor: call.actor, tenant, knownCreatedAtMs, ...step(body.value) } as const;
      const answer = await asked(call, async () => target.value.arrive(asks));
      return answer.ok ? came(call, answer.value) : answer;
    },
  });
}

async function came(call: Call, answer: ArriveAnswer): Promise<Result<Answer, RequestFailure>> {
  const tenant = call.c.req.param('id') ?? '';
  switch (answer.kind) {
    case 'welcome':
      return success({ body: { welcome: true } });
    case 'done':
      return success({ body: answer.view });
    case 'active': {
      const { version, isPublished } = answer;
      const noted = await noteTenant(call, 'tenant.arrived', { tenant, version });
      return noted.ok ? success({ body: { version, published: isPublished } }) : noted;
    }
    default:
      return failed(call, answer);
  }
}
