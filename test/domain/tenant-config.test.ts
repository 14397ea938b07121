import { describe, expect, it } from 'vitest';

import { hidePersons } from '../../src/domain/personal-fields.ts';
import { type SealedTenantConfig, withLaterKeys } from '../../src/domain/tenant-config.ts';
import { changesOf } from '../../src/tenants/config-changes.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument, sampleFalconApi, sampleHarfangLab } from '../tenants/sample.ts';

function configOf(changes: object = {}) {
  const config = validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

/** As the version before API clients and messages stored it. */
function earlier(): SealedTenantConfig {
  const {
    platforms: _platforms,
    language: _language,
    device_map: _map,
    digest: _digest,
    destinations,
    ...rest
  } = configOf();
  const { audit: _audit, ...retention } = rest.retention;
  const stored = {
    ...rest,
    retention,
    destinations: destinations.map((destination) => {
      if (destination.type === 'harfanglab') {
        const { mode: _mode, incidents_path: _incidents, alerts_path: _alerts, ...old } = destination;
        return old;
      }
      if (destination.type !== 'falcon') return destination;
      const { requests_per_minute: _requests, ...known } = destination;
      return known;
    }),
    pseudonym_key: 'sealed',
  };
  return JSON.parse(JSON.stringify(stored)) as SealedTenantConfig;
}

describe('a config that an earlier version stored', () => {
  it('has the defaults of the keys that came since, and everything else as it was', () => {
    const { pseudonym_key: _key, ...read } = withLaterKeys(earlier());
    expect(read).toEqual(configOf());
  });

  it('is not changed by the same document again', async () => {
    const { pseudonym_key: _key, ...read } = withLaterKeys(earlier());
    expect(await changesOf(read, configOf(), async (secret) => Promise.resolve(secret))).toEqual([]);
  });

  it('keeps what it does say', () => {
    const spoken = { requests_per_minute: 60 };
    const platforms = { approved: ['claude'], domains: {} };
    const stored = { ...configOf({ platforms, destinations: [{ ...sampleFalconApi(), ...spoken }] }) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it would be read from the storage
    const read = withLaterKeys(stored as SealedTenantConfig);
    expect(read).toMatchObject({ platforms, destinations: [spoken] });
  });
});

describe('hidePersons', () => {
  it('names no person of a filter, and no host that is never isolated', () => {
    const config = configOf({
      destinations: [
        { ...sampleHarfangLab(), where: { 'event.hostname': 'ALICE-LAPTOP', risk_score: 1 } },
        { ...sampleFalconApi(), actions: ['contain'], contain: { never: ['DC-01', 'DC-02'], servers: true } },
      ],
    });
    const shown = hidePersons(config);
    expect(shown.destinations).toMatchObject([
      { where: { 'event.hostname': '<hidden>', risk_score: 1 } },
      { contain: { never: ['<hidden>', '<hidden>'], servers: true, per_hour_max: 3 } },
    ]);
    expect(JSON.stringify(shown)).not.toMatch(/ALICE|DC-0/);
  });

  it('names nobody of the device map, and says that there is one', () => {
    const shown = hidePersons(configOf({ device_map: { alice: 'PC-ALICE', bob: 'PC-BOB' } }));
    expect(shown.device_map).toEqual({ '<hidden>': '<hidden>' });
    expect(hidePersons(configOf()).device_map).toEqual({});
  });

  it('leaves everything else as it is', () => {
    const config = configOf({ destinations: [sampleHarfangLab(), sampleFalconApi()] });
    expect(hidePersons(config)).toEqual(config);
  });
});
