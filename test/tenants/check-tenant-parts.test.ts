import { describe, expect, it } from 'vitest';

import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

function check(changes: object) {
  return validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
}

function faultsOf(changes: object) {
  const checked = check(changes);
  return checked.ok ? [] : checked.error;
}

describe('the time zone of the digests', () => {
  it.each([
    ['Europe/Paris', 'Europe/Paris'],
    [' europe/paris ', 'Europe/Paris'],
    ['utc', 'UTC'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    // An older name stays as it is written, whatever the platform calls it.
    ['Asia/Calcutta', 'Asia/Calcutta'],
  ])('%j is taken as %s', (written, zone) => {
    const checked = check({ digest: { time_zone: written } });
    expect(checked.ok && checked.value.digest.time_zone).toBe(zone);
  });

  it.each([
    ['Paris', /did you mean Europe\/Paris\?$/],
    ['Europe/Pariss', /did you mean Europe\/Paris\?$/],
    ['New York', /did you mean America\/New_York\?$/],
    ['+02:00', /an offset would ignore daylight saving$/],
    ['UTC+2', /an offset would ignore daylight saving$/],
    ['the zone of our head office', /such as Europe\/Paris or UTC$/],
    [' ', /such as Europe\/Paris or UTC/],
  ])('%j is none, and the cure is said', (written, message) => {
    expect(faultsOf({ digest: { time_zone: written } })).toEqual([
      { path: 'digest.time_zone', message: expect.stringMatching(message) },
    ]);
  });

  it('is not looked at where the digest has another fault', () => {
    expect(faultsOf({ digest: { daily: '8:00' } })).toEqual([
      { path: 'digest.daily', message: expect.stringContaining("such as '08:00'") },
    ]);
  });
});

describe('the device map', () => {
  it('takes names of hosts and agent ids, without the space around them', () => {
    const device_map = { alice: ' PC-01.acme.fr ', bob: '01234567-0123-0123-0123-012345678901' };
    const checked = check({ device_map });
    expect(checked.ok && checked.value.device_map).toEqual({ ...device_map, alice: 'PC-01.acme.fr' });
  });

  it.each([
    ['user_id', 'pseudonymise'],
    ['device', 'drop'],
  ])('needs privacy.%s', (field, level) => {
    expect(faultsOf({ device_map: { alice: 'PC-01' }, privacy: { [field]: level } })).toEqual([
      {
        path: 'device_map',
        message: `can never be used as privacy.${field} is ${level}: set it to keep, or leave the map out`,
      },
    ]);
    expect(faultsOf({ device_map: {}, privacy: { [field]: level } })).toEqual([]);
  });

  it.each([
    ['a blank host', { alice: 'PC-01', bob: ' ' }, /^\(entry 2\) must not be blank/],
    ['an address', { alice: '203.0.113.7' }, /^\(entry 1\) must be one whole host name/],
    ['what viewers see of a host', { alice: '<hidden>' }, /^\(entry 1\) <hidden> stands for a value/],
    ['space around a user id', { ' alice': 'PC-01' }, /^\(entry 1\) has space around its user id/],
  ])('refuses %s by its place, and names nobody', (_case, device_map, message) => {
    const faults = faultsOf({ device_map });
    expect(faults).toEqual([{ path: 'device_map', message: expect.stringMatching(message) }]);
    expect(JSON.stringify(faults)).not.toMatch(/alice|bob|203/);
  });

  it('refuses two users that differ in case alone by their places, and names nobody', () => {
    const device_map = { 'ACME\\Bob': 'WKS-1', carol: 'WKS-3', 'acme\\bob': 'WKS-2' };
    const message = '(entry 3) is of the same user as entry 1, in another case: leave one of them';
    expect(faultsOf({ device_map })).toEqual([{ path: 'device_map', message }]);
  });

  it('refuses what viewers see of it', () => {
    expect(faultsOf({ device_map: { '<hidden>': '<hidden>' } })).toHaveLength(2);
  });

  it('has an end', () => {
    const many = Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`user-${index}`, 'PC-01']));
    expect(faultsOf({ device_map: many })).toEqual([
      { path: 'device_map', message: 'must have at most 2000 entries' },
    ]);
  });
});
