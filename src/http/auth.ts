/**
 * Who calls, in front of every admin route: by a bearer token, or through Cloudflare Access.
 * A bearer that is there decides alone: what else proves somebody does not mend a wrong one.
 * One answer to every refusal; the log names the reason, and never what was sent.
 * The body is read here, so that nothing waits for the caller once it is let in.
 */

import type { Context, MiddlewareHandler } from 'hono';

import { accessGrants } from '../domain/access-roles.ts';
import { MOVE_BODY_BYTES_MAX } from '../domain/move.ts';
import type { Principal } from '../domain/principal.ts';
import { sha256Hex } from '../lib/hmac.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { AccessAssertions, type AssertionFailure } from '../operators/access-assertions.ts';
import { type BearerRefusal, type Claimed, readBearer } from '../operators/bearer.ts';
import { TokenAuthority } from '../operators/minted-tokens.ts';
import { type Env, type Settings, settingsOf } from '../settings.ts';
import type { BodyFailure } from './body.ts';
import { DOCUMENT_BYTES_MAX, readBodyInTime } from './body.ts';
import type { AppEnv, AppOptions } from './deployment.ts';
import { problemResponse } from './problem.ts';
import type { RequestFailure } from './request-failure.ts';
import { askRegistry } from './registry.ts';

/** The period of ADMIN_LIMIT in wrangler.toml. */
const LIMIT_SECONDS = 10;
/** For 256 KiB: 26 KiB a second. */
const BODY_TIMEOUT_MS = 10_000;
/** What brings a tenant's data, or its config, from another place. */
const MOVE_PAGE_PATTERN = /\/arrival\/(?:pages|check)$/;
/** One for all who are refused at a location: no principal's id hashes to it. */
const REFUSED_KEY = 'refused';
const ACCESS_UNREACHABLE = { kind: 'unavailable', retryAfterSeconds: 5 } as const;

type Refusal =
  | { readonly kind: 'operator_refused'; readonly reason: RefusalReason }
  | Extract<RequestFailure, { kind: 'role_missing' | 'too_many_requests' | 'unavailable' }>
  | BodyFailure;

type RefusalReason =
  | BearerRefusal
  | Exclude<AssertionFailure, 'unreachable'>
  | 'missing_header'
  /** Access knows people by a cookie, which a browser also sends when another site asks it to. */
  | 'cross_site'
  | 'revoked'
  | 'unknown';

/** What all requests of one environment share. */
interface Operators {
  readonly settings: Settings;
  readonly tokens: TokenAuthority;
  readonly assertions?: AccessAssertions;
}

const operators = new WeakMap<object, Operators>();

/** Lets a request pass whose caller is known. */
export function authenticate(options: AppOptions): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const admitted = await admit(c, options);
    if (!admitted.ok) return refuse(c, admitted.error);
    c.set('principal', admitted.value.principal);
    c.set('body', admitted.value.body);
    return next();
  };
}

/** Mints and verifies the tokens of an environment. */
export function tokenAuthorityOf(env: Env, options: AppOptions): TokenAuthority {
  return operatorsOf(env, options).tokens;
}

interface Admitted {
  readonly principal: Principal;
  readonly body: Uint8Array;
}

/**
 * Whether a token still holds is asked last: what is forged, or comes too often, never reaches the registry, and its body is not
 * read; and who is slow to send one gains no time after the token was revoked.
 */
async function admit(c: Context<AppEnv>, options: AppOptions): Promise<Result<Admitted, Refusal>> {
  const known = operatorsOf(c.env, options);
  const claimed = await claimOf(c, known, options.nowMs());
  if (!claimed.ok) return claimed;
  const { principal, token } = claimed.value;
  if (await isOverLimit(c, sha256Hex(principal.id))) return failure(tooMany());
  const body = await bodyOf(c);
  if (!token) return body.ok ? success({ principal, body: body.value }) : body;
  const asked = { env: c.env, settings: known.settings, requestId: c.get('requestId') };
  const standing = await askRegistry(asked, async (registry) => registry.check(token));
  if (!standing.ok) return standing;
  if (standing.value !== 'active') return refused(standing.value);
  return body.ok ? success({ principal, body: body.value }) : body;
}

