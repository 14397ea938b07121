import { describe, expect, it } from 'vitest';

import { COUNTRIES, EEA_COUNTRIES } from '../../src/domain/countries.ts';
import { faultsOf } from './destination-check.ts';
import { CHAT_HOSTS, PRODUCTION, sampleHarfangLab, sampleHook, sampleSlack } from './sample.ts';

const SETTINGS = {
  ...PRODUCTION,
  egressAllow: ['harfanglab.acme.fr', 'tickets.acme.fr', ...CHAT_HOSTS],
};
const faults = (destination: object, tenant = {}) => faultsOf(destination, { settings: SETTINGS, tenant });

describe('the countries', () => {
  it('are the 249 of ISO 3166-1, of which 30 are in the EU or the EEA', () => {
    expect(new Set(COUNTRIES).size).toBe(249);
    expect(new Set(EEA_COUNTRIES).size).toBe(30);
    expect(EEA_COUNTRIES.filter((code) => !COUNTRIES.includes(code))).toEqual([]);
  });
});

describe('what an EU tenant declares', () => {
  it.each([sampleHarfangLab(), sampleHook()])(
    'is the country of $type, in the EU or the EEA',
    (destination) => {
      const of = (country: string | undefined) => faults({ ...destination, country });
      const path = 'destinations[0].country';
      for (const country of EEA_COUNTRIES) expect(of(country)).toEqual([]);
      expect(of(undefined)).toEqual([{ path, message: expect.stringContaining('such as country: FR') }]);
      for (const country of ['GB', 'CH', 'US'])
        expect(of(country)).toEqual([{ path, message: expect.stringContaining(`EEA (${country})`) }]);
      for (const country of ['UK', 'EU', 'XX', 'fr', 'FRA'])
        expect(of(country)).toEqual([{ path, message: expect.stringContaining('must be a country code') }]);
      expect(faults({ ...destination, country: undefined }, { residency: 'global' })).toEqual([]);
    },
  );

  it('is why messages leave the EU', () => {
    const { transfer_basis: _basis, ...bare } = sampleSlack();
    expect(faults(bare)).toEqual([
      { path: 'destinations[0].transfer_basis', message: expect.stringContaining('on what ground') },
    ]);
    expect(faults(sampleSlack())).toEqual([]);
    expect(faults(bare, { residency: 'global' })).toEqual([]);
  });
});

describe('what a destination may not know', () => {
  it('is no filter of it', () => {
    const where = { user_id: 'alice' };
    expect(faults({ ...sampleSlack(), where })).toEqual([
      { path: 'destinations[0].where.user_id', message: expect.stringContaining('may not be told') },
    ]);
    expect(faults({ ...sampleHook(), where, privacy: { user_id: 'drop' } })).toEqual([
      { path: 'destinations[0].where.user_id', message: expect.stringContaining('would tell by itself') },
    ]);
    expect(faults({ ...sampleHook(), where })).toEqual([]);
  });

  it('is in no body, unless that says what to write instead', () => {
    const body = { who: ['{{user.id}}'] };
    const dropped = { ...sampleHook(), privacy: { user_id: 'drop' } };
    expect(faults({ ...dropped, body })).toEqual([
      { path: 'destinations[0].body.who[0]', message: expect.stringContaining('would always be empty') },
    ]);
    expect(faults({ ...dropped, body: { who: '{{user.id|else=nobody}}' } })).toEqual([]);
    expect(faults({ ...sampleHook(), privacy: { user_id: 'pseudonymise' }, body })).toEqual([]);
  });
});
