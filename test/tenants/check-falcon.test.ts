import { describe, expect, it } from 'vitest';

import { FALCON_HOSTS, FALCON_REGIONS } from '../../src/destinations/falcon/regions.ts';
import type { FalconConfig } from '../../src/domain/tenant-config.ts';
import { allowsHost } from '../../src/residency.ts';
import { type Around, check, faultsOf } from './destination-check.ts';
import { LOCAL, PRODUCTION, sampleFalcon, sampleFalconApi } from './sample.ts';

const CID = '0123456789abcdef0123456789abcdef';
const { hec: _hec, ...API_ONLY } = sampleFalconApi();
const { hec: _connector, ...NO_CREDENTIALS } = sampleFalcon();

function acceptedAs(destination: object, around: Around = {}): FalconConfig {
  const checked = check(destination, around);
  const accepted = checked.ok ? checked.value.destinations[0] : undefined;
  if (accepted?.type !== 'falcon') throw new Error(JSON.stringify(checked));
  return accepted;
}

describe('the credentials of a Falcon destination', () => {
  it.each([
    ['a connector alone', sampleFalcon()],
    ['an API client alone', API_ONLY],
    ['both', sampleFalconApi()],
  ])('may be %s', (_which, destination) => {
    expect(faultsOf(destination)).toEqual([]);
  });

  it('are one of two kinds at least, and the fault says what each is for, once', () => {
    const faults = faultsOf({ ...NO_CREDENTIALS, actions: ['event', 'case'], cases: {} });
    expect(faults).toEqual([
      {
        path: 'destinations[0]',
        message: expect.stringMatching(/hec \(.*\) sends events; client_id and client_secret .* opens cases/),
      },
    ]);
  });

  it.each([
    ['client_secret', { ...NO_CREDENTIALS, client_id: 'id' }, 'belongs to client_id'],
    ['client_id', { ...NO_CREDENTIALS, client_secret: 'secret' }, 'belongs to client_secret'],
    ['client_secret', { ...sampleFalcon(), client_id: 'id', cases: {} }, 'belongs to client_id'],
    ['client_id', { ...sampleFalcon(), client_secret: 'secret', cases: {} }, 'belongs to client_secret'],
  ])('are never half an API client: %s is missed', (key, destination, message) => {
    expect(faultsOf(destination)).toEqual([
      { path: `destinations[0].${key}`, message: expect.stringContaining(message) },
    ]);
  });

  it('are taken without the space around them, and kept ones as they are', () => {
    const pasted = { client_id: ` ${API_ONLY.client_id}\n`, client_secret: '\tabc+/&=  ' };
    expect(acceptedAs({ ...API_ONLY, ...pasted })).toMatchObject({
      client_id: API_ONLY.client_id,
      client_secret: 'abc+/&=',
    });
    expect(acceptedAs({ ...API_ONLY, client_secret: '<set>' }).client_secret).toBe('<set>');
  });

  it.each(['<set>', ' <set> '])('are told that a client id is not kept: %j', (id) => {
    expect(faultsOf({ ...API_ONLY, client_id: id })).toEqual([
      { path: 'destinations[0].client_id', message: 'is not secret: write it out' },
    ]);
  });

  it.each(['client_id', 'client_secret'])('hold no space and no control character: %s', (key) => {
    for (const value of ['hunter2 hunter2', 'hunter2\u0000', '   ', 'é']) {
      const faults = faultsOf({ ...API_ONLY, [key]: value });
      expect(faults).toEqual([
        { path: `destinations[0].${key}`, message: expect.stringContaining('must be one word') },
      ]);
      expect(JSON.stringify(faults)).not.toContain('hunter2');
    }
  });
});

