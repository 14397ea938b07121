import { describe, expect, it } from 'vitest';

import type { StoredConfig } from '../src/domain/rpc.ts';
import type { ObjectNamespace } from '../src/residency.ts';
import type { EgressDestination } from '../src/destinations/egress.ts';
import {
  allowsHost,
  whyNotAllowed,
  elsewhere,
  findTenant,
  mayOverflow,
  objectName,
  registryStub,
  relayStub,
} from '../src/residency.ts';

const GLOBAL = { env: 'production', residency: 'global', egressAllow: [] } as const;
const EU = { ...GLOBAL, residency: 'eu' } as const;
const LOCAL = { ...GLOBAL, env: 'local' } as const;

interface FakeStub {
  readonly place: string;
  readonly name: string;
  readConfig(): Promise<StoredConfig | null>;
}

/** Refuses a jurisdiction where workerd does. */
class FakeNamespace implements ObjectNamespace<FakeStub> {
  readonly #place: string;
  readonly #isWorkerd: boolean;
  readonly #stored: Readonly<Record<string, StoredConfig>>;
  readonly asked: string[];

  constructor({
    place = 'base',
    isWorkerd = false,
    stored = {},
    asked = [],
  }: { place?: string; isWorkerd?: boolean; stored?: Record<string, StoredConfig>; asked?: string[] } = {}) {
    this.#place = place;
    this.#isWorkerd = isWorkerd;
    this.#stored = stored;
    this.asked = asked;
  }

