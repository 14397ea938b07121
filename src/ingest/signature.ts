/**
 * Verifies a webhook's signature over its raw bytes, before anything is parsed.
 * Pure: the time is passed in. Never throws for what a request holds, and does the same HMAC work for every request,
 * so that neither the count nor an early exit tells a known tenant from an unknown one.
 */

import type { WebhookConfig } from '../domain/tenant-config.ts';
import { SECRETS_MAX } from '../domain/tenant-config.ts';
import { encodeUtf8 } from '../lib/bytes.ts';
import type { Hmac } from '../lib/hmac.ts';
import { DIGEST_BYTES, hmacSha256, importHmacKey, isEqualDigest, sha256 } from '../lib/hmac.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { HeaderFailure, SignatureClaim } from './signature-headers.ts';
import { readClaim } from './signature-headers.ts';
import type { SecretFailure } from './webhook-secrets.ts';
import { decodeSecret, secretEncodingOf } from './webhook-secrets.ts';

/** A tenant's webhook settings with its secrets in clear. */
export type WebhookKeys = WebhookConfig;

/** Keys ready for use. It holds secrets in memory only: never store or log one. */
export interface WebhookVerifier {
  readonly scheme: WebhookConfig['scheme'];
  readonly headers: WebhookConfig['headers'];
  readonly toleranceSeconds: number;
  /** Always SECRETS_MAX keys: the tenant's own first, then random ones that match nothing. */
  readonly keys: readonly CryptoKey[];
  /** How many of `keys` are the tenant's; 0 for an unknown tenant. */
  readonly ownKeys: number;
  /** SHA-256 of the extra bearer, if the tenant has one. */
  readonly bearerDigest?: Uint8Array;
}

export interface VerifiedRequest {
  /** Only where the scheme signs it: then it is the same on every retry and can identify an event. */
  readonly webhookId?: string;
  /** Only where the scheme signs it. */
  readonly timestampMs?: number;
}

/** For the log alone: every one of them gets the same answer. */
export type SignatureFailure =
  | HeaderFailure
  | { readonly kind: 'unknown_tenant' }
  | { readonly kind: 'stale_timestamp' }
  | { readonly kind: 'future_timestamp' }
  | { readonly kind: 'signature_mismatch' }
  | { readonly kind: 'bearer_mismatch' };

export type WebhookKeysFailure =
  | (SecretFailure & { /** Index into `secrets`. */ readonly index: number })
  | { readonly kind: 'secret_count'; readonly message: string };

export interface VerifyRequest {
  readonly verifier: WebhookVerifier;
  readonly headers: Headers;
  /** As received, byte for byte. */
  readonly body: Uint8Array;
  readonly nowMs: number;
  /** Computes one HMAC; default Web Crypto. Tests count the calls. */
  readonly hmac?: Hmac;
}

/** Prepares a tenant's secrets for verification; one that can't be decoded is a failure that names its index. */
export async function importWebhookKeys(
  config: WebhookKeys,
): Promise<Result<WebhookVerifier, WebhookKeysFailure>> {
  if (config.secrets.length === 0 || config.secrets.length > SECRETS_MAX) {
    return failure({
      kind: 'secret_count',
      message: `A webhook needs 1 to ${SECRETS_MAX} secrets: it has ${config.secrets.length}.`,
    });
  }
  const own: Uint8Array[] = [];
  for (const [index, secret] of config.secrets.entries()) {
    const key = decodeSecret(secret, secretEncodingOf(config));
    if (!key.ok) return failure({ ...key.error, index });
    own.push(key.value);
  }
  return success({
    scheme: config.scheme,
    headers: config.headers,
    toleranceSeconds: config.tolerance_seconds,
    keys: await importPadded(own),
    ownKeys: own.length,
    ...(config.auth_token === undefined ? {} : { bearerDigest: sha256(config.auth_token) }),
  });
}

let dummy: WebhookVerifier | undefined;