/** No route takes one with another method. */
async function bodyOf({ req }: Context<AppEnv>): Promise<Result<Uint8Array, BodyFailure>> {
  const isRead = req.method === 'PUT' || req.method === 'POST';
  const bytesMax = MOVE_PAGE_PATTERN.test(req.path) ? MOVE_BODY_BYTES_MAX : DOCUMENT_BYTES_MAX;
  return isRead ? readBodyInTime(req.raw, bytesMax, BODY_TIMEOUT_MS) : success(new Uint8Array(0));
}

async function claimOf(
  c: Context<AppEnv>,
  { settings, tokens, assertions }: Operators,
  nowMs: number,
): Promise<Result<Claimed, Refusal>> {
  const bearer = c.req.header('authorization');
  if (bearer !== undefined) {
    const claimed = await readBearer(bearer, { adminToken: settings.adminToken, tokens }, nowMs);
    return claimed.ok ? claimed : refused(claimed.error);
  }
  const assertion = c.req.header('cf-access-jwt-assertion');
  if (assertion === undefined || !assertions) return refused('missing_header');
  const identity = await assertions.verify(assertion, nowMs);
  if (!identity.ok)
    return identity.error === 'unreachable' ? failure(ACCESS_UNREACHABLE) : refused(identity.error);
  if (isCrossSite(c)) return refused('cross_site');
  const grants = accessGrants(settings.access?.rules ?? [], identity.value);
  if (grants.length === 0) return failure({ kind: 'role_missing' });
  const expiresAt = new Date(identity.value.expiresAtMs).toISOString();
  return success({ principal: { id: `access:${identity.value.name}`, grants, expiresAt } });
}

/** Whatever the method: to look at a person leaves an entry in the audit, under the name of who was made to. */
function isCrossSite(c: Context<AppEnv>): boolean {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  return (
    (origin !== undefined && origin !== new URL(c.req.url).origin) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none')
  );
}

/**
 * Guesses are bounded by what a token is, not by a limit: whoever has a valid one is let in, however much is refused beside it.
 * Past the limit a refusal says 429 and is not logged, so that a flood fills no log.
 */
async function refuse(c: Context<AppEnv>, refusal: Refusal): Promise<Response> {
  const requestId = c.get('requestId');
  if (refusal.kind !== 'operator_refused') return problemResponse(refusal, requestId);
  if (await isOverLimit(c, REFUSED_KEY)) return problemResponse(tooMany(), requestId);
  logEvent('warn', 'operator.refused', { requestId, reason: refusal.reason });
  return problemResponse({ kind: 'operator_refused' }, requestId);
}

/** A limit that does not answer lets pass: it guards the relay's load, not its doors. */
async function isOverLimit(c: Context<AppEnv>, key: string): Promise<boolean> {
  try {
    return !(await c.env.ADMIN_LIMIT.limit({ key })).success;
  } catch (error) {
    logEvent('error', 'limit.failed', { requestId: c.get('requestId'), ...causeFields(error) });
    return false;
  }
}

function operatorsOf(env: Env, options: AppOptions): Operators {
  const known = operators.get(env);
  if (known) return known;
  const settings = settingsOf(env);
  const { access } = settings;
  const made: Operators = {
    settings,
    tokens: new TokenAuthority(settings.masterKeys, settings),
    ...(access && { assertions: new AccessAssertions(access, options.fetch) }),
  };
  operators.set(env, made);
  return made;
}

function refused(reason: RefusalReason): Result<never, Refusal> {
  return failure({ kind: 'operator_refused', reason });
}

function tooMany() {
  return { kind: 'too_many_requests', retryAfterSeconds: LIMIT_SECONDS } as const;
}