  jurisdiction(jurisdiction: 'eu'): FakeNamespace {
    if (this.#isWorkerd) throw new Error('Jurisdiction restrictions are not implemented in workerd.');
    return new FakeNamespace({ place: jurisdiction, stored: this.#stored, asked: this.asked });
  }

  getByName(name: string): FakeStub {
    const place = this.#place;
    this.asked.push(place);
    return { place, name, readConfig: async () => this.#stored[place] ?? null };
  }
}

/* oxlint-disable typescript/no-unsafe-type-assertion -- only the residency is read */
function storedIn(residency: 'eu' | 'global'): StoredConfig {
  return {
    version: 1,
    savedAt: '2026-11-01T00:00:00Z',
    config: { id: 'acme', residency },
  } as unknown as StoredConfig;
}

describe('elsewhere', () => {
  it.each([
    ['eu', GLOBAL, 'global'],
    ['global', GLOBAL, 'eu'],
    ['eu', EU, undefined],
    ['eu', LOCAL, undefined],
    ['global', LOCAL, undefined],
  ] as const)('of a tenant of residency %s in %j is %s', (residency, settings, other) => {
    const found = elsewhere(new FakeNamespace(), settings, { tenant: 'acme', residency });
    expect(found?.residency).toBe(other);
    expect(found?.stub.place).toBe(other === 'global' ? 'base' : other);
  });
});

describe('relayStub', () => {
  it('names the object by a hash, so that no tenant id is in a name', () => {
    expect(objectName('acme')).toMatch(/^[0-9a-f]{64}$/);
    expect(objectName('acme')).not.toBe(objectName('acme2'));
  });

  it.each([
    ['eu', GLOBAL, 'eu'],
    ['eu', EU, 'eu'],
    ['global', GLOBAL, 'base'],
  ] as const)('puts a tenant of residency %s in its place', (residency, settings, place) => {
    const stub = relayStub(new FakeNamespace(), settings, { tenant: 'acme', residency });
    expect(stub).toMatchObject({ ok: true, value: { place, name: objectName('acme') } });
  });

  it('refuses a global tenant in an EU deployment, as a value', () => {
    const namespace = new FakeNamespace();
    const stub = relayStub(namespace, EU, { tenant: 'acme', residency: 'global' });
    expect(stub).toEqual({ ok: false, error: { kind: 'residency_not_served', residency: 'global' } });
    expect(namespace.asked).toEqual([]);
  });

  it('leaves the jurisdiction out locally, where the runtime can not simulate it', () => {
    const stub = relayStub(new FakeNamespace({ isWorkerd: true }), LOCAL, {
      tenant: 'acme',
      residency: 'eu',
    });
    expect(stub).toMatchObject({ ok: true, value: { place: 'base' } });
  });

  it('never falls back to the base namespace when a jurisdiction fails in production', () => {
    const namespace = new FakeNamespace({ isWorkerd: true });
    expect(() => relayStub(namespace, GLOBAL, { tenant: 'acme', residency: 'eu' })).toThrow(
      'not implemented',
    );
    expect(namespace.asked).toEqual([]);
  });
});

describe('registryStub', () => {
  it.each([
    ['a global deployment', GLOBAL, 'base'],
    ['an EU deployment', EU, 'eu'],
  ] as const)('puts the one registry of %s in its place', (_case, settings, place) => {
    expect(registryStub(new FakeNamespace(), settings)).toMatchObject({ place, name: 'registry' });
  });

  it('leaves the jurisdiction out locally, where the runtime can not simulate it', () => {
    const local = { ...EU, env: 'local' } as const;
    expect(registryStub(new FakeNamespace({ isWorkerd: true }), local).place).toBe('base');
  });

  it('never falls back to the base namespace when the jurisdiction fails in production', () => {
    const namespace = new FakeNamespace({ isWorkerd: true });
    expect(() => registryStub(namespace, EU)).toThrow('not implemented');
    expect(namespace.asked).toEqual([]);
  });
});

describe('mayOverflow', () => {
  it.each([
    [GLOBAL, 'global', true],
    [GLOBAL, 'eu', false],
    [LOCAL, 'eu', false],
    [EU, 'eu', true],
    [EU, 'global', false],
  ] as const)('keeps sealed events in a queue of their own residency: %j, %s', (settings, residency, may) => {
    expect(mayOverflow(settings, residency)).toBe(may);
  });
});

describe('findTenant', () => {
  it.each([
    ['eu', { eu: storedIn('eu') }, 'eu'],
    ['base', { base: storedIn('global') }, 'global'],
  ] as const)('finds a tenant that lives in %s', async (_place, stored, residency) => {
    const found = await findTenant(new FakeNamespace({ stored }), GLOBAL, 'acme');
    expect(found).toMatchObject({ ok: true, value: { residency } });
  });

  it('asks no object outside the EU in an EU deployment', async () => {
    const namespace = new FakeNamespace({ stored: { base: storedIn('global') } });
    expect(await findTenant(namespace, EU, 'acme')).toEqual({ ok: true, value: null });
    expect(namespace.asked).toEqual(['eu']);
  });

  it('asks the one local namespace once, and reports the residency of the config', async () => {
    const namespace = new FakeNamespace({ isWorkerd: true, stored: { base: storedIn('global') } });
    expect(await findTenant(namespace, LOCAL, 'acme')).toMatchObject({
      ok: true,
      value: { residency: 'global' },
    });
    expect(namespace.asked).toEqual(['base']);
  });

  it('says that an object did not answer, and never that the tenant is missing', async () => {
    const broken: ObjectNamespace<FakeStub> = {
      jurisdiction: () => broken,
      getByName: (name) => ({
        place: '',
        name,
        readConfig: async () => Promise.reject(new Error('overloaded')),
      }),
    };
    expect(await findTenant(broken, GLOBAL, 'acme')).toEqual({
      ok: false,
      error: { kind: 'object_unreachable' },
    });
  });
});

describe('allowsHost', () => {
  const withAllowed = {
    ...EU,
    egressAllow: ['edr.acme.fr', '*.hurukai.io', 'hooks.slack.com', '*.logic.azure.com'],
  };
  const FALCON = { type: 'falcon' } as const;
  const MANAGER = { type: 'harfanglab', country: 'FR' } as const;
  const HOOK = { type: 'webhook', country: 'NO' } as const;
  const SLACK = { type: 'slack', transfer_basis: {} } as const;
  const TEAMS = { type: 'teams', transfer_basis: {} } as const;
  const [SLACK_URL, TEAMS_URL] = [
    'https://hooks.slack.com/services/',
    'https://p.logic.azure.com/workflows/1',
  ];

  it.each<[string, Parameters<typeof allowsHost>, string, boolean]>([
    ['EU Falcon API', [GLOBAL, 'eu', FALCON], 'https://api.eu-1.crowdstrike.com/oauth2/token', true],
    [
      'EU Falcon ingest',
      [GLOBAL, 'eu', FALCON],
      'https://abc.ingest.eu-1.crowdstrike.com/services/collector',
      true,
    ],
    ['US Falcon for an EU tenant', [GLOBAL, 'eu', FALCON], 'https://api.crowdstrike.com/', false],
    ['US ingest for an EU tenant', [GLOBAL, 'eu', FALCON], 'https://a.ingest.us-1.crowdstrike.com/', false],
    ['a look-alike', [GLOBAL, 'eu', FALCON], 'https://api.eu-1.crowdstrike.com.evil.example/', false],
    ['a look-alike of the suffix', [GLOBAL, 'eu', FALCON], 'https://evilingest.eu-1.crowdstrike.com/', false],
    ['http', [GLOBAL, 'eu', FALCON], 'http://api.eu-1.crowdstrike.com/', false],
    ['US Falcon for a global tenant', [GLOBAL, 'global', FALCON], 'https://api.us-2.crowdstrike.com/', true],
    ['another host as Falcon', [GLOBAL, 'global', FALCON], 'https://example.com/', false],
    ['an EU manager on the list', [withAllowed, 'eu', MANAGER], 'https://edr.acme.fr:8443/x', true],
    ['an EU manager under a wildcard', [withAllowed, 'eu', MANAGER], 'https://0123.hurukai.io:8443/', true],
    ['the bare name of a wildcard', [withAllowed, 'eu', MANAGER], 'https://hurukai.io/', false],
    ['a look-alike of a wildcard', [withAllowed, 'eu', MANAGER], 'https://evilhurukai.io/', false],
    ['an EU manager off the list', [withAllowed, 'eu', MANAGER], 'https://edr.example.com/', false],
    ['CrowdStrike as an EU manager', [withAllowed, 'eu', MANAGER], 'https://api.crowdstrike.com/', false],
    ['a manager of no country', [withAllowed, 'eu', { type: 'harfanglab' }], 'https://edr.acme.fr/', false],
    [
      'a manager outside the EU',
      [withAllowed, 'eu', { ...MANAGER, country: 'GB' }],
      'https://edr.acme.fr/',
      false,
    ],
    ['a webhook in the EEA', [withAllowed, 'eu', HOOK], 'https://edr.acme.fr/hook', true],
    ['a webhook of no country', [withAllowed, 'eu', { type: 'webhook' }], 'https://edr.acme.fr/hook', false],
    ['Slack under another type', [withAllowed, 'eu', HOOK], SLACK_URL, false],
    ['Slack with a basis', [withAllowed, 'eu', SLACK], SLACK_URL, true],
    ['Slack without a basis', [withAllowed, 'eu', { type: 'slack' }], SLACK_URL, false],
    ['Slack off the list', [EU, 'eu', SLACK], SLACK_URL, false],
    ['another host as Slack', [withAllowed, 'eu', SLACK], 'https://edr.acme.fr/', false],
    ['Teams with a basis', [withAllowed, 'eu', TEAMS], TEAMS_URL, true],
    ['Teams without a basis', [withAllowed, 'eu', { type: 'teams' }], TEAMS_URL, false],
    ['Teams off the list', [EU, 'eu', TEAMS], TEAMS_URL, false],
    ['Slack of a global tenant', [GLOBAL, 'global', { type: 'slack' }], SLACK_URL, true],
    ['a user in the address', [GLOBAL, 'global', FALCON], 'https://a@api.crowdstrike.com/', false],
    ['a global manager', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://edr.example.com:8443/', true],
    ['an address', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://10.0.0.1/', false],
    ['a hexadecimal address', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://0x7f000001/', false],
    ['an IPv6 address', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://[fd00::1]/', false],
    ['loopback', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://127.0.0.1/', false],
    ['localhost', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://localhost/', false],
    ['a single label', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://hurukai:8443/', false],
    ['a private suffix', [GLOBAL, 'global', { type: 'harfanglab' }], 'https://edr.acme.internal/', false],
    ['loopback, locally', [LOCAL, 'eu', FALCON], 'http://127.0.0.1:9002/services/collector', true],
    ['another address, locally', [LOCAL, 'eu', FALCON], 'http://10.0.0.1/', false],
    [
      'plain http to a public host, locally',
      [LOCAL, 'global', { type: 'harfanglab' }],
      'http://edr.example.com/',
      false,
    ],
  ])('%s', (_case, place, url, isAllowed) => {
    expect(allowsHost(...place)(new URL(url))).toBe(isAllowed);
  });

  it.each<[EgressDestination, string, RegExp]>([
    [{ type: 'harfanglab' }, 'https://edr.acme.fr/', /declares no country.*country: FR/],
    [{ ...MANAGER, country: 'CH' }, 'https://edr.acme.fr/', /outside the EU and the EEA/],
    [MANAGER, 'https://edr.acme.de/', /RELAY_EGRESS_ALLOW/],
    [{ type: 'slack' }, SLACK_URL, /records no transfer_basis/],
    [MANAGER, SLACK_URL, /type: slack alone/],
    [FALCON, 'https://api.crowdstrike.com/', /no CrowdStrike host/],
    [SLACK, 'https://edr.acme.fr/', /no host of Slack/],
    [MANAGER, 'https://10.0.0.1/', /public internet/],
  ])('says of %o why %s is refused', (destination, url, why) => {
    expect(whyNotAllowed(withAllowed, 'eu', destination)(new URL(url))).toMatch(why);
  });

  it('has nothing to say of what it allows', () => {
    expect(whyNotAllowed(withAllowed, 'eu', MANAGER)(new URL('https://edr.acme.fr/'))).toBeUndefined();
  });
});
