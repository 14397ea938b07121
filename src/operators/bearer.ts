/** Who a bearer token makes its holder: the operator's own token, or one that was minted here. Whether that was revoked is asked later. */

import type { Principal } from '../domain/principal.ts';
import { isEqualDigest, sha256, sha256Hex } from '../lib/hmac.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { TokenRecord } from '../domain/registry.ts';
import type { JwtRefusal } from './jwt-refusal.ts';
import type { TokenAuthority } from './minted-tokens.ts';

const BEARER_PATTERN = /^Bearer +([\x21-\x7e]+) *$/i;
/** Three parts: a compact JWS. */
const JWS_PATTERN = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export type BearerRefusal = JwtRefusal | 'malformed_header' | 'token_mismatch';

/** A principal, and the token that the registry must know. */
export interface Claimed {
  readonly principal: Principal;
  /** Absent: nothing that could be revoked. */
  readonly token?: Pick<TokenRecord, 'id' | 'digest'>;
}

const BOOTSTRAP: Principal = { id: 'bootstrap', grants: [{ role: 'admin', tenant: null }] };

/** Reads the header `Authorization`. Compares digests, which have one length, in constant time. */
export async function readBearer(
  header: string,
  { adminToken, tokens }: { readonly adminToken: string; readonly tokens: TokenAuthority },
  nowMs: number,
): Promise<Result<Claimed, BearerRefusal>> {
  const text = BEARER_PATTERN.exec(header)?.[1];
  if (text === undefined) return failure('malformed_header');
  if (isEqualDigest(sha256(text), sha256(adminToken))) return success({ principal: BOOTSTRAP });
  if (!JWS_PATTERN.test(text)) return failure('token_mismatch');
  const token = await tokens.verify(text, nowMs);
  if (!token.ok) return token;
  const { id, role, tenant, expiresAtMs } = token.value;
  return success({
    principal: {
      id: `token:${id}`,
      grants: [{ role, tenant }],
      expiresAt: new Date(expiresAtMs).toISOString(),
    },
    token: { id, digest: sha256Hex(text) },
  });
}
