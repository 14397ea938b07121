/**
 * `POST /api/v1/tenants/{id}/destinations/{name}/test`: sends a test event to the destination as it is configured,
 * or as it would be under the config in the body, of which nothing is stored.
 * The tenant's own object sends, from where the tenant's data rest.
 */

import { grantRefusal } from '../../domain/principal.ts';
import type { TenantRelayRpc } from '../../domain/rpc.ts';
import type { LaneTest, TestDestinationAnswer } from '../../domain/destination-requests.ts';
import type { DestinationConfig, SealedTenantConfig, TenantConfig } from '../../domain/tenant-config.ts';
import { causeFields, logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { findTenant, relayStub } from '../../residency.ts';
import { sealConfig } from '../../tenants/secrets.ts';
import type { AdminRoute, Answer, Call } from '../admin-route.ts';
import { adminRoute } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { findExisting, requestFields, UNAVAILABLE, unavailable, withoutDestination } from './existing.ts';
import { mayCreate, readConfig } from './candidate.ts';
import { refused } from './refused.ts';
import { hintOf } from './test-hints.ts';

export const destinationTestRoutes: readonly AdminRoute[] = [
  adminRoute({
    method: 'POST',
    path: '/api/v1/tenants/:id/destinations/:name/test',
    role: 'operator',
    scope: 'tenant',
    handle: async (call) => {
      const isCandidate = call.c.get('body').byteLength > 0;
      const tested = isCandidate ? await testCandidate(call) : await testStored(call);
      return tested.ok ? answerOf(call, { ...tested.value, isCandidate }) : tested;
    },
  }),
];

/** The object's answer, and the config that it is about. */
interface Tested {
  readonly answer: TestDestinationAnswer;
  readonly config: SealedTenantConfig;
}

async function testStored(call: Call): Promise<Result<Tested, RequestFailure>> {
  const { c, deployment } = call;
  const found = await findExisting(c, deployment);
  if (!found.ok) return found;
  const { stub, stored } = found.value;
  return askWith(call, stub, stored.config);
}

/** A candidate holds secrets, and says where requests go: that is an admin's to decide. */
async function testCandidate(call: Call): Promise<Result<Tested, RequestFailure>> {
  const { c, deployment, principal } = call;
  const id = c.req.param('id') ?? '';
  if (grantRefusal(principal, 'admin', id)) return failure({ kind: 'role_missing', role: 'admin' });
  const config = readConfig(c, deployment);
  if (!config.ok) return config;
  const destination = c.req.param('name') ?? '';
  if (!config.value.destinations.some(({ name }) => name === destination))
    return withoutDestination(config.value);
  const found = await findTenant(c.env.TENANT_RELAY, deployment.settings, id);
  if (!found.ok) return failure(UNAVAILABLE);
  if (!found.value && !mayCreate(principal)) return failure({ kind: 'tenant_not_found' });
  if (found.value && found.value.residency !== config.value.residency)
    return failure({ kind: 'residency_change', stored: found.value.residency });
  const stored = found.value?.stored.config ?? null;
  const sealed = await sealConfig(config.value, { sealer: deployment.sealer, stored });
  if (!sealed.ok) return failure({ kind: 'config_invalid', faults: sealed.error });
  const relay = found.value?.stub ?? stubOf(call, config.value);
  return relay
    ? askWith(call, relay, sealed.value, onlyTested(sealed.value, destination))
    : failure(UNAVAILABLE);
}

/** Where the tenant would live. */
function stubOf({ c, deployment }: Call, { id, residency }: TenantConfig): TenantRelayRpc | undefined {
  const stub = relayStub(c.env.TENANT_RELAY, deployment.settings, { tenant: id, residency });
  return stub.ok ? stub.value : undefined;
}

/** The object needs no other destination's secrets. */
function onlyTested(config: SealedTenantConfig, destination: string): SealedTenantConfig {
  return { ...config, destinations: config.destinations.filter(({ name }) => name === destination) };
}

/** `candidate`: absent, the object tests what it has stored. */
async function askWith(
  { c, actor }: Call,
  relay: Pick<TenantRelayRpc, 'testDestination'>,
  config: SealedTenantConfig,
  candidate?: SealedTenantConfig,
): Promise<Result<Tested, RequestFailure>> {
  const destination = c.req.param('name') ?? '';
  const request = { v: 1, actor, destination, ...(candidate && { config: candidate }) } as const;
  try {
    return success({ answer: await relay.testDestination(request), config });
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

function answerOf(
  { c }: Call,
  { answer, config, isCandidate }: Tested & { readonly isCandidate: boolean },
): Result<Answer, RequestFailure> {
  switch (answer.kind) {
    case 'tested': {
      const destination = c.req.param('name') ?? '';
      const outcomes = answer.tests.map(({ lane, outcome, reason }) =>
        [lane, outcome, reason].filter((word) => word !== undefined).join(' '),
      );
      logEvent('info', 'destination.tested', {
        ...requestFields(c),
        destination,
        candidate: isCandidate,
        outcomes,
      });
      const { tests, summary } = answer;
      const type = config.destinations.find(({ name }) => name === destination)?.type;
      return success({
        body: {
          destination,
          tests: tests.map((test) => withHint(test, type)),
          ...(summary !== undefined && { summary }),
        },
      });
    }
    case 'too_many_tests':
      return failure({ kind: 'too_many_requests', retryAfterSeconds: answer.retryAfterSeconds });
    case 'unknown_destination':
      return withoutDestination(config);
    default:
      return refused(c, answer);
  }
}

function withHint(test: LaneTest, type: DestinationConfig['type'] | undefined) {
  const hint = hintOf(test, type);
  return hint === undefined ? test : { ...test, hint };
}
