import { describe, expect, it } from 'vitest';

import { check, faultsOf } from './destination-check.ts';
import { sampleEverything, sampleHarfangLab } from './sample.ts';

const edr = (changes: object) => ({ ...sampleHarfangLab(), ...changes });

describe('the mode of a HarfangLab destination', () => {
  it('lets everything be granted that is asked for in its API', () => {
    expect(faultsOf(sampleEverything())).toEqual([]);
    expect(faultsOf(edr({ mode: 'native', actions: ['rule', 'comment'] }))).toEqual([]);
    expect(faultsOf(sampleHarfangLab())).toEqual([]);
  });

  it.each([
    ['events', ['event', 'indicator'], 1, /^indicator needs mode native or both: mode is events/],
    ['events', ['contain'], 0, /^contain needs mode native or both/],
    ['native', ['rule', 'incident'], 1, /^incident needs mode events or both: mode is native/],
    ['native', ['event'], 0, /^event needs mode events or both/],
  ])(
    '%s refuses an action of the other API, and names the mode that it needs',
    (mode, actions, at, message) => {
      expect(faultsOf(edr({ mode, actions }))).toEqual([
        { path: `destinations[0].actions[${at}]`, message: expect.stringMatching(message) },
      ]);
    },
  );

  it('native grants nothing by itself, and says what could be granted', () => {
    expect(faultsOf(edr({ mode: 'native' }))).toEqual([
      {
        path: 'destinations[0].actions',
        message: expect.stringMatching(/^is missing: .*indicator, rule, comment, contain$/),
      },
    ]);
  });
});

describe('the grants of a HarfangLab destination', () => {
  it.each([
    ['incidents', { incidents: {}, actions: ['event'] }, 'incident', 'actions: [event, incident]'],
    [
      'indicators',
      { indicators: ['poe'] },
      'indicator',
      'mode: both and actions: [event, incident, alert, indicator]',
    ],
    [
      'endpoint_rules',
      { endpoint_rules: [], mode: 'native', actions: ['comment'] },
      'rule',
      'actions: [comment, rule]',
    ],
    [
      'contain',
      { contain: {}, mode: 'both', actions: ['indicator'] },
      'contain',
      'actions: [indicator, contain]',
    ],
  ])('say of %s alone that it does nothing, and what to write', (block, changes, verb, cure) => {
    expect(faultsOf(edr(changes))).toEqual([
      {
        path: `destinations[0].${block}`,
        message: `does nothing as ${verb} is not granted: write ${cure}`,
      },
    ]);
  });

  it('let an indicator block with block only', () => {
    const native = { mode: 'native', indicators: [{ value: 'poe' }, { value: 'grok', action: 'block' }] };
    expect(faultsOf(edr({ ...native, actions: ['indicator', 'block'] }))).toEqual([]);
    expect(faultsOf(edr({ ...native, actions: ['indicator'] }))).toEqual([
      {
        path: 'destinations[0].indicators[1].action',
        message: 'block needs the action block, too: add it to actions, or write alert',
      },
    ]);
  });

  it('have no block without indicator', () => {
    expect(faultsOf(edr({ mode: 'native', actions: ['rule', 'block'] }))).toEqual([
      { path: 'destinations[0].actions[1]', message: expect.stringContaining('indicator is not granted') },
    ]);
  });

  it.each(['contain', 'comment'])('have no %s where privacy takes the host', (verb) => {
    const destination = edr({ mode: 'native', actions: ['rule', verb] });
    expect(faultsOf(destination, { tenant: { privacy: { device: 'drop' } } })).toEqual([
      {
        path: 'destinations[0].actions[1]',
        message: `${verb} could never find the host as privacy.device is drop: set it to keep, or take ${verb} away`,
      },
    ]);
    expect(faultsOf({ ...destination, privacy: { device: 'pseudonymise' } })).toEqual([
      {
        path: 'destinations[0].actions[1]',
        message: expect.stringContaining('destinations[0].privacy.device is pseudonymise'),
      },
    ]);
  });
});

describe('the indicators of a HarfangLab destination', () => {
  const native = (indicators: unknown[]) =>
    edr({ mode: 'native', actions: ['indicator', 'block'], indicators });

  it('are spelt in one way', () => {
    const written = [' Poe ', { value: 'Chat.Example.COM.', action: 'block', expires: '2027-01-31' }];
    const checked = check(native(written));
    expect(checked.ok && checked.value.destinations[0]).toMatchObject({
      indicators: [
        'poe',
        { value: 'chat.example.com', action: 'block', expires: '2027-01-31T00:00:00Z', severity: 'high' },
      ],
    });
  });

  it.each<[string, unknown[], string, RegExp]>([
    ['an approved platform', ['claude'], '[0]', /platforms\.approved names/],
    ['an unknown platform', ['perplexty'], '[0]', /did you mean perplexity/],
    ['no domain', [{ value: 'https://poe.com' }], '[0].value', /must be a domain/],
    ['a domain twice', ['poe', { value: 'poe.com' }], '[1].value', /keep one of them/],
    ['an end that is no time', [{ value: 'poe', expires: '2027-02-30' }], '[0].expires', /must be a time/],
    ["another product's action", [{ value: 'poe', action: 'detect' }], '[0].action', /one of alert, block/],
  ])('are never %s', (_case, indicators, at, message) => {
    expect(faultsOf(native(indicators))).toEqual([
      { path: `destinations[0].indicators${at}`, message: expect.stringMatching(message) },
    ]);
  });
});

describe('the hosts that a HarfangLab destination never isolates', () => {
  const sparing = (...never: string[]) => edr({ mode: 'native', actions: ['contain'], contain: { never } });

  it('are names or agent ids, without the space around them', () => {
    const checked = check(sparing(' DC-01 ', '01234567-0123-0123-0123-012345678901'));
    expect(checked.ok && checked.value.destinations[0]).toMatchObject({
      contain: { never: ['DC-01', '01234567-0123-0123-0123-012345678901'] },
    });
  });

  it.each(['203.0.113.7', 'DC-*', ' ', '<hidden>', 'é'])('are never %j', (host) => {
    expect(faultsOf(sparing('DC-01', host)).map(({ path }) => path)).toEqual([
      'destinations[0].contain.never[1]',
    ]);
  });
});