describe('the addresses of a Falcon destination', () => {
  it.each(['EU1', 'eu-1', 'eu1', 'Eu-1', ' EU-1 '])('take the region as it is spelt: %j', (region) => {
    expect(acceptedAs({ ...API_ONLY, region }).region).toBe('eu-1');
  });

  it.each(FALCON_REGIONS)(
    'may be in %s for a tenant that may be anywhere, where the API host is allowed',
    (region) => {
      const around = { tenant: { residency: 'global' } };
      expect(acceptedAs({ ...API_ONLY, region }, around).region).toBe(region);
      const url = new URL(`https://${FALCON_HOSTS[region].api}`);
      expect(allowsHost(PRODUCTION, 'global', { type: 'falcon' })(url)).toBe(true);
      expect(allowsHost(PRODUCTION, 'eu', { type: 'falcon' })(url)).toBe(region === 'eu-1');
    },
  );

  it.each(FALCON_REGIONS.filter((region) => region !== 'eu-1'))('of an EU tenant are not in %s', (region) => {
    expect(faultsOf({ ...API_ONLY, region })).toEqual([
      { path: 'destinations[0].region', message: expect.stringContaining('must be eu-1') },
    ]);
  });

  it('stand on this machine for a local relay alone', () => {
    const simulated = { ...API_ONLY, base_url: 'http://127.0.0.1:9003/' };
    expect(acceptedAs(simulated, { settings: LOCAL }).base_url).toBe('http://127.0.0.1:9003');
    expect(faultsOf(simulated)).toEqual([
      { path: 'destinations[0].base_url', message: expect.stringContaining('on your own machine only') },
    ]);
  });

  it.each([
    'https://api.crowdstrike.com',
    'http://example.com',
    'http://127.0.0.1:9003/path',
    'http://user@127.0.0.1:9003',
    'http://127.0.0.1:9003?x=1',
    'ftp://127.0.0.1',
    'not a URL',
  ])('are no other place locally: %s', (base_url) => {
    expect(faultsOf({ ...API_ONLY, base_url }, { settings: LOCAL })).toEqual([
      { path: 'destinations[0].base_url', message: expect.stringContaining('must be a loopback address') },
    ]);
  });

  it('are reported in the same round as a fault of the schema', () => {
    const wrong = {
      ...sampleFalconApi(),
      colour: 'red',
      region: 'us-1',
      base_url: 'http://127.0.0.1',
      hec: { ...sampleFalcon().hec, url: 'http://abc.ingest.eu-1.crowdstrike.com' },
    };
    const paths = faultsOf(wrong).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(
        ['colour', 'region', 'base_url', 'hec.url'].map((key) => `destinations[0].${key}`),
      ),
    );
  });
});

describe('the child account', () => {
  it.each([CID, CID.toUpperCase(), `${CID.toUpperCase()}-1F`, ` ${CID}-a0 `])(
    'is %s without checksum',
    (text) => {
      expect(acceptedAs({ ...API_ONLY, member_cid: text }).member_cid).toBe(CID);
    },
  );

  it.each(['', '   ', CID.slice(1), `${CID}0`, `${CID}-123`, `${CID} -1F`, 'acme'])(
    'is not %j',
    (member_cid) => {
      expect(faultsOf({ ...API_ONLY, member_cid }).map(({ path }) => path)).toEqual([
        'destinations[0].member_cid',
      ]);
    },
  );

  it('needs an API client', () => {
    expect(faultsOf({ ...sampleFalcon(), member_cid: CID })).toEqual([
      { path: 'destinations[0].member_cid', message: expect.stringContaining('client_id and client_secret') },
    ]);
  });
});

