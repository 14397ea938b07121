/**
 * Falcon's OAuth token endpoint and its revocation: form-encoded, 201, a rate limit per address, and the two answers that mean
 * "wrong region". Holds the tokens it minted; the server around it does the talking.
 */

import { randomBytes } from 'node:crypto';

import { falconError, falconMeta, rateLimited, type RetryAfterUnit } from './falcon-answers.ts';
import { SlidingMinute } from './falcon-rate.ts';
import { mediaType, type SimulatorAnswer, type SimulatorRequest } from './request.ts';

/** falconpy `_auth_object/_falcon_interface.py`: what it assumes of a token's life. */
const EXPIRES_IN_SECONDS = 1799;
/** 300 a minute per address on /oauth2/token. Source: gofalcon#364; api-evangelist/crowdstrike. */
const REQUESTS_PER_MINUTE = 300;

export interface TokenEndpointOptions {
  /** Absent: every client is refused. */
  readonly client?: { readonly id: string; readonly secret: string };
  /** The region's API spelling. Default `eu-1`. */
  readonly region?: string;
  /** Child accounts that the client may act for; absent = any. */
  readonly memberCids?: readonly string[];
  /** A wrong client was answered 401 in 2026-11 and 403 before: clients must take both alike. Default 401. */
  readonly wrongClientStatus?: 401 | 403;
  readonly tokenRequestsPerMinute?: number;
  /** Default `milliseconds`. */
  readonly retryAfterUnit?: RetryAfterUnit;
}

export interface MintedToken {
  readonly token: string;
  readonly mintedAtMs: number;
  readonly expiresAtMs: number;
  readonly memberCid?: string;
  /** Where it is worth anything. */
  readonly region: string;
  readonly isRevoked: boolean;
}

/** How a client of another region is told so: a 308 with `X-Cs-Region` to that region, or a token of that region. */
export type OtherRegion =
  | { readonly as: 'redirect'; readonly region: string; readonly location: string }
  | { readonly as: 'token'; readonly region: string };

export class TokenEndpoint {
  readonly #options: TokenEndpointOptions;
  readonly #tokens: MintedToken[] = [];
  readonly #rate: SlidingMinute;
  #otherRegion: OtherRegion | undefined;
  /** The caller's address is not on the tenant's allow-list. */
  isIpRefused = false;

  constructor(options: TokenEndpointOptions) {
    this.#options = options;
    this.#rate = new SlidingMinute(options.tokenRequestsPerMinute ?? REQUESTS_PER_MINUTE);
  }

  get tokens(): readonly MintedToken[] {
    return this.#tokens;
  }

  /** From now on the client belongs to another region; undefined puts it back. */
  moveTo(region: OtherRegion | undefined): void {
    this.#otherRegion = region;
  }

  /** A token of another region is worth nothing here. Source: rusty-falcon#98, psfalcon#170. */
  isValid(token: string, nowMs: number): boolean {
    const minted = this.#tokens.find((t) => t.token === token);
    if (minted === undefined || minted.isRevoked) return false;
    return nowMs < minted.expiresAtMs && minted.region === this.#region;
  }

  /** Whether the request's Basic authentication is the client's. */
  isClient(request: SimulatorRequest): boolean {
    const { client } = this.#options;
    const basic = basicCredentials(request);
    return client !== undefined && basic?.id === client.id && basic.secret === client.secret;
  }

  /** `POST /oauth2/token`. Source: gofalcon falcon/client/oauth2; falconpy _endpoint/_oauth2.py. */
  mint(request: SimulatorRequest, nowMs: number): SimulatorAnswer {
    const { isOver, limit, remaining, retryAtMs } = this.#rate.take(nowMs);
    if (isOver) return rateLimited(limit, retryAtMs, this.#options.retryAfterUnit ?? 'milliseconds');
    const answer = this.#answer(request, nowMs);
    const rate = { 'X-RateLimit-Limit': `${limit}`, 'X-RateLimit-Remaining': `${remaining}` };
    return { ...answer, headers: { ...answer.headers, ...rate } };
  }

  /** `POST /oauth2/revoke`: Basic authentication, form field `token`; 200 `{errors, meta}`. */
  revoke(request: SimulatorRequest): SimulatorAnswer {
    if (!this.isClient(request)) return this.#wrongClient();
    const token = form(request)?.get('token');
    if (token === null || token === undefined) return falconError(400, 'token is required');
    this.#tokens.forEach((minted, i) => {
      if (minted.token === token) this.#tokens[i] = { ...minted, isRevoked: true };
    });
    return { status: 200, body: { errors: null, meta: falconMeta('crowdstrike-api-gateway') } };
  }

  get #region(): string {
    return this.#options.region ?? 'eu-1';
  }

  #answer(request: SimulatorRequest, nowMs: number): SimulatorAnswer {
    if (this.isIpRefused) return falconError(403, 'access denied, authorization failed');
    const other = this.#otherRegion;
    // gofalcon, PSFalcon public/oauth2.ps1, ansible_collection_falcon#137: redirects carry X-Cs-Region.
    if (other?.as === 'redirect') {
      return { status: 308, headers: { 'X-Cs-Region': other.region, Location: other.location } };
    }
    const fields = form(request);
    const basic = basicCredentials(request);
    const { client, memberCids } = this.#options;
    if (fields === undefined && basic === undefined) {
      return falconError(400, 'client_id and client_secret must be sent form-encoded');
    }
    const id = basic?.id ?? fields?.get('client_id');
    const secret = basic?.secret ?? fields?.get('client_secret');
    if (client === undefined || id !== client.id || secret !== client.secret) return this.#wrongClient();
    const memberCid = fields?.get('member_cid') ?? undefined;
    if (memberCid !== undefined && memberCids !== undefined && !memberCids.includes(memberCid)) {
      return falconError(403, 'access denied, authorization failed');
    }
    return this.#created(nowMs, memberCid, other?.region ?? this.#region);
  }

  /** Success is 201, with the region in a header. */
  #created(nowMs: number, memberCid: string | undefined, region: string): SimulatorAnswer {
    const token = `simulated.${randomBytes(24).toString('base64url')}`;
    const expiresAtMs = nowMs + EXPIRES_IN_SECONDS * 1000;
    const member = memberCid === undefined ? {} : { memberCid };
    this.#tokens.push({ token, mintedAtMs: nowMs, expiresAtMs, region, isRevoked: false, ...member });
    return {
      status: 201,
      headers: { 'X-CS-Region': region, 'X-CS-TRACEID': 'simulated' },
      body: { access_token: token, expires_in: EXPIRES_IN_SECONDS, token_type: 'bearer' },
    };
  }

  #wrongClient(): SimulatorAnswer {
    // 403: elastic/kibana PR #235139. The words of the 401 are not published: apideck-io/api-registry names the status only.
    return this.#options.wrongClientStatus === 403
      ? falconError(403, 'Failed to issue access token - Client authentication failed', 'csam')
      : falconError(401, 'access denied, invalid client credentials');
  }
}

/** The fields of a form-encoded body; undefined for any other media type. */
function form(request: SimulatorRequest): URLSearchParams | undefined {
  if (mediaType(request) !== 'application/x-www-form-urlencoded') return undefined;
  return new URLSearchParams(request.body.toString('utf8'));
}

/** HTTP Basic without a body works as well. Source: elastic/kibana crowdstrike token_manager.ts. */
function basicCredentials(request: SimulatorRequest): { id: string; secret: string } | undefined {
  const encoded = /^Basic (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { id, secret: rest.join(':') };
}
