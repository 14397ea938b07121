/**
 * Seals secrets: JWE compact (`dir`, A256GCM) under a key derived for one tenant and one purpose.
 * A seal says which master key made it (`kid`) and what it is for; both are checked when it is opened.
 * Never returns or logs a key, and never throws for what a seal holds.
 */

import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { JOSEError } from 'jose/errors';

import { encodeBase64Url } from './bytes.ts';
import type { Result } from './result.ts';
import { failure, success } from './result.ts';

/** Of a master key: 256 bits, the strength of A256GCM. */
export const MASTER_KEY_BYTES = 32;
/** Of a `kid`: tells a handful of keys apart, says nothing about them. */
const KID_BYTES = 8;
/** Derived keys kept per isolate: a few purposes of a few hundred busy tenants. */
const DERIVED_KEYS_MAX = 1024;
/** Purpose and tenant are joined by `/` in the derivation: neither may hold one. */
const PURPOSE_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;
const TENANT_PATTERN = /^[^/]{1,128}$/;

/** What a seal belongs to: opened elsewhere, it does not open. */
export interface SealBinding {
  readonly tenant: string;
  readonly purpose: string;
}

export type SealFailure =
  /** Made under a master key that this deployment does not have. */
  | { readonly kind: 'unknown_key' }
  /** Another tenant's, or for another purpose. */
  | { readonly kind: 'wrong_binding' }
  | { readonly kind: 'corrupt' };

export interface MasterKeys {
  /** Seals and opens. */
  readonly primary: Uint8Array;
  /** Opens only: what was sealed before a rotation. */
  readonly previous?: Uint8Array;
}

/** Names of the master keys: they say nothing about the keys. */
export interface KeyIds {
  readonly primary: string;
  readonly previous?: string;
}

/** What a seal says of itself. Unproven until it is opened: the header is part of what is authenticated. */
export interface SealFacts {
  /** It was made under the key that seals now. */
  readonly isPrimaryKey: boolean;
  /** When the sealed value was set, in epoch seconds; absent: it was sealed before this was written down. */
  readonly setAtSeconds?: number;
}

export interface Sealer {
  /** `setAtSeconds` is when the value was set, not when it is sealed; it is readable without a key. */
  seal(text: string, binding: SealBinding, setAtSeconds?: number): Promise<string>;
  open(jwe: string, binding: SealBinding): Promise<Result<string, SealFailure>>;
  keyIds(): Promise<KeyIds>;
  describe(jwe: string): Promise<SealFacts>;
}

interface MasterKey {
  readonly kid: string;
  readonly base: CryptoKey;
}

/** A sealer over one or two master keys of 32 bytes each. */
export function createSealer(masterKeys: MasterKeys): Sealer {
  const primary = importMasterKey(masterKeys.primary);
  const previous = masterKeys.previous && importMasterKey(masterKeys.previous);
  // A rejection surfaces at the first seal or open, not as an unhandled one.
  for (const key of [primary, previous]) key?.catch(() => undefined);
  const derived = new Map<string, Promise<CryptoKey>>();

  const keyFor = (master: MasterKey, binding: SealBinding): Promise<CryptoKey> => {
    const name = `${master.kid}/${binding.purpose}/${binding.tenant}`;
    const known = derived.get(name);
    if (known) return known;
    const oldest = derived.keys().next();
    if (derived.size >= DERIVED_KEYS_MAX && !oldest.done) derived.delete(oldest.value);
    const key = deriveKey(master.base, binding);
    derived.set(name, key);
    return key;
  };

  return {
    async seal(text, binding, setAtSeconds) {
      assertBinding(binding);
      const master = await primary;
      const iat = setAtSeconds === undefined ? {} : { iat: setAtSeconds };
      return new CompactEncrypt(new TextEncoder().encode(text))
        .setProtectedHeader({ ...headerOf(master.kid, binding), ...iat })
        .encrypt(await keyFor(master, binding));
    },
    async open(jwe, binding) {
      assertBinding(binding);
      const header = readHeader(jwe);
      if (!header) return failure({ kind: 'corrupt' });
      const masters = [await primary, ...(previous ? [await previous] : [])];
      const master = masters.find((candidate) => candidate.kid === header['kid']);
      if (!master) return failure({ kind: 'unknown_key' });
      if (header['tenant'] !== binding.tenant || header['purpose'] !== binding.purpose) {
        return failure({ kind: 'wrong_binding' });
      }
      return decrypt(jwe, await keyFor(master, binding));
    },
    async keyIds() {
      const { kid } = await primary;
      return { primary: kid, ...(previous && { previous: (await previous).kid }) };
    },
    async describe(jwe) {
      const { kid, iat } = readHeader(jwe) ?? {};
      const { kid: primaryKid } = await primary;
      const setAt = Number.isSafeInteger(iat) ? { setAtSeconds: Number(iat) } : {};
      return { isPrimaryKey: kid === primaryKid, ...setAt };
    },
  };
}

