import { describe, expect, it } from 'vitest';

import { decodeBase64 } from '../../src/lib/bytes.ts';
import type { MasterKeys } from '../../src/lib/seal.ts';
import { TokenAuthority } from '../../src/operators/minted-tokens.ts';
import { forgedToken, FORGED_ID } from '../http/callers.ts';
import { MASTER_KEY } from '../http/fakes.ts';

const NOW_MS = Date.UTC(2026, 10, 22);
const HOUR_MS = 3_600_000;
const DEPLOYMENT = { env: 'production', residency: 'global' } as const;
const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);
const TOKEN = {
  id: 'id-1',
  name: 'Grafana — préprod',
  role: 'metrics',
  tenant: 'acme',
  issuedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + HOUR_MS,
} as const;

function authority(
  masterKeys: MasterKeys,
  deployment: ConstructorParameters<typeof TokenAuthority>[1] = DEPLOYMENT,
) {
  return new TokenAuthority(masterKeys, deployment);
}

describe('a minted token', () => {
  it('says to its deployment what it was minted for', async () => {
    const text = await authority({ primary: NEW }).mint(TOKEN, 'nonce');
    expect(await authority({ primary: NEW }).verify(text, NOW_MS)).toEqual({ ok: true, value: TOKEN });
  });

  it('is for every tenant when it names none', async () => {
    const wide = { ...TOKEN, tenant: null };
    const text = await authority({ primary: NEW }).mint(wide, 'nonce');
    expect(await authority({ primary: NEW }).verify(text, NOW_MS)).toEqual({ ok: true, value: wide });
  });

  it('is the one that docs/architecture.md describes, byte by byte', async () => {
    const primary = decodeBase64(MASTER_KEY) ?? new Uint8Array();
    const issuedAtMs = Math.floor(Date.now() / 1000) * 1000;
    const described = forgedToken({ claims: { iat: issuedAtMs / 1000, exp: issuedAtMs / 1000 + 3_600 } });
    const expected = {
      id: FORGED_ID,
      name: 'forged',
      role: 'admin',
      tenant: null,
      issuedAtMs,
      expiresAtMs: issuedAtMs + HOUR_MS,
    } as const;
    expect(await authority({ primary }).verify(described, issuedAtMs)).toEqual({ ok: true, value: expected });
    const [header] = (await authority({ primary }).mint(expected, 'nonce')).split('.');
    expect(header).toBe(described.split('.')[0]);
  });

  it('is another each time, also when everything that is shown of it is the same', async () => {
    const made = await Promise.all(
      ['a', 'b'].map(async (nonce) => authority({ primary: NEW }).mint(TOKEN, nonce)),
    );
    expect(made[0]).not.toBe(made[1]);
  });

  it('holds up to its last second', async () => {
    const text = await authority({ primary: NEW }).mint(TOKEN, 'nonce');
    expect(await authority({ primary: NEW }).verify(text, NOW_MS + HOUR_MS - 1)).toMatchObject({ ok: true });
    expect(await authority({ primary: NEW }).verify(text, NOW_MS + HOUR_MS)).toEqual({
      ok: false,
      error: 'expired',
    });
  });

  it.each([
    [{ ...DEPLOYMENT, residency: 'eu' }, 'claim_aud'],
    [{ ...DEPLOYMENT, env: 'local' }, 'claim_aud'],
  ] as const)('is refused by %j, also under the same key', async (deployment, reason) => {
    const text = await authority({ primary: NEW }).mint(TOKEN, 'nonce');
    expect(await authority({ primary: NEW }, deployment).verify(text, NOW_MS)).toEqual({
      ok: false,
      error: reason,
    });
  });

  it.each(['', 'x', 'a.b.c', `${'a'.repeat(3_000)}.b.c`, 'é.é.é'])(
    'is refused when it is none: %j',
    async (text) => {
      expect(await authority({ primary: NEW }).verify(text, NOW_MS)).toEqual({
        ok: false,
        error: 'malformed',
      });
    },
  );

  it('outlives the rotation of the master key while the old one is the previous one', async () => {
    const before = await authority({ primary: OLD }).mint(TOKEN, 'nonce');
    const during = authority({ primary: NEW, previous: OLD });
    expect(await during.verify(before, NOW_MS)).toMatchObject({ ok: true });
    const after = await during.mint(TOKEN, 'nonce');
    expect(await authority({ primary: NEW }).verify(after, NOW_MS)).toMatchObject({ ok: true });
    expect(await authority({ primary: NEW }).verify(before, NOW_MS)).toEqual({
      ok: false,
      error: 'unknown_key',
    });
    // A Worker of before the rotation may still run in some places.
    expect(await authority({ primary: OLD }).verify(after, NOW_MS)).toEqual({
      ok: false,
      error: 'unknown_key',
    });
  });
});
