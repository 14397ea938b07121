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

  it.each([
    ['production', 'https://relay.acme.eu', 'https://relay.acme.eu'],
    ['production', ' https://Relay.ACME.eu:443/ ', 'https://relay.acme.eu'],
    ['local', 'http://127.0.0.1:8787', 'http://127.0.0.1:8787'],
    ['production', '', undefined],
    ['production', '  ', undefined],
    ['production', undefined, undefined],
  ])('links to the relay, of %s, at RELAY_PUBLIC_URL = %j', (place, value, publicUrl) => {
    const env = { ...VALID, RELAY_ENV: place, ...(value !== undefined && { RELAY_PUBLIC_URL: value }) };
    expect(settingsOf(env).publicUrl).toBe(publicUrl);
  });

  it.each([
    'relay.acme.eu',
    'http://relay.acme.eu',
    'https://relay.acme.eu/path',
    'https://relay.acme.eu/?x=hunter2',
    'https://relay.acme.eu/#x',
    'https://hunter2@relay.acme.eu',
    'https://:hunter2@relay.acme.eu',
    'javascript:alert(1)',
  ])('refuses RELAY_PUBLIC_URL = %j, and quotes none of it', (value) => {
    const attempt = () => settingsOf({ ...VALID, RELAY_PUBLIC_URL: value });
    expect(attempt).toThrow('RELAY_PUBLIC_URL must be the address of the relay without a path');
    expect(attempt).not.toThrow(/hunter2/);
  });

  it('takes the previous master key when there is one', () => {
    expect(settingsOf({ ...VALID, RELAY_MASTER_KEY_PREVIOUS: KEY }).masterKeys.previous).toHaveLength(32);
    expect(settingsOf({ ...VALID, RELAY_MASTER_KEY_PREVIOUS: '' }).masterKeys).not.toHaveProperty('previous');
  });

  describe('of Cloudflare Access', () => {
    const ACCESS = { ACCESS_TEAM_DOMAIN: 'mssp.cloudflareaccess.com', ACCESS_AUD: 'ab'.repeat(32) };

    it.each([{}, { ACCESS_TEAM_DOMAIN: '', ACCESS_AUD: '', ACCESS_ROLES: ' ' }])(
      'are absent for %j',
      (given) => {
        expect(settingsOf({ ...VALID, ...given })).not.toHaveProperty('access');
      },
    );

    it.each([
      'mssp.cloudflareaccess.com',
      'https://mssp.cloudflareaccess.com',
      'https://MSSP.cloudflareaccess.com/',
    ])('take %s as the team', (domain) => {
      const env = { ...VALID, ...ACCESS, ACCESS_TEAM_DOMAIN: domain, ACCESS_ROLES: 'viewer/acme=*@acme.fr' };
      expect(settingsOf(env).access).toEqual({
        origin: 'https://mssp.cloudflareaccess.com',
        audience: ACCESS.ACCESS_AUD,
        rules: [
          { grant: { role: 'viewer', tenant: 'acme' }, matchers: [{ kind: 'domain', name: 'acme.fr' }] },
        ],
      });
    });

    it('give nobody a role when there are no roles', () => {
      expect(settingsOf({ ...VALID, ...ACCESS }).access?.rules).toEqual([]);
    });

    it('take a loopback URL locally, and nowhere else', () => {
      const env = { ...VALID, ...ACCESS, ACCESS_TEAM_DOMAIN: 'http://127.0.0.1:8703' };
      expect(settingsOf({ ...env, RELAY_ENV: 'local' }).access?.origin).toBe('http://127.0.0.1:8703');
      expect(() => settingsOf({ ...env })).toThrow('ACCESS_TEAM_DOMAIN must be a host name');
    });

    it.each([
      ['ACCESS_AUD', ''],
      ['ACCESS_TEAM_DOMAIN', ''],
    ])('come with the team and the audience, or not at all: %s = %j', (name, value) => {
      expect(() => settingsOf({ ...VALID, ...ACCESS, [name]: value })).toThrow(
        'set together with ACCESS_AUD',
      );
      expect(() => settingsOf({ ...VALID, ACCESS_ROLES: 'admin=a@b.c' })).toThrow('no ACCESS_ROLES');
    });

    it('name the wrong entry of the roles, and quote nothing', () => {
      const attempt = () => settingsOf({ ...VALID, ...ACCESS, ACCESS_ROLES: 'admin=a@b.c; hunter2=a@b.c' });
      expect(attempt).toThrow('it is not, at entry 2: its role must be one of');
      expect(attempt).not.toThrow(/hunter2/);
    });

    it.each([
      ['ACCESS_TEAM_DOMAIN', 'hunter2'],
      ['ACCESS_TEAM_DOMAIN', 'http://hunter2.cloudflareaccess.com'],
      ['ACCESS_TEAM_DOMAIN', 'https://hunter2.cloudflareaccess.com/x'],
      ['ACCESS_TEAM_DOMAIN', 'https://hunter2.cloudflareaccess.com:8443'],
      ['ACCESS_TEAM_DOMAIN', 'https://hunter2@mssp.cloudflareaccess.com'],
      ['ACCESS_TEAM_DOMAIN', '10.0.0.1'],
      ['ACCESS_AUD', 'hunter2'],
      ['ACCESS_AUD', 'AB'.repeat(32)],
    ])('refuse %s = %j, naming the variable and never the value', (name, value) => {
      const attempt = () => settingsOf({ ...VALID, ...ACCESS, [name]: value });
      expect(attempt).toThrow(new RegExp(`^Cannot read settings as ${name} must be .+: it is `));
      expect(attempt).not.toThrow(/hunter2/);
    });
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
    ['RELAY_EGRESS_ALLOW', '*.fr'],
    ['RELAY_EGRESS_ALLOW', 'edr.acme.fr, *.co.uk'],
    ['RELAY_EGRESS_ALLOW', '*.gouv.fr'],
    ['RELAY_EGRESS_ALLOW', '*.workers.dev'],
    ['RELAY_EGRESS_ALLOW', '*.s3.eu-west-1.amazonaws.com'],
    ['RELAY_EGRESS_ALLOW', '*.webhook.site'],
    ['RELAY_EGRESS_ALLOW', '10.0.0.1'],
    ['RELAY_EGRESS_ALLOW', '*.nip.io'],
    ['RELAY_EGRESS_ALLOW', 'edr.acme.internal'],
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
