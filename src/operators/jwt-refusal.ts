/** Why a JWT is refused, for the log: what jose throws as a value. Pure. */

import { JOSEError, JWTClaimValidationFailed } from 'jose/errors';

/** `claim_{name}`: that claim (or the header `typ`) is absent or another than it must be. */
export type JwtRefusal =
  'malformed' | 'algorithm' | 'unknown_key' | 'signature_mismatch' | 'expired' | `claim_${string}`;

const BY_CODE: Readonly<Record<string, JwtRefusal>> = {
  ERR_JOSE_ALG_NOT_ALLOWED: 'algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'algorithm',
  ERR_JWKS_NO_MATCHING_KEY: 'unknown_key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'unknown_key',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature_mismatch',
  ERR_JWT_EXPIRED: 'expired',
};

/** The refusal that an error of jose stands for. Throws anything else: that is a bug. */
export function jwtRefusal(error: unknown): JwtRefusal {
  if (error instanceof JWTClaimValidationFailed) return `claim_${error.claim}`;
  if (error instanceof JOSEError) return BY_CODE[error.code] ?? 'malformed';
  throw error;
}
