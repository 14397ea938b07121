/**
 * Where a Falcon destination's API is, and who the relay is there. Pure but for Web Crypto.
 * Never guesses: an unknown region or a missing credential is told, and nothing is sent.
 */

import type { Outcome } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import { encodeHex, encodeUtf8 } from '../../lib/bytes.ts';
import { hmacSha256, importHmacKey } from '../../lib/hmac.ts';
import { type Result, failure, success } from '../../lib/result.ts';
import { FALCON_HOSTS, type FalconRegion, normaliseRegion } from './regions.ts';

export interface ApiPlace {
  /** Without a slash at its end. */
  readonly base: string;
  readonly region: FalconRegion;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly memberCid: string | undefined;
}

/** What the destination's config says, or what it lacks. */
export function apiPlace(config: FalconConfig): Result<ApiPlace, Extract<Outcome, { kind: 'blocked' }>> {
  const region = normaliseRegion(config.region);
  const { client_id: clientId, client_secret: clientSecret, member_cid: memberCid } = config;
  if (region === undefined || !clientId || !clientSecret) {
    const detail =
      region === undefined ? "the region is none of CrowdStrike's" : 'client_id or client_secret is missing';
    return failure({ kind: 'blocked', reason: 'not_configured', detail });
  }
  const base = (config.base_url ?? `https://${FALCON_HOSTS[region].api}`).replace(/\/+$/, '');
  return success({ base, region, clientId, clientSecret, memberCid });
}

/** Tells credentials apart, changes with the secret, and reveals nothing to who lacks it. */
export async function credentialId(place: ApiPlace, tenant: string): Promise<string> {
  const { base, region, clientId, clientSecret, memberCid } = place;
  const key = await importHmacKey(encodeUtf8(clientSecret));
  const facts = JSON.stringify([base, region, clientId, memberCid ?? null, tenant]);
  return encodeHex(await hmacSha256(key, encodeUtf8(facts)));
}

/** Requests a minute of the account that a destination uses: the fewest that it or another one of that account is configured to. */
export function requestsPerMinuteOf(config: FalconConfig, all: readonly FalconConfig[]): number {
  const key = rateKeyIn(config);
  const sharing = all.filter((other) => key !== undefined && rateKeyIn(other) === key);
  return Math.min(...[config, ...sharing].map(({ requests_per_minute: perMinute }) => perMinute));
}

function rateKeyIn(config: FalconConfig): string | undefined {
  const place = apiPlace(config);
  return place.ok ? rateKeyOf(place.value) : undefined;
}

/** The same for all who share a customer's account, as far as the config tells: its child account, or the client. */
export function rateKeyOf({ region, clientId, memberCid }: ApiPlace): string {
  return `${region}|${(memberCid ?? clientId).toLowerCase()}`;
}
