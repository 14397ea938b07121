import { describe, expect, it } from 'vitest';

import type { SealedTenantConfig } from '../../src/domain/tenant-config.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { sealStateOf } from '../../src/tenants/seal-state.ts';
import { sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);

async function sealedUnder(key: Uint8Array): Promise<SealedTenantConfig> {
  const config = validateTenantConfig(sampleDocument(), PRODUCTION);
  const sealed = config.ok
    ? await sealConfig(config.value, { sealer: createSealer({ primary: key }), stored: null })
    : undefined;
  if (!sealed?.ok) throw new Error('the sample must be valid');
  return sealed.value;
}

describe('sealStateOf', () => {
  it.each([
    ['under the primary key', { primary: OLD }, { total: 4, opens: 4, primary: 4 }],
    ['under the previous key', { primary: NEW, previous: OLD }, { total: 4, opens: 4, primary: 0 }],
    ['under a key that is gone', { primary: NEW }, { total: 4, opens: 0, primary: 0 }],
  ])('counts what was sealed %s', async (_case, keys, counts) => {
    expect(await sealStateOf(await sealedUnder(OLD), createSealer(keys))).toEqual(counts);
  });

  it("counts another tenant's seal as one that does not open, although its key is the right one", async () => {
    const config = { ...(await sealedUnder(OLD)), id: 'other' };
    expect(await sealStateOf(config, createSealer({ primary: OLD }))).toEqual({
      total: 4,
      opens: 0,
      primary: 0,
    });
  });

  it('counts a partial move to a new key', async () => {
    const config = await sealedUnder(OLD);
    const { pseudonym_key } = await sealedUnder(NEW);
    const keys = { primary: NEW, previous: OLD };
    expect(await sealStateOf({ ...config, pseudonym_key }, createSealer(keys))).toEqual({
      total: 4,
      opens: 4,
      primary: 1,
    });
  });
});
