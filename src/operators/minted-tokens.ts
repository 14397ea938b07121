/**
 * Bearer tokens that the relay mints: compact JWS, HS256 under a key derived from the master key for this purpose alone.
 * Whether one still holds, its signature does not say: the registry is asked (token-registry.ts).
 * Never reads a clock, and never throws for what a token holds.
 */

import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import type { JWTPayload } from 'jose';
import { JWKSNoMatchingKey } from 'jose/errors';

import type { Role } from '../domain/principal.ts';
import { ROLES } from '../domain/principal.ts';
import { TENANT_ID_PATTERN } from '../domain/tenant-config.ts';
import { encodeBase64Url } from '../lib/bytes.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { MasterKeys } from '../lib/seal.ts';
import type { Settings } from '../settings.ts';
import type { JwtRefusal } from './jwt-refusal.ts';
import { jwtRefusal } from './jwt-refusal.ts';

const ISSUER = 'noxys-relay';
const TYPE = 'noxys-relay-token+jwt';
const ALGORITHM = 'HS256';
/** Of a `kid`: tells two keys apart, says nothing about them. */
const KID_BYTES = 8;
/** A whole token has about 500 characters. */
const TOKEN_LENGTH_MAX = 2_048;

export interface MintedToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tenant: string | null;
  /** Whole seconds. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

export class TokenAuthority {
  readonly #audience: string;
  readonly #primary: Promise<SigningKey>;
  readonly #previous: Promise<SigningKey> | undefined;

  /** For one deployment: another's tokens are for another audience, even under the same key. */
  constructor(masterKeys: MasterKeys, { env, residency }: Pick<Settings, 'env' | 'residency'>) {
    this.#audience = `${ISSUER}/${env}/${residency}`;
    this.#primary = deriveSigningKey(masterKeys.primary);
    this.#previous = masterKeys.previous && deriveSigningKey(masterKeys.previous);
    // A rejection surfaces when a key is used, not as an unhandled one.
    for (const key of [this.#primary, this.#previous]) key?.catch(() => undefined);
  }

  /** The token in clear. `nonce` is random and shown nowhere, so that who knows the key can't rebuild a token from a list. */
  async mint(token: MintedToken, nonce: string): Promise<string> {
    const { kid, key } = await this.#primary;
    const { id, name, role, tenant } = token;
    return new SignJWT({ name, role, tenant, nonce })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .setIssuer(ISSUER)
      .setAudience(this.#audience)
      .setSubject(`token:${id}`)
      .setJti(id)
      .setIssuedAt(token.issuedAtMs / 1000)
      .setExpirationTime(token.expiresAtMs / 1000)
      .sign(key);
  }

  /** What a token says of itself, if this deployment signed it and it is not expired. */
  async verify(text: string, nowMs: number): Promise<Result<MintedToken, JwtRefusal>> {
    if (text.length > TOKEN_LENGTH_MAX) return failure('malformed');
    try {
      const { payload } = await jwtVerify(text, async ({ kid }) => this.#keyOf(kid), {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: ISSUER,
        audience: this.#audience,
        requiredClaims: ['jti', 'iat', 'exp'],
        currentDate: new Date(nowMs),
      });
      const token = tokenOf(payload);
      return token ? success(token) : failure('malformed');
    } catch (error) {
      return failure(jwtRefusal(error));
    }
  }

  async #keyOf(kid: string | undefined): Promise<CryptoKey> {
    const keys = [await this.#primary, ...(this.#previous ? [await this.#previous] : [])];
    const found = keys.find((key) => key.kid === kid);
    if (!found) throw new JWKSNoMatchingKey();
    return found.key;
  }
}

async function deriveSigningKey(masterKey: Uint8Array): Promise<SigningKey> {
  const usages = ['deriveBits', 'deriveKey'];
  const base = await crypto.subtle.importKey('raw', new Uint8Array(masterKey), 'HKDF', false, usages);
  const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  const key = await crypto.subtle.deriveKey(hkdf('sign'), base, hmac, false, ['sign', 'verify']);
  const kid = await crypto.subtle.deriveBits(hkdf('kid'), base, KID_BYTES * 8);
  return { kid: encodeBase64Url(new Uint8Array(kid)), key };
}

/** RFC 5869 without a salt: the master key is uniformly random already. */
function hkdf(purpose: 'sign' | 'kid') {
  const info = new TextEncoder().encode(`noxys-relay/token/v1/${purpose}`);
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
}

/** Only what this code has signed comes here, of this or another version. */
function tokenOf({ jti, name, role, tenant, iat, exp }: JWTPayload): MintedToken | undefined {
  const known = ROLES.find((word) => word === role);
  const isTenant = tenant === null || (typeof tenant === 'string' && TENANT_ID_PATTERN.test(tenant));
  if (!known || !isTenant || jti === undefined || iat === undefined || exp === undefined) return undefined;
  return {
    id: jti,
    name: typeof name === 'string' ? name : '',
    role: known,
    tenant,
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
  };
}
