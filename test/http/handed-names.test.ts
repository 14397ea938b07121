import { describe, expect, it, vi } from 'vitest';

import { HANDED_MAX, HandedNames, sealNames } from '../../src/http/handed-names.ts';
import { createSealer } from '../../src/lib/seal.ts';
import type { LoadedTenant } from '../../src/tenants/ingest-cache.ts';

const HOUR_MS = 3_600_000;
const ACME = { tenant: 'acme', version: 1 };
const name = (key: string) => ({ key, sealed: 'x' });

describe('HandedNames', () => {
  it('knows for a day what an object has taken, of one tenant and one version of its config', () => {
    const names = new HandedNames();
    expect(names.has(ACME, 'p_1', 0)).toBe(false);
    names.note(ACME, [name('p_1')], 0);
    expect(names.has(ACME, 'p_1', 24 * HOUR_MS - 1)).toBe(true);
    expect(names.has(ACME, 'p_1', 24 * HOUR_MS)).toBe(false);
    expect(names.has(ACME, 'p_2', 0)).toBe(false);
    expect(names.has({ ...ACME, version: 2 }, 'p_1', 0)).toBe(false);
    expect(names.has({ ...ACME, tenant: 'beta' }, 'p_1', 0)).toBe(false);
  });

  it('hands over again when the clock has gone back by more than a day', () => {
    const names = new HandedNames();
    names.note(ACME, [name('p_1')], 48 * HOUR_MS);
    expect(names.has(ACME, 'p_1', 0)).toBe(false);
  });

  it('forgets those that were handed over longest ago, and never remembers more than its bound', () => {
    const names = new HandedNames();
    for (let i = 0; i < HANDED_MAX; i++) names.note(ACME, [name(`p_${i}`)], 0);
    names.note(ACME, [name('p_0')], 1);
    names.note(ACME, [name('one-more'), name('and-another')], 1);
    expect(names.size).toBe(HANDED_MAX);
    expect(['p_0', 'p_1', 'p_2', 'p_3', 'one-more'].map((key) => names.has(ACME, key, 1))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('sealNames', () => {
  const tenant = {
    ...ACME,
    privacy: { user_id: 'pseudonymise', user_email: 'drop' },
    pseudonymKey: new Uint8Array(32),
  } as LoadedTenant;
  const events = [{ personal: { userId: 'u-alice', userEmail: 'alice@acme.fr' } }];

  it('seals the name with its key for its tenant and the map alone', async () => {
    const sealer = createSealer({ primary: new Uint8Array(32) });
    const sealed = await sealNames({ sealer, handedNames: new HandedNames() }, tenant, events, 0);
    expect(JSON.stringify(sealed)).not.toContain('alice');
    const [one = name('')] = sealed;
    expect(sealed).toHaveLength(1);
    const binding = { tenant: 'acme', purpose: 'pseudonym-map' };
    const opened = await sealer.open(one.sealed, binding);
    expect(opened.ok && JSON.parse(opened.value)).toEqual({ key: one.key, id: 'u-alice' });
    expect(await sealer.open(one.sealed, { ...binding, tenant: 'beta' })).toMatchObject({ ok: false });
    expect(await sealer.open(one.sealed, { ...binding, purpose: 'overflow' })).toMatchObject({ ok: false });
  });

  it('gives none, and a log line without a name, where sealing fails', async () => {
    const sealer = createSealer({ primary: new Uint8Array(31) });
    const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const sealed = await sealNames({ sealer, handedNames: new HandedNames() }, tenant, events, 0);
    const lines = spy.mock.calls.map(([line]) => String(line));
    spy.mockRestore();
    expect(sealed).toEqual([]);
    expect(lines).toEqual([expect.stringContaining('pseudonym_map.sealing_failed')]);
    expect(lines.join()).not.toContain('alice');
  });
});
