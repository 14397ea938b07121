import { describe, expect, it } from 'vitest';

import { settingsOf } from '../src/settings.ts';

const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const VALID = {
  RELAY_ENV: 'production',
  RELAY_RESIDENCY: 'global',
  RELAY_EGRESS_ALLOW: '',
  RELAY_REQUESTS_PER_SLICE: '40',
  RELAY_LOG_ONE_IN: '25',
  RELAY_MASTER_KEY: KEY,
  RELAY_ADMIN_TOKEN: 'an-admin-token-of-24-or-more',
};

describe('settingsOf', () => {
  it('reads a full environment', () => {
    expect(settingsOf(VALID)).toEqual({
      env: 'production',
      residency: 'global',
      egressAllow: [],
      requestsPerSlice: 40,
      logOneIn: 25,
      masterKeys: { primary: Uint8Array.from({ length: 32 }, (_, i) => i) },
      adminToken: VALID.RELAY_ADMIN_TOKEN,
    });
  });

  it('reads each environment once', () => {
    const env = { ...VALID };
    expect(settingsOf(env)).toBe(settingsOf(env));
  });

  it('takes 500 requests per slice when the variable is absent', () => {
    const { RELAY_REQUESTS_PER_SLICE: _absent, ...env } = VALID;
    expect(settingsOf(env).requestsPerSlice).toBe(500);
  });

  it.each([
    [undefined, 100],
    ['', 100],
    ['0', 0],
    ['1', 1],
    ['1000000', 1_000_000],
  ])('reads RELAY_LOG_ONE_IN = %j as %i', (value, logOneIn) => {
    const { RELAY_LOG_ONE_IN: _given, ...env } = VALID;
    const given = value === undefined ? env : { ...env, RELAY_LOG_ONE_IN: value };
    expect(settingsOf(given).logOneIn).toBe(logOneIn);
  });

  it('says what RELAY_LOG_ONE_IN must be', () => {
    expect(() => settingsOf({ ...VALID, RELAY_LOG_ONE_IN: '1/100' })).toThrow(
      'Cannot read settings as RELAY_LOG_ONE_IN must be a whole number from 0 to 1000000: it is not',
    );
  });

  it('splits the allowed hosts at commas and spaces', () => {
    const env = { ...VALID, RELAY_EGRESS_ALLOW: ' EDR.acme.fr, *.hurukai.io\tx.fr ' };
    expect(settingsOf(env).egressAllow).toEqual(['edr.acme.fr', '*.hurukai.io', 'x.fr']);
  });

  it('takes the previous master key when there is one', () => {
    expect(settingsOf({ ...VALID, RELAY_MASTER_KEY_PREVIOUS: KEY }).masterKeys.previous).toHaveLength(32);
    expect(settingsOf({ ...VALID, RELAY_MASTER_KEY_PREVIOUS: '' }).masterKeys).not.toHaveProperty('previous');
  });

  it.each<[string, string | undefined]>([
    ['RELAY_ENV', 'staging'],
    ['RELAY_ENV', undefined],
    ['RELAY_RESIDENCY', 'us'],
    ['RELAY_RESIDENCY', undefined],
    ['RELAY_EGRESS_ALLOW', 'https://edr.acme.fr'],
    ['RELAY_EGRESS_ALLOW', 'edr.acme.fr:8443'],
    ['RELAY_EGRESS_ALLOW', '*'],
    ['RELAY_EGRESS_ALLOW', '*.fr.'],
    ['RELAY_REQUESTS_PER_SLICE', '0'],
    ['RELAY_REQUESTS_PER_SLICE', '1001'],
    ['RELAY_REQUESTS_PER_SLICE', '1e2'],
    ['RELAY_LOG_ONE_IN', '1000001'],
    ['RELAY_LOG_ONE_IN', '-1'],
    ['RELAY_LOG_ONE_IN', '0.5'],
    ['RELAY_LOG_ONE_IN', ' 5'],
    ['RELAY_LOG_ONE_IN', 'all'],
    ['RELAY_MASTER_KEY', undefined],
    ['RELAY_MASTER_KEY', 'hunter2'],
    ['RELAY_MASTER_KEY', `${KEY}AA`],
    ['RELAY_MASTER_KEY_PREVIOUS', 'hunter2'],
    ['RELAY_ADMIN_TOKEN', undefined],
    ['RELAY_ADMIN_TOKEN', 'hunter2'],
    ['RELAY_ADMIN_TOKEN', 'hunter2 with spaces in between'],
  ])('refuses %s = %j, naming the variable and never the value', (name, value) => {
    const attempt = () => settingsOf({ ...VALID, [name]: value });
    expect(attempt).toThrow(new RegExp(`^Cannot read settings as ${name} must be .+: it is `));
    expect(attempt).not.toThrow(/hunter2/);
  });
});
