/**
 * Assertions of Cloudflare Access: who came through it, proven by its signature.
 * Never reads a clock, and never throws for what an assertion holds.
 */

import type { JWTPayload } from 'jose';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { jwtVerify } from 'jose/jwt/verify';

import type { AccessIdentity } from '../domain/access-roles.ts';
import { isRecord } from '../lib/record.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { AccessSettings } from '../settings.ts';
import { AccessKeys } from './access-keys.ts';
import type { JwtRefusal } from './jwt-refusal.ts';
import { jwtRefusal } from './jwt-refusal.ts';

/** Access signs with RS256; ES256 is as good. No secret is a key here. */
const ALGORITHMS = ['RS256', 'ES256'];
/** Clocks of two of Cloudflare's machines. */
const SKEW_SECONDS = 5;
/** Access cuts its own cookie below this. */
const ASSERTION_LENGTH_MAX = 16_384;
const NAME_LENGTH_MAX = 254;
const GROUPS_MAX = 1_000;
/** Beyond ASCII one address can fold to another: U+212A, the kelvin sign, is a k in lower case. */
const ASCII_ADDRESS_PATTERN = /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/;

export interface ProvenIdentity extends AccessIdentity {
  /** The e-mail address, else the service's name. */
  readonly name: string;
  readonly expiresAtMs: number;
}

export type AssertionFailure =
  | JwtRefusal
  /** A session of the whole team, not one of this application. */
  | 'wrong_kind'
  /** Neither a person nor a service. */
  | 'nameless'
  /** Access's keys can't be had: nothing is known about the assertion. */
  | 'unreachable';

export class AccessAssertions {
  readonly #settings: AccessSettings;
  readonly #keys: AccessKeys;

  constructor(settings: AccessSettings, send: typeof fetch) {
    this.#settings = settings;
    this.#keys = new AccessKeys(settings.origin, send);
  }

  async verify(text: string, nowMs: number): Promise<Result<ProvenIdentity, AssertionFailure>> {
    if (text.length > ASSERTION_LENGTH_MAX) return failure('malformed');
    const header = headerOf(text);
    if (!header) return failure('malformed');
    // Before anything is fetched for it.
    if (!ALGORITHMS.includes(header.alg ?? '')) return failure('algorithm');
    const keys = await this.#keys.find(header.kid, nowMs);
    if (!keys.ok) return keys;
    try {
      const { payload } = await jwtVerify(text, keys.value, {
        algorithms: ALGORITHMS,
        issuer: this.#settings.origin,
        audience: this.#settings.audience,
        requiredClaims: ['iat', 'exp'],
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(nowMs),
      });
      return identityOf(payload);
    } catch (error) {
      return failure(jwtRefusal(error));
    }
  }
}

function headerOf(text: string) {
  try {
    return decodeProtectedHeader(text);
  } catch {
    return undefined;
  }
}

/** Source: Cloudflare Access, "Application token", read 2026-11. */
function identityOf(payload: JWTPayload): Result<ProvenIdentity, AssertionFailure> {
  if (payload['type'] !== 'app') return failure('wrong_kind');
  const email = nameOf(payload['email']);
  const service = nameOf(payload['common_name']);
  const isPerson = email !== undefined && ASCII_ADDRESS_PATTERN.test(email);
  // With an @ a service would be taken for a person in the audit.
  const isService = email === undefined && service !== undefined && !service.includes('@');
  const name = isPerson ? email.toLowerCase() : isService ? service : undefined;
  if (name === undefined || payload.exp === undefined) return failure('nameless');
  const expiresAtMs = payload.exp * 1000;
  return success({ name, [isPerson ? 'email' : 'service']: name, groups: groupsOf(payload), expiresAtMs });
}

function nameOf(claim: unknown): string | undefined {
  if (typeof claim !== 'string' || claim === '' || claim.length > NAME_LENGTH_MAX) return undefined;
  return /[\s\p{C}]/u.test(claim) ? undefined : claim;
}

/** The claim stands at the top or below `custom`, as the application is set up: one name, or a list. */
function groupsOf(payload: JWTPayload): string[] {
  const { custom } = payload;
  const claims = [payload['groups'], isRecord(custom) ? custom['groups'] : undefined].flat();
  return claims.filter((group) => typeof group === 'string').slice(0, GROUPS_MAX);
}
