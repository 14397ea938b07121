/**
 * `…/move` and `…/arrival` of `/api/v1/tenants/{id}`: the steps of a tenant's way from one place to another, which the command line
 * takes one after the other. What passes through here of the tenant's data is sealed, and is not opened here.
 */

import type {
  ArriveAnswer,
  ArriveStep,
  LeaveAnswer,
  LeaveStep,
  MoveFailure,
  MoveView,
} from '../../domain/move.ts';
import { MOVE_BODY_BYTES_MAX } from '../../domain/move.ts';
import type { TenantRelayRpc } from '../../domain/rpc.ts';
import type { Residency } from '../../domain/tenant-config.ts';
import { RESIDENCIES, TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import { causeFields } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { findTenant, relayStub, residenciesAsked } from '../../residency.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import { backlogOf } from '../bindings.ts';
import type { RequestFailure } from '../request-failure.ts';
import { unavailable, UNAVAILABLE } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
import { noteTenant, revokeTokens } from './registry.ts';
import { conflict } from './save.ts';
import { oneOf, shortText, textOf, wholeNumber, yesOrNo } from './values.ts';

const MOVE = '/api/v1/tenants/:id/move';
const ARRIVAL = '/api/v1/tenants/:id/arrival';

const residency = oneOf<Residency>(RESIDENCIES);
/** A UUID. */
const token = shortText(64);
const pageNumber = wholeNumber('must be the number of a page');
const sealed = textOf({ min: 1, max: MOVE_BODY_BYTES_MAX });

interface Fields {
  readonly to: Residency;
  readonly leave_eu: boolean;
  readonly version: number;
  readonly move: string;
  readonly n: number;
  readonly proof: string;
  readonly release: string;
  readonly sealed: string;
}

const READERS: Readers<Fields> = {
  to: residency,
  leave_eu: yesOrNo,
  version: wholeNumber('must be the version of the config', { min: 1 }),
  move: token,
  n: pageNumber,
  proof: token,
  release: token,
  sealed,
};

/** One step: its path, the keys that its body must have, and what is asked of the object. */
interface Step<K extends keyof Fields, S> {
  readonly path: string;
  readonly needs: readonly K[];
  readonly step: (body: Pick<Fields, K> & Partial<Fields>) => S;
}

/** Who is admin of one tenant alone may neither take it away nor bring one back: as with a removal. */
const BY = { role: 'admin', scope: 'deployment' } as const;

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
    step: ({ to, leave_eu }) => ({ step: 'offer', to, leavesEu: leave_eu === true }),
  }),
  leaveRoute({
    path: MOVE,
    needs: ['to', 'version'],
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

function leaveRoute<K extends keyof Fields>({ path, needs, step }: Step<K, LeaveStep>): AdminRoute {
  return adminRoute<object, Partial<Fields>>({
    method: 'POST',
    path,
    ...BY,
    body: readersOf(path, needs),
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

function arriveRoute<K extends keyof Fields>({ path, needs, step }: Step<K | 'to', ArriveStep>): AdminRoute {
  return adminRoute<object, Partial<Fields>>({
    method: 'POST',
    path,
    ...BY,
    body: readersOf(path, needs),
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

/** What the bodies of one path may have: what they need, and where it leaves the source that this is out of the EU. */
function readersOf(path: string, needs: readonly (keyof Fields)[]): Readers<Partial<Fields>> {
  const names: readonly (keyof Fields)[] =
    path === MOVE || path.endsWith('/offer') ? [...needs, 'leave_eu'] : needs;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- some of the readers, each under its own name
  return Object.fromEntries(names.map((name) => [name, READERS[name]])) as unknown as Readers<
    Partial<Fields>
  >;
}

function complete<K extends keyof Fields>(
  { c, body }: Call<object, Partial<Fields>>,
  needs: readonly K[],
): Result<Pick<Fields, K> & Partial<Fields>, RequestFailure> {
  if (!TENANT_ID_PATTERN.test(c.req.param('id') ?? '')) return failure({ kind: 'tenant_not_found' });
  const missing = needs.find((name) => body[name] === undefined);
  if (missing !== undefined) return failure(bodyInvalid(missing, 'is missing'));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- none of them is missing
  return success(body as Pick<Fields, K> & Partial<Fields>);
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

function targetOf(
  { c, deployment }: Call<never, never> | Call,
  to: Residency,
): Result<TenantRelayRpc, RequestFailure> {
  const tenant = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(tenant)) return failure({ kind: 'tenant_not_found' });
  const stub = relayStub(c.env.TENANT_RELAY, deployment.settings, { tenant, residency: to });
  return stub.ok ? stub : failure({ kind: 'move_refused', reason: 'not_served' });
}

async function asked<T>({ c }: Pick<Call, 'c'>, ask: () => Promise<T>): Promise<Result<T, RequestFailure>> {
  try {
    return success(await ask());
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
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

function failed({ c, deployment }: Call, answer: MoveFailure): Result<never, RequestFailure> {
  switch (answer.kind) {
    case 'move_refused': {
      const { reason } = answer;
      const isLocal = deployment.settings.env === 'local';
      return failure({ kind: 'move_refused', reason: isLocal && reason === 'taken' ? 'one_place' : reason });
    }
    case 'config_invalid':
      return failure({ kind: 'config_invalid', faults: answer.faults });
    case 'settling':
      return failure({ kind: 'unavailable', retryAfterSeconds: answer.retryAfterSeconds });
    default:
      return refused(c, answer);
  }
}
