/** Who calls, in tests: tokens of any role, minted as the relay does, and ones that somebody else made up. */

import { createHmac, hkdfSync } from 'node:crypto';

import type { Role } from '../../src/domain/principal.ts';
import type { TokenRecord } from '../../src/domain/registry.ts';
import { decodeBase64, encodeBase64Url } from '../../src/lib/bytes.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { TokenAuthority } from '../../src/operators/minted-tokens.ts';
import { type Settings, settingsOf } from '../../src/settings.ts';
import { MASTER_KEY, type World } from './fakes.ts';

const HOUR_MS = 3_600_000;
const ACTOR = { by: 'bootstrap', requestId: 'req-0' };
/** A claim or a header field that a forger changes; undefined removes it. */
export type Changes = Readonly<Record<string, unknown>>;

export interface Caller {
  readonly role: Role;
  /** Default: every tenant. */
  readonly tenant?: string;
  /** From now on; below 0 it is expired. Default an hour. */
  readonly validMs?: number;
}

/** A token of a role, known to the registry: the value of `Bearer`. */
export async function tokenFor(world: World, caller: Caller): Promise<string> {
  const { text, record } = await unknownTokenFor(world, caller);
  await world.registry.mint({ v: 1, actor: ACTOR, nowMs: Date.now(), token: record });
  return text;
}

/** The same, and the registry has not heard of it. By default the deployment is the world's own. */
export async function unknownTokenFor(
  world: World,
  { role, tenant, validMs = HOUR_MS }: Caller,
  deployment: Partial<Pick<Settings, 'env' | 'residency' | 'masterKeys'>> = {},
): Promise<{ readonly text: string; readonly record: TokenRecord }> {
  const settings = { ...settingsOf(world.env), ...deployment };
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const token = {
    id: crypto.randomUUID(),
    name: `a ${role}`,
    role,
    tenant: tenant ?? null,
    expiresAtMs: nowMs + validMs,
  };
  const issuedAtMs = nowMs + Math.min(0, validMs - HOUR_MS);
  const text = await new TokenAuthority(settings.masterKeys, settings).mint(
    { ...token, issuedAtMs },
    'nonce',
  );
  return { text, record: { ...token, digest: sha256Hex(text) } };
}

/** Lets the registry know an id and a token, so that nothing but the token itself can be what is refused. */
export async function registerId(world: World, id: string, digest: string): Promise<void> {
  const nowMs = Date.now();
  const token = { id, digest, name: 'x', role: 'admin', tenant: null, expiresAtMs: nowMs + HOUR_MS } as const;
  await world.registry.mint({ v: 1, actor: ACTOR, nowMs, token });
}

export const FORGED_ID = '00000000-0000-4000-8000-000000000000';

/**
 * A token by the letter of docs/architecture.md, "Minted tokens", with what a forger changes.
 * `hash` and `key` are those of HS256 with the deployment's key unless they are named.
 */
export function forgedToken({
  header = {},
  claims = {},
  hash = 'sha256',
  key = signingKeyOf(MASTER_KEY),
}: {
  readonly header?: Changes;
  readonly claims?: Changes;
  readonly hash?: string;
  readonly key?: string | Uint8Array;
} = {}): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const content = [
    { alg: 'HS256', typ: 'noxys-relay-token+jwt', kid: kidOf(MASTER_KEY), ...header },
    {
      iss: 'noxys-relay',
      aud: 'noxys-relay/production/global',
      sub: `token:${FORGED_ID}`,
      jti: FORGED_ID,
      name: 'forged',
      role: 'admin',
      tenant: null,
      nonce: 'nonce',
      iat: nowSeconds,
      exp: nowSeconds + 3_600,
      ...claims,
    },
  ]
    .map((part) => encodeBase64Url(new TextEncoder().encode(JSON.stringify(part))))
    .join('.');
  return `${content}.${createHmac(hash, key).update(content).digest('base64url')}`;
}

/** HKDF-SHA-256 of a master key, as the document says. */
export function signingKeyOf(masterKey: string): Uint8Array {
  return derived(masterKey, 'sign', 32);
}

export function kidOf(masterKey: string): string {
  return encodeBase64Url(derived(masterKey, 'kid', 8));
}

function derived(masterKey: string, purpose: string, bytes: number): Uint8Array {
  const info = `noxys-relay/token/v1/${purpose}`;
  return new Uint8Array(hkdfSync('sha256', decodeBase64(masterKey) ?? '', '', info, bytes));
}
