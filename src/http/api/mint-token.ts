/** Mints one token: for a tenant that exists, known to the registry before it is shown. */

import type { Role } from '../../domain/principal.ts';
import { sha256Hex } from '../../lib/hmac.ts';
import { logEvent } from '../../lib/log.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import { findTenant } from '../../residency.ts';
import type { Answer, Call } from '../admin-route.ts';
import { tokenAuthorityOf } from '../auth.ts';
import type { RequestFailure } from '../request-failure.ts';
import { UNAVAILABLE } from './existing.ts';
import { askTokens } from './registry.ts';

const DAY_MS = 24 * 3_600_000;

export interface WantedToken {
  readonly name: string;
  readonly role: Role;
  /** Null: for every tenant. */
  readonly tenant: string | null;
  readonly validDays: number;
}

/** For a caller who may do what the token may. */
export async function mintToken(
  call: Pick<Call, 'c' | 'deployment' | 'options' | 'actor'>,
  { name, role, tenant, validDays }: WantedToken,
): Promise<Result<Answer, RequestFailure>> {
  const { c, options } = call;
  const missing = await tenantRefusal(call, tenant);
  if (missing) return failure(missing);
  const issuedAtMs = Math.floor(options.nowMs() / 1000) * 1000;
  const token = {
    id: options.newTokenId(),
    name,
    role,
    tenant,
    expiresAtMs: issuedAtMs + validDays * DAY_MS,
  };
  const text = await tokenAuthorityOf(c.env, options).mint({ ...token, issuedAtMs }, options.newTokenId());
  const record = { ...token, digest: sha256Hex(text) };
  const minted = await askTokens(call, async (registry, write) => registry.mint({ ...write, token: record }));
  if (!minted.ok) return minted;
  if (minted.value.kind === 'too_many_tokens') return failure(minted.value);
  if (minted.value.kind === 'minter_revoked') {
    logEvent('warn', 'operator.refused', { requestId: c.get('requestId'), reason: 'revoked' });
    return failure({ kind: 'operator_refused' });
  }
  // The tenant may have been deleted meanwhile, and its tokens revoked before this one was among them.
  const gone = await tenantRefusal(call, tenant);
  if (gone) return revokeUnseen(call, token.id, gone);
  const { id, expiresAtMs } = token;
  logEvent('info', 'token.minted', {
    requestId: c.get('requestId'),
    token: id,
    role,
    tenant: tenant ?? undefined,
  });
  const expiresAt = new Date(expiresAtMs).toISOString();
  return success({ status: 201, body: { id, token: text, name, role, tenant, expiresAt } });
}

/** A token for a tenant that is not there yet would let its holder into whatever gets that id one day. */
async function tenantRefusal(
  { c, deployment }: Pick<Call, 'c' | 'deployment'>,
  tenant: string | null,
): Promise<RequestFailure | undefined> {
  if (tenant === null) return undefined;
  const found = await findTenant(c.env.TENANT_RELAY, deployment.settings, tenant);
  if (!found.ok) return UNAVAILABLE;
  return found.value ? undefined : { kind: 'tenant_not_found' };
}

/** Nobody has seen it. Should this fail too, it is a record in the list, and no more. */
async function revokeUnseen(
  call: Pick<Call, 'c' | 'deployment' | 'options' | 'actor'>,
  id: string,
  cause: RequestFailure,
): Promise<Result<never, RequestFailure>> {
  await askTokens(call, async (registry, write) => registry.revoke({ ...write, id }));
  return failure(cause);
}
