/**
 * What both sides of a tenant's move share: the fields of their bodies, how an object is asked, and the words for what it refuses.
 * What passes through here of the tenant's data is sealed, and is not opened here.
 */

import type { MoveFailure } from '../../domain/move.ts';
import { MOVE_BODY_BYTES_MAX } from '../../domain/move.ts';
import type { TenantRelayRpc } from '../../domain/rpc.ts';
import type { Residency } from '../../domain/tenant-config.ts';
import { RESIDENCIES, TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import { causeFields } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { relayStub } from '../../residency.ts';
import type { Call } from '../admin-route.ts';
import type { RequestFailure } from '../request-failure.ts';
import { unavailable } from './existing.ts';
import type { Readers } from './fields.ts';
import { bodyInvalid } from './fields.ts';
import { refused } from './refused.ts';
import { oneOf, shortText, textOf, wholeNumber, yesOrNo } from './values.ts';

export const residency = oneOf<Residency>(RESIDENCIES);
/** A UUID. */
const token = shortText(64);
const pageNumber = wholeNumber('must be the number of a page');
const sealed = textOf({ min: 1, max: MOVE_BODY_BYTES_MAX });

export interface Fields {
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

/** One step: its path, the keys that its body must have and may have, and what is asked of the object. */
export interface Step<K extends keyof Fields, S> {
  readonly path: string;
  readonly needs: readonly K[];
  readonly may?: readonly (keyof Fields)[];
  readonly step: (body: Pick<Fields, K> & Partial<Fields>) => S;
}

/** Who is admin of one tenant alone may neither take it away nor bring one back: as with a removal. */
export const BY = { role: 'admin', scope: 'deployment' } as const;

/** What the bodies of one path may have. */
export function readersOf(names: readonly (keyof Fields)[]): Readers<Partial<Fields>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- some of the readers, each under its own name
  return Object.fromEntries(names.map((name) => [name, READERS[name]])) as unknown as Readers<
    Partial<Fields>
  >;
}

export function complete<K extends keyof Fields>(
  { c, body }: Call<object, Partial<Fields>>,
  needs: readonly K[],
): Result<Pick<Fields, K> & Partial<Fields>, RequestFailure> {
  if (!TENANT_ID_PATTERN.test(c.req.param('id') ?? '')) return failure({ kind: 'tenant_not_found' });
  const missing = needs.find((name) => body[name] === undefined);
  if (missing !== undefined) return failure(bodyInvalid(missing, 'is missing'));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- none of them is missing
  return success(body as Pick<Fields, K> & Partial<Fields>);
}

export function targetOf(
  { c, deployment }: Call<never, never> | Call,
  to: Residency,
): Result<TenantRelayRpc, RequestFailure> {
  const tenant = c.req.param('id') ?? '';
  if (!TENANT_ID_PATTERN.test(tenant)) return failure({ kind: 'tenant_not_found' });
  const stub = relayStub(c.env.TENANT_RELAY, deployment.settings, { tenant, residency: to });
  return stub.ok ? stub : failure({ kind: 'move_refused', reason: 'not_served' });
}

export async function asked<T>(
  { c }: Pick<Call, 'c'>,
  ask: () => Promise<T>,
): Promise<Result<T, RequestFailure>> {
  try {
    return success(await ask());
  } catch (error) {
    return unavailable(c, causeFields(error));
  }
}

export function failed({ c, deployment }: Call, answer: MoveFailure): Result<never, RequestFailure> {
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