describe('the actions of a Falcon destination', () => {
  it.each([
    ['event', { ...API_ONLY, actions: ['case', 'event'] }, /^event needs hec/],
    ['case', { ...sampleFalcon(), actions: ['event', 'case'] }, /^case needs client_id and client_secret/],
    ['indicator', { ...sampleFalcon(), actions: ['event', 'indicator'] }, /^indicator needs client_id/],
    ['contain', { ...sampleFalcon(), actions: ['event', 'contain'] }, /^contain needs client_id/],
    ['workflow', { ...sampleFalcon(), actions: ['event', 'workflow'] }, /^workflow needs client_id/],
    [
      'workflow',
      { ...sampleFalconApi(), actions: ['event', 'workflow'] },
      /^workflow needs workflow: the name or the id/,
    ],
  ])('need what they work with: %s', (_verb, destination, message) => {
    expect(faultsOf(destination)).toEqual([
      { path: 'destinations[0].actions[1]', message: expect.stringMatching(message) },
    ]);
  });

  it('may name indicator without a list of indicators: rules ask for them, too', () => {
    expect(faultsOf({ ...API_ONLY, actions: ['indicator'] })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['indicators', { indicators: ['poe'] }, 'write actions: [event, case, indicator]'],
    ['contain', { contain: {} }, 'write actions: [event, case, contain]'],
    ['workflow', { workflow: { name: 'Tell them' } }, 'write actions: [event, case, workflow]'],
    ['cases', { cases: {}, actions: ['event'] }, 'write actions: [event, case]'],
    ['indicators', { indicators: ['poe'], actions: ['indicator', 'case'], contain: {} }, ''],
  ])('grant what a block is about, or the block is refused: %s', (block, changes, message) => {
    const faults = faultsOf({ ...sampleFalconApi(), ...changes });
    const path = `destinations[0].${message === '' ? 'contain' : block}`;
    expect(faults).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it.each(['cases', 'indicators', 'contain'])(
    'leave a block %s without an API client to be refused',
    (block) => {
      const value = block === 'indicators' ? ['poe'] : {};
      expect(faultsOf({ ...sampleFalcon(), [block]: value })).toEqual([
        { path: `destinations[0].${block}`, message: expect.stringContaining('needs client_id') },
      ]);
    },
  );

  it('grant cases by default where there is an API client', () => {
    expect(faultsOf({ ...sampleFalconApi(), cases: { events_at_or_above: 'high' } })).toEqual([]);
  });
});

describe('the indicators', () => {
  const withIndicators = (...indicators: unknown[]) => ({ ...API_ONLY, actions: ['indicator'], indicators });

  it('are spelt in one way', () => {
    expect(acceptedAs(withIndicators('Perplexity', ' Poe.com ')).indicators).toEqual([
      'perplexity',
      'poe.com',
    ]);
  });

  it.each<[string, unknown[], object, string, RegExp]>([
    ['an unknown platform', ['perplexty'], {}, '[0]', /did you mean perplexity\?/],
    ['an approved platform', ['poe', 'claude'], {}, '[1]', /platforms\.approved/],
    ['a platform that the tenant approves', ['poe'], { platforms: { approved: ['poe'] } }, '[0]', /approved/],
    ['a block', [{ value: 'poe', action: 'block' }], {}, '[0].action', /Falcon blocks no domain/],
  ])('are no %s', (_what, indicators, tenant, path, message) => {
    expect(faultsOf(withIndicators(...indicators), { tenant })).toEqual([
      { path: `destinations[0].indicators${path}`, message: expect.stringMatching(message) },
    ]);
  });

  it('may be of a platform that the tenant names the domains of', () => {
    const tenant = { platforms: { domains: { acmebot: ['bot.acme.example'] } } };
    expect(faultsOf(withIndicators('acmebot'), { tenant })).toEqual([]);
    expect(faultsOf(withIndicators('acmebot'))).toHaveLength(1);
  });

  it('are not judged by platforms that can not be read', () => {
    const faults = faultsOf(withIndicators('claude'), { tenant: { platforms: { approved: 'claude' } } });
    expect(faults.map(({ path }) => path)).toEqual(['platforms.approved']);
  });
});

describe('what isolates a host, or looks for its alerts', () => {
  const contain = { ...API_ONLY, actions: ['contain'] };
  const alerts = { ...API_ONLY, cases: { alerts: 'attach' } };

  it.each<[string, object, object, string, RegExp]>([
    ['contain', contain, { privacy: { device: 'drop' } }, 'actions[0]', /as privacy\.device is drop/],
    [
      'contain',
      { ...contain, privacy: { device: 'pseudonymise' } },
      {},
      'actions[0]',
      /as destinations\[0\]\.privacy\.device is pseudonymise/,
    ],
    ['cases.alerts', alerts, { privacy: { device: 'pseudonymise' } }, 'cases.alerts', /privacy\.device is/],
    [
      'cases.alerts',
      { ...alerts, cases: { alerts: 'tag' }, privacy: { device: 'drop' } },
      {},
      'cases.alerts',
      /destinations\[0\]\.privacy\.device is drop/,
    ],
  ])('needs the device: %s', (_what, destination, tenant, path, message) => {
    expect(faultsOf(destination, { tenant })).toEqual([
      { path: `destinations[0].${path}`, message: expect.stringMatching(message) },
    ]);
  });

  it('is no concern of cases without alerts', () => {
    expect(faultsOf({ ...API_ONLY, cases: {} }, { tenant: { privacy: { device: 'drop' } } })).toEqual([]);
  });

  it('spares hosts by their names, without the space around them', () => {
    const never = ['DC-01', 'dc-02.acme.fr', 'srv_7', '3com', '0'.repeat(32)];
    const spared = { ...contain, contain: { never: [' DC-00 ', ...never] } };
    expect(acceptedAs(spared).contain).toEqual({
      never: ['DC-00', ...never],
      per_hour_max: 3,
      servers: false,
    });
  });

  it('spares the host that full width letters mean, in plain ones', () => {
    const never = ['ＷＫＳ-7', 'ｄｃ．acme', '０'.repeat(32)];
    expect(acceptedAs({ ...contain, contain: { never } }).contain).toMatchObject({
      never: ['WKS-7', 'dc.acme', '0'.repeat(32)],
    });
  });

  it.each(['W\u041aS-7', 'WKS-\u0667', 'PC-ÉLODIE', 'WKS-7\u200b', '\u202eWKS-7', 'WKS\u00ad7'])(
    'asks for plain letters in place of %j, which may not be what it looks like',
    (host) => {
      expect(faultsOf({ ...contain, contain: { never: ['ok', host] } })).toEqual([
        {
          path: 'destinations[0].contain.never[1]',
          message: expect.stringMatching(/^must be a host name in plain letters .* agent id/),
        },
      ]);
    },
  );

  it.each(['   ', '<hidden>'])('spares no host called %j', (host) => {
    expect(faultsOf({ ...contain, contain: { never: ['ok', host] } }).map(({ path }) => path)).toEqual([
      'destinations[0].contain.never[1]',
    ]);
  });

  it.each([
    "dc'01",
    'dc-*',
    'DC-??',
    '^DC-.+$',
    'dc\\01',
    'dc\n01',
    'dc 01',
    'DC-01, DC-02',
    '＊',
    '.acme.fr',
    'dc-01.',
    'dc..fr',
    '-._',
    '0'.repeat(31),
    '10.0.0.5',
    'https://srv-1/',
    'ACME/srv-1',
    'srv-1@acme.local',
  ])('says what to write instead of %j, which would spare nobody', (host) => {
    expect(faultsOf({ ...contain, contain: { never: ['ok', host] } })).toEqual([
      {
        path: 'destinations[0].contain.never[1]',
        message: expect.stringMatching(/^must be one whole host name such as DC-01 .* or an agent id/),
      },
    ]);
  });
});

describe('the workflow', () => {
  const withWorkflow = (workflow: object) => ({ ...API_ONLY, actions: ['workflow'], workflow });

  it('goes by its name, without the space around it, or by its id', () => {
    expect(acceptedAs(withWorkflow({ name: ' Tell the SOC ' })).workflow).toEqual({ name: 'Tell the SOC' });
    expect(acceptedAs(withWorkflow({ id: CID })).workflow).toEqual({ id: CID });
  });

  it.each([{}, { name: 'x', id: CID }])('is exactly one: %j', (workflow) => {
    expect(faultsOf(withWorkflow(workflow))).toEqual([
      {
        path: 'destinations[0].workflow',
        message: expect.stringContaining('either by its name or by its id'),
      },
    ]);
  });

  const unseen = ['Iso\u00adlate', 'a\u200bb', '\u202eab', 'a\u2028b', 'a\u2029b', 'a\ud800b'];
  it.each(["Bob's", 'all*', 'a\\b', 'a\tb', ' ', ...unseen])('is not called %j', (name) => {
    expect(faultsOf(withWorkflow({ name })).map(({ path }) => path)).toEqual([
      'destinations[0].workflow.name',
    ]);
  });

  it('has an id of 32 hex characters', () => {
    expect(faultsOf(withWorkflow({ id: 'abc' }))).toEqual([
      { path: 'destinations[0].workflow.id', message: 'must be the 32 hex characters of its id' },
    ]);
  });
});