/** Stands in for an unknown tenant: costs what a real one costs and refuses everything. Made once, as real ones are cached. */
export async function dummyVerifier(): Promise<WebhookVerifier> {
  if (dummy) return dummy;
  const keys = await importPadded([]);
  dummy = { scheme: 'standard-webhooks', headers: {}, toleranceSeconds: 300, keys, ownKeys: 0 };
  return dummy;
}

/** Whether the request was signed with one of the tenant's secrets, recently enough. */
export async function verifySignature(
  request: VerifyRequest,
): Promise<Result<VerifiedRequest, SignatureFailure>> {
  const { verifier, headers, body, nowMs, hmac = hmacSha256 } = request;
  const claim = readClaim(verifier, headers);
  // All the expensive work first, whatever the claim: nothing above or below leaves before it is done.
  const content = signedContent(claim.ok ? claim.value : { digests: [] }, body);
  const expected = await Promise.all(verifier.keys.map((key) => hmac(key, content)));
  const hasBearer = matchesBearer(verifier, headers);

  if (verifier.ownKeys === 0) return failure({ kind: 'unknown_tenant' });
  if (!claim.ok) return claim;
  if (!matchesAny(claim.value.digests, expected.slice(0, verifier.ownKeys))) {
    return failure({ kind: 'signature_mismatch' });
  }
  const age = checkAge(claim.value.timestamp, verifier.toleranceSeconds, nowMs);
  if (age !== undefined) return failure(age);
  if (!hasBearer) return failure({ kind: 'bearer_mismatch' });
  const { webhookId, timestamp } = claim.value;
  return success({
    ...(webhookId === undefined ? {} : { webhookId }),
    ...(timestamp === undefined ? {} : { timestampMs: Number(timestamp) * 1000 }),
  });
}

async function importPadded(own: readonly Uint8Array[]): Promise<readonly CryptoKey[]> {
  const padding = Array.from({ length: SECRETS_MAX - own.length }, () =>
    crypto.getRandomValues(new Uint8Array(DIGEST_BYTES)),
  );
  return Promise.all([...own, ...padding].map(importHmacKey));
}

/** `{id}.{timestamp}.{body}`, `{timestamp}.{body}` or `{body}`, as the scheme has it. */
function signedContent(claim: SignatureClaim, body: Uint8Array): Uint8Array {
  const parts = [claim.webhookId, claim.timestamp].filter((part) => part !== undefined);
  const prefix = encodeUtf8(parts.map((part) => `${part}.`).join(''));
  const content = new Uint8Array(prefix.byteLength + body.byteLength);
  content.set(prefix);
  content.set(body, prefix.byteLength);
  return content;
}

/** Compares every pair, without stopping at a match. */
function matchesAny(offered: readonly Uint8Array[], expected: readonly Uint8Array[]): boolean {
  let isMatch = false;
  for (const digest of offered) {
    for (const candidate of expected) isMatch = isEqualDigest(digest, candidate) || isMatch;
  }
  return isMatch;
}

/** Bounds included, both ways, in whole seconds as the reference libraries count. */
function checkAge(
  timestamp: string | undefined,
  toleranceSeconds: number,
  nowMs: number,
): SignatureFailure | undefined {
  if (timestamp === undefined) return undefined;
  const ageSeconds = Math.floor(nowMs / 1000) - Number(timestamp);
  if (ageSeconds > toleranceSeconds) return { kind: 'stale_timestamp' };
  return ageSeconds < -toleranceSeconds ? { kind: 'future_timestamp' } : undefined;
}

/** Through digests, so that the comparison has equal lengths; true when the tenant asks for no bearer. */
function matchesBearer(verifier: WebhookVerifier, headers: Headers): boolean {
  const received = sha256(/^Bearer +(.*)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '');
  return verifier.bearerDigest === undefined || isEqualDigest(received, verifier.bearerDigest);
}
