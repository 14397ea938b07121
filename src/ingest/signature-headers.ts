/**
 * Reads what a request says about its signature: id, timestamp, and the digests that it offers.
 * Pure, and does no cryptography. The header's own text is kept, because that text is what was signed.
 */

import type { WebhookConfig } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { failure, success, unreachable } from '../lib/result.ts';
import { decodeBase64Digest, decodeHexDigest, decodeStandardDigest } from './signature-digests.ts';

/** Longest signature header that is read, in characters: room for rotation, not for a flood of guesses. */
export const SIGNATURE_HEADER_LENGTH_MAX = 2048;
/** Most entries of a signature list. */
export const SIGNATURE_ENTRIES_MAX = 16;

/** Printable ASCII without a full stop: with one, `id.timestamp.body` could be cut in two ways. */
const WEBHOOK_ID_PATTERN = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;
/** Unix seconds. Strict, because `1e9`, `-1` and `123abc` are read differently from library to library. */
const TIMESTAMP_PATTERN = /^\d{1,11}$/;
const HMAC_PREFIX = 'sha256=';

const DEFAULT_HEADERS = {
  'standard-webhooks': { id: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' },
  'timestamped-hmac': { signature: 'webhook-signature' },
  hmac: { signature: 'x-hub-signature-256' },
} as const;

/** The same headers under Svix's name. Source: docs.svix.com, read 2026-11. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['webhook-id', 'svix-id'],
  ['webhook-timestamp', 'svix-timestamp'],
  ['webhook-signature', 'svix-signature'],
]);

export type HeaderFailure =
  | { readonly kind: 'missing_header'; readonly header: string }
  | { readonly kind: 'malformed_id' }
  | { readonly kind: 'malformed_timestamp' }
  | { readonly kind: 'malformed_signature' };

export interface SignatureClaim {
  /** Only where the scheme signs it. */
  readonly webhookId?: string;
  /** Only where the scheme has one; the header's own text. */
  readonly timestamp?: string;
  /** Digests of 32 bytes, at most SIGNATURE_ENTRIES_MAX; malformed entries and unknown versions are left out. */
  readonly digests: readonly Uint8Array[];
}

type ClaimResult = Result<SignatureClaim, HeaderFailure>;

/** What the headers claim under the scheme. */
export function readClaim(config: Pick<WebhookConfig, 'scheme' | 'headers'>, headers: Headers): ClaimResult {
  const names = config.headers;
  switch (config.scheme) {
    case 'standard-webhooks':
      return readStandard(names, headers);
    case 'timestamped-hmac':
      return names.timestamp === undefined
        ? readCombined(names.signature ?? DEFAULT_HEADERS[config.scheme].signature, headers)
        : readSeparate(names.timestamp, names.signature ?? DEFAULT_HEADERS[config.scheme].signature, headers);
    case 'hmac':
      return readHmac(names.signature ?? DEFAULT_HEADERS.hmac.signature, headers);
    default:
      return unreachable(config.scheme);
  }
}

/** `{id}`, `{timestamp}`, and `v1,<base64>` entries separated by spaces. */
function readStandard(names: WebhookConfig['headers'], headers: Headers): ClaimResult {
  const defaults = DEFAULT_HEADERS['standard-webhooks'];
  const webhookId = readHeader(headers, names.id ?? defaults.id);
  if (!webhookId.ok) return webhookId;
  const timestamp = readHeader(headers, names.timestamp ?? defaults.timestamp);
  if (!timestamp.ok) return timestamp;
  const signature = readHeader(headers, names.signature ?? defaults.signature);
  if (!signature.ok) return signature;
  if (!WEBHOOK_ID_PATTERN.test(webhookId.value)) return failure({ kind: 'malformed_id' });
  const digests = readDigests(splitEntries(signature.value, ' '), (entry) =>
    entry.startsWith('v1,') ? decodeStandardDigest(entry.slice('v1,'.length)) : undefined,
  );
  return claim({ webhookId: webhookId.value, timestamp: timestamp.value }, digests);
}

/** `t=<seconds>,v1=<hex>[,v1=<hex>]` in one header; other keys are ignored, a second `t` is not. */
function readCombined(name: string, headers: Headers): ClaimResult {
  const signature = readHeader(headers, name);
  if (!signature.ok) return signature;
  const entries = splitEntries(signature.value, ',');
  if (entries === undefined) return failure({ kind: 'malformed_signature' });
  const [time, ...moreTimes] = entries.filter((entry) => entry.startsWith('t='));
  if (time === undefined || moreTimes.length > 0) return failure({ kind: 'malformed_timestamp' });
  const digests = readDigests(entries, (entry) =>
    entry.startsWith('v1=') ? decodeHexDigest(entry.slice('v1='.length)) : undefined,
  );
  return claim({ timestamp: time.slice('t='.length) }, digests);
}

/** Seconds in one header, one digest in another. */
function readSeparate(timestampName: string, signatureName: string, headers: Headers): ClaimResult {
  const timestamp = readHeader(headers, timestampName);
  if (!timestamp.ok) return timestamp;
  const signature = readHmac(signatureName, headers);
  return signature.ok ? claim({ timestamp: timestamp.value }, signature.value.digests) : signature;
}

/** One digest, hex or base64, with or without `sha256=`. */
function readHmac(name: string, headers: Headers): ClaimResult {
  const signature = readHeader(headers, name);
  if (!signature.ok) return signature;
  return claim(
    {},
    readDigests(splitEntries(signature.value, ' '), (entry) => {
      const text = entry.startsWith(HMAC_PREFIX) ? entry.slice(HMAC_PREFIX.length) : entry;
      return decodeHexDigest(text) ?? decodeBase64Digest(text);
    }),
  );
}

function claim(signed: Omit<SignatureClaim, 'digests'>, digests: readonly Uint8Array[]): ClaimResult {
  if (signed.timestamp !== undefined && !TIMESTAMP_PATTERN.test(signed.timestamp)) {
    return failure({ kind: 'malformed_timestamp' });
  }
  return digests.length === 0 ? failure({ kind: 'malformed_signature' }) : success({ ...signed, digests });
}

function readHeader(headers: Headers, name: string): Result<string, HeaderFailure> {
  const alias = ALIASES.get(name.toLowerCase());
  const value = headers.get(name) ?? (alias === undefined ? null : headers.get(alias));
  return value === null || value === '' ? failure({ kind: 'missing_header', header: name }) : success(value);
}

/** The entries of a list, or undefined when it is larger than a sender has reason to make it. */
function splitEntries(header: string, separator: ' ' | ','): readonly string[] | undefined {
  if (header.length > SIGNATURE_HEADER_LENGTH_MAX) return undefined;
  const entries = header.split(separator).map((entry) => entry.trim());
  return entries.length > SIGNATURE_ENTRIES_MAX ? undefined : entries;
}

function readDigests(
  entries: readonly string[] | undefined,
  decode: (entry: string) => Uint8Array | undefined,
): readonly Uint8Array[] {
  return (entries ?? []).map(decode).filter((digest) => digest !== undefined);
}
