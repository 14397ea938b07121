/**
 * The keyed pseudonym of what names a person, a device or a page: the same for the same value of one tenant, whoever asks.
 * Pure.
 */

import { createHmac } from 'node:crypto';

import type { PrivacyConfig } from '../domain/tenant-config.ts';
import { encodeBase64Url } from '../lib/bytes.ts';

/** 128 bits: no two people of a tenant share a pseudonym by chance. */
const PSEUDONYM_BYTES = 16;
export const PSEUDONYM_PATTERN = /^p_[A-Za-z0-9_-]{22}$/;

export type PseudonymKind = 'user_id' | 'user_email' | 'device_id' | 'hostname' | 'url_host';

/** The setting that a kind of value obeys. */
const SETTINGS = {
  user_id: 'user_id',
  user_email: 'user_email',
  device_id: 'device',
  hostname: 'device',
  url_host: 'url',
} as const satisfies Record<PseudonymKind, keyof PrivacyConfig>;

/**
 * Keyed, so that nobody without the tenant's key can find the person by trying candidates; the kind keeps fields apart.
 * An address that an earlier release stored with capitals has the pseudonym that it has without.
 */
export function pseudonymOf(value: string, kind: PseudonymKind, key: Uint8Array): string {
  const read = kind === 'user_email' ? value.toLowerCase() : value;
  const digest = createHmac('sha256', key).update(`${kind}:${read}`).digest();
  return `p_${encodeBase64Url(digest.subarray(0, PSEUDONYM_BYTES))}`;
}

/**
 * The pseudonym of a stored value. One that looks like a pseudonym is one only while the tenant's own level is `pseudonymise`:
 * under `keep` it may be anybody's raw value in that shape and is replaced like any other.
 */
export function pseudonymOfStored(
  value: string,
  kind: PseudonymKind,
  privacy: PrivacyConfig,
  key: Uint8Array,
): string {
  const mayBeOne = privacy[SETTINGS[kind]] === 'pseudonymise' && PSEUDONYM_PATTERN.test(value);
  return mayBeOne ? value : pseudonymOf(value, kind, key);
}
