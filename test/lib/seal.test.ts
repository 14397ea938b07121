import { describe, expect, it } from 'vitest';

import { createSealer, keyIdOf, sealPrefixOf } from '../../src/lib/seal.ts';

const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);
const BINDING = { tenant: 'acme', purpose: 'webhook' };

function headerOf(jwe: string): Record<string, unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a header is an object
  return JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

describe('createSealer', () => {
  const sealer = createSealer({ primary: OLD });

  it.each(['', 'whsec_abc', 'é'.repeat(4096), '\u0000\n'])('opens what it sealed: %j', async (text) => {
    expect(await sealer.open(await sealer.seal(text, BINDING), BINDING)).toEqual({ ok: true, value: text });
  });

  it('never makes the same seal twice', async () => {
    expect(await sealer.seal('x', BINDING)).not.toBe(await sealer.seal('x', BINDING));
  });

  it('names algorithm, key, purpose and tenant in the header, and nothing else', async () => {
    expect(headerOf(await sealer.seal('x', BINDING))).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: expect.stringMatching(/^[A-Za-z0-9_-]{11}$/),
      purpose: 'webhook',
      tenant: 'acme',
    });
  });

  it('begins every seal of a binding under one key alike, and no other so', async () => {
    const { primary } = await sealer.keyIds();
    const prefix = sealPrefixOf(primary, BINDING);
    expect((await sealer.seal('x', BINDING)).startsWith(prefix)).toBe(true);
    expect((await sealer.seal('x'.repeat(99), BINDING)).startsWith(prefix)).toBe(true);
    for (const other of [
      await sealer.seal('x', { ...BINDING, tenant: `${BINDING.tenant}2` }),
      await sealer.seal('x', { ...BINDING, purpose: 'other' }),
      await createSealer({ primary: NEW }).seal('x', BINDING),
    ])
      expect(other.startsWith(prefix)).toBe(false);
  });

  it('keeps when a value was set in the header, and opens a seal that does not say', async () => {
    const jwe = await sealer.seal('x', BINDING, 1_795_305_600);
    expect(headerOf(jwe)).toMatchObject({ iat: 1_795_305_600 });
    expect(await sealer.open(jwe, BINDING)).toEqual({ ok: true, value: 'x' });
    expect(await sealer.describe(jwe)).toEqual({ isPrimaryKey: true, setAtSeconds: 1_795_305_600 });
    expect(await sealer.describe(await sealer.seal('x', BINDING))).toEqual({ isPrimaryKey: true });
  });

  it('does not open when the time in its header was changed', async () => {
    const [header, ...rest] = (await sealer.seal('x', BINDING, 1)).split('.');
    const later = JSON.stringify({ ...headerOf(header ?? ''), iat: 2 });
    const forged = [Buffer.from(later).toString('base64url'), ...rest].join('.');
    expect(await sealer.open(forged, BINDING)).toEqual({ ok: false, error: { kind: 'corrupt' } });
  });

  it('tells a seal of another key, and what is none, from one under the primary key', async () => {
    const rotated = createSealer({ primary: NEW, previous: OLD });
    expect(await rotated.describe(await sealer.seal('x', BINDING))).toEqual({ isPrimaryKey: false });
    for (const text of ['', 'x', 'e30....'])
      expect(await rotated.describe(text)).toEqual({ isPrimaryKey: false });
  });

  it.each([
    ['another tenant', { tenant: 'other', purpose: 'webhook' }],
    ['another purpose', { tenant: 'acme', purpose: 'destination' }],
  ])('does not open for %s', async (_case, binding) => {
    expect(await sealer.open(await sealer.seal('x', BINDING), binding)).toEqual({
      ok: false,
      error: { kind: 'wrong_binding' },
    });
  });

  it('does not open when its header was rewritten to another tenant', async () => {
    const [, ...rest] = (await sealer.seal('x', BINDING)).split('.');
    const header = Buffer.from(
      JSON.stringify({ ...headerOf(await sealer.seal('x', BINDING)), tenant: 'other' }),
    ).toString('base64url');
    const forged = [header, ...rest].join('.');
    expect(await sealer.open(forged, { tenant: 'other', purpose: 'webhook' })).toEqual({
      ok: false,
      error: { kind: 'corrupt' },
    });
  });

  it('does not open under a master key that it does not have', async () => {
    const jwe = await createSealer({ primary: NEW }).seal('x', BINDING);
    expect(await sealer.open(jwe, BINDING)).toEqual({ ok: false, error: { kind: 'unknown_key' } });
  });

  it('opens what the previous master key sealed, and seals under the primary', async () => {
    const rotated = createSealer({ primary: NEW, previous: OLD });
    expect(await rotated.open(await sealer.seal('x', BINDING), BINDING)).toEqual({ ok: true, value: 'x' });
    expect(await createSealer({ primary: NEW }).open(await rotated.seal('y', BINDING), BINDING)).toEqual({
      ok: true,
      value: 'y',
    });
  });

  it('refuses every single changed character of the ciphertext', async () => {
    const jwe = await sealer.seal('secret', BINDING);
    const parts = jwe.split('.');
    const changed = (parts[3] ?? '').replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    const forged = [parts[0], parts[1], parts[2], changed, parts[4]].join('.');
    expect(await sealer.open(forged, BINDING)).toEqual({ ok: false, error: { kind: 'corrupt' } });
  });

  it.each(['', 'x', '....', 'eyJ9.....', '{"alg":"dir"}', 'e30....'])(
    'calls %j corrupt, or of no known key, and does not throw',
    async (text) => {
      expect((await sealer.open(text, BINDING)).ok).toBe(false);
    },
  );

  it('refuses a master key of the wrong length without quoting it', async () => {
    const weak = createSealer({ primary: new TextEncoder().encode('hunter2') });
    await expect(weak.seal('x', BINDING)).rejects.toThrow(
      'Cannot make a sealer as a master key must be 32 bytes: it is 7',
    );
  });

  it('refuses a binding in which tenant and purpose could be mixed up', async () => {
    await expect(sealer.seal('x', { tenant: 'a/b', purpose: 'webhook' })).rejects.toThrow('plain names');
  });

  it('opens on after more tenants than it keeps keys for', async () => {
    const first = await sealer.seal('first', { tenant: 't0', purpose: 'webhook' });
    for (let i = 1; i < 1100; i++) await sealer.seal('x', { tenant: `t${i}`, purpose: 'webhook' });
    expect(await sealer.open(first, { tenant: 't0', purpose: 'webhook' })).toEqual({
      ok: true,
      value: 'first',
    });
  });
});

describe('key ids', () => {
  it('name the keys, the one that sealed among them, and are nothing of a key', async () => {
    const sealer = createSealer({ primary: NEW, previous: OLD });
    const ids = await sealer.keyIds();
    expect(ids).toEqual({
      primary: keyIdOf(await sealer.seal('x', BINDING)),
      previous: keyIdOf(await createSealer({ primary: OLD }).seal('x', BINDING)),
    });
    expect(ids.primary).toMatch(/^[\w-]{11}$/);
    expect(ids.primary).not.toBe(ids.previous);
  });

  it('name no previous key where there is none', async () => {
    expect(Object.keys(await createSealer({ primary: NEW }).keyIds())).toEqual(['primary']);
  });

  it.each(['', 'x', 'e30....', `${Buffer.from('{"kid":7}').toString('base64url')}....`])(
    'are undefined for %j',
    (text) => {
      expect(keyIdOf(text)).toBeUndefined();
    },
  );
});
