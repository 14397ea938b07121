/**
 * `…/move` of `/api/v1/tenants/{id}`: the steps of a tenant's way from here, which the command line takes one after the other.
 * What passes through here of the tenant's data is sealed, and is not opened here.
 */

import type { LeaveAnswer, LeaveStep, MoveView } from '../../domain/move.ts';
import type { TenantRelayRpc } from '../../domain/rpc.ts';
import type { Residency } from '../../domain/tenant-config.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { findTenant, residenciesAsked } from '../../residency.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import { backlogOf } from '../bindings.ts';
import type { RequestFailure } from '../request-failure.ts';
import { UNAVAILABLE } from './existing.ts';
import { asked, BY, complete, failed, type Fields, readersOf, type Step, targetOf } from './move-step.ts';
import { noteTenant, revokeTokens } from './registry.ts';
import { conflict } from './save.ts';

const MOVE = '/api/v1/tenants/:id/move';

export const moveRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'GET',
    path: MOVE,
    ...BY,
    handle: async (call) => {
      const source = await findSource(call);
      return source.ok ? success({ body: source.value.view }) : source;
    },
  }),
  leaveRoute({
    path: `${MOVE}/offer`,
    needs: ['to'],
    may: ['leave_eu'],
    step: ({ to, leave_eu }) => ({ step: 'offer', to, leavesEu: leave_eu === true }),
  }),
  leaveRoute({
    path: MOVE,
    needs: ['to', 'version'],
    may: ['leave_eu'],
    step: ({ to, version, leave_eu }) => ({
      step: 'begin',
      to,
      leavesEu: leave_eu === true,
      expectedVersion: version,
    }),
  }),
  leaveRoute({
    path: `${MOVE}/pages`,
    needs: ['move', 'n'],
    step: ({ move, n }) => ({ step: 'page', move, n }),
  }),
  leaveRoute({
    path: `${MOVE}/finish`,
    needs: ['move', 'proof'],
    step: ({ move, proof }) => ({ step: 'finish', move, proof }),
  }),
  leaveRoute({
    path: `${MOVE}/settle`,
    needs: ['move'],
    step: ({ move }) => ({ step: 'settle', move }),
  }),
  leaveRoute({
    path: `${MOVE}/abandon`,
    needs: ['move'],
    step: ({ move }) => ({ step: 'abandon', move }),
  }),
];

function leaveRoute<K extends keyof Fields>({ path, needs, may = [], step }: Step<K, LeaveStep>): AdminRoute {
  return adminRoute<object, Partial<Fields>>({
    method: 'POST',
    path,
    ...BY,
    body: readersOf([...needs, ...may]),
    handle: async (call) => {
      const body = complete(call, needs);
      if (!body.ok) return body;
      const source = await findSource(call);
      if (!source.ok) return source;
      const asks = { v: 1, actor: call.actor, ...step(body.value) } as const;
      const answer = await asked(call, async () => source.value.stub.leave(asks));
      return answer.ok ? left(call, answer.value) : answer;
    },
  });
}

interface Source {
  readonly view: MoveView & { readonly residency: Residency };
  readonly stub: TenantRelayRpc;
}

/** Who may be the source, the likelier first: one that leaves or has just left, one at work, one that left a while ago. */
function rankOf({ view }: Source): number {
  if (view.side === 'leaving' || (view.side === 'departed' && !view.isSettled)) return 3;
  if ((view.side === 'none' && view.hasTenant) || view.side === 'arrived') return 2;
  return view.side === 'departed' ? 1 : 0;
}

async function findSource(call: Call): Promise<Result<Source, RequestFailure>> {
  const { c, deployment } = call;
  const tenant = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(tenant)) return failure({ kind: 'tenant_not_found' });
  const places = await asked(call, async () =>
    Promise.all(
      residenciesAsked(deployment.settings).map(async (place) => {
        const stub = targetOf(call, place);
        return stub.ok
          ? [{ view: { ...(await stub.value.moveState()), residency: place }, stub: stub.value }]
          : [];
      }),
    ),
  );
  if (!places.ok) return places;
  const [source] = places.value.flat().toSorted((a, b) => rankOf(b) - rankOf(a));
  return source && rankOf(source) > 0 ? success(source) : failure({ kind: 'tenant_not_found' });
}

async function left(call: Call, answer: LeaveAnswer): Promise<Result<Answer, RequestFailure>> {
  const tenant = call.c.req.param('id') ?? '';
  switch (answer.kind) {
    case 'offered': {
      const { version, sealed: offer, bytes } = answer;
      const overflow = await backlogOf(call.c.env.OVERFLOW, 'overflow');
      return success({ body: { version, sealed: offer, bytes, overflowing: overflow?.backlog ?? 0 } });
    }
    case 'page': {
      const { n, sealed: page, isLast } = answer;
      return success({ body: { n, sealed: page, isLast } });
    }
    case 'done': {
      const noted = await departed(call, tenant, answer.view);
      return noted.ok ? success({ body: answer.view }) : noted;
    }
    case 'version_conflict':
      return failure(conflict(call, answer));
    default:
      return failed(call, answer);
  }
}

/** The deployment's audit knows where a tenant went, as its own went with it; its tokens hold no longer where it is no more. */
async function departed(
  call: Call,
  tenant: string,
  view: MoveView,
): Promise<Result<unknown, RequestFailure>> {
  if (view.side !== 'departed') return success(undefined);
  const { move, to, isSettled } = view;
  if (!isSettled) return noteTenant(call, 'tenant.departed', { tenant, move, to });
  const found = await findTenant(call.c.env.TENANT_RELAY, call.deployment.settings, tenant);
  if (!found.ok) return failure(UNAVAILABLE);
  return found.value ? success(undefined) : revokeTokens(call, tenant);
}