/** The name of the master key that a seal says it was made under, without opening it. */
export function keyIdOf(jwe: string): string | undefined {
  const kid = readHeader(jwe)?.['kid'];
  return typeof kid === 'string' ? kid : undefined;
}

/** What every seal of a binding under one master key begins with, as long as it does not say when its value was set. */
export function sealPrefixOf(keyId: string, binding: SealBinding): string {
  return `${encodeBase64Url(new TextEncoder().encode(JSON.stringify(headerOf(keyId, binding))))}.`;
}

/** What a seal says it belongs to, without opening it: unproven, good for finding who can. */
export function bindingOf(jwe: string): Partial<Record<keyof SealBinding, unknown>> | undefined {
  return readHeader(jwe);
}

async function decrypt(jwe: string, key: CryptoKey): Promise<Result<string, SealFailure>> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return success(new TextDecoder().decode(plaintext));
  } catch (error) {
    if (error instanceof JOSEError) return failure({ kind: 'corrupt' });
    throw error;
  }
}

function readHeader(jwe: string): Record<string, unknown> | undefined {
  try {
    return { ...decodeProtectedHeader(jwe) };
  } catch {
    return undefined;
  }
}

async function importMasterKey(bytes: Uint8Array): Promise<MasterKey> {
  if (bytes.byteLength !== MASTER_KEY_BYTES) {
    throw new Error(
      `Cannot make a sealer as a master key must be ${MASTER_KEY_BYTES} bytes: it is ${bytes.byteLength}`,
    );
  }
  const usages = ['deriveBits', 'deriveKey'];
  const base = await crypto.subtle.importKey('raw', new Uint8Array(bytes), 'HKDF', false, usages);
  const kid = await crypto.subtle.deriveBits(hkdf('noxys-relay/seal/v1/kid'), base, KID_BYTES * 8);
  return { kid: encodeBase64Url(new Uint8Array(kid)), base };
}

async function deriveKey(base: CryptoKey, { purpose, tenant }: SealBinding): Promise<CryptoKey> {
  const info = `noxys-relay/seal/v1/${purpose}/${tenant}`;
  const algorithm = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.deriveKey(hkdf(info), base, algorithm, false, ['encrypt', 'decrypt']);
}

/** RFC 5869 without a salt: the master key is uniformly random already. */
function hkdf(info: string) {
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new TextEncoder().encode(info) };
}

function headerOf(kid: string, { purpose, tenant }: SealBinding) {
  return { alg: 'dir', enc: 'A256GCM', kid, purpose, tenant };
}

function assertBinding({ purpose, tenant }: SealBinding): void {
  if (!PURPOSE_PATTERN.test(purpose) || !TENANT_PATTERN.test(tenant)) {
    throw new Error(
      'Cannot bind a seal as purpose and tenant must be plain names without a slash: one is not',
    );
  }
}
