import { describe, expect, it } from 'vitest';

import { LOGGED_IDS_MAX, loggedIds, sampledIds } from '../../src/domain/logged-ids.ts';
import { isSampled } from '../../src/lib/sampling.ts';

function eventsOf(...ids: string[]): { id: string }[] {
  return ids.map((id) => ({ id }));
}

const machineMade = Array.from({ length: 1000 }, (_, i) => `evt_01jd${String(i).padStart(8, '0')}x`);

describe('loggedIds', () => {
  it.each([
    'evt_01JD0000000000000000000001',
    'evt_5f2a9c81d0374be6a2c1',
    '01JD3ZP4Q5R6S7T8V9W0X1Y2Z3',
    '5f2a9c81d0374be6a2c15f2a',
    'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
    'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk:17',
    '17959439-cff0-46d2-9135-de30a0d097dc',
    '17959439-CFF0-46D2-9135-DE30A0D097DC:3',
    `sha256:${'0123456789abcdef'.repeat(4)}`,
  ])('writes %s, as a machine has made it', (id) => {
    expect(loggedIds(eventsOf(id))).toEqual([id]);
  });

  it.each([
    'alice@acme.fr',
    'alice.martin',
    'alice_martin_1987',
    'AliceMartin1987',
    'jean-pierre-dupont-2026',
    'user_alicemartin',
    'Alice Martin 2nd of May',
    '+33612345678',
    '0612345678',
    '4111111111111111',
    '4111-1111-1111-1111',
    '190022A12345',
    'RSSMRA85T10A562S',
    'FR7630006000011234567890189',
    'GB29NWBK60161331926819',
    'FR76 3000 6000 0112 3456 7890 189',
    '193.168.0.12',
    'WKS-FAKE-1',
    'jdupont_5f2a9c81d0374be6a2c1',
    'CF_RSSMRA85T10A562S',
    'evt_1',
    '',
    'evt_01JD0000000000000000000001\nforged',
    'evt_01JD0000000000000000000001:100',
    `sha256:${'0123456789abcdef'.repeat(4)} alice`,
  ])('leaves %j out, as a person may have made it', (id) => {
    expect(loggedIds(eventsOf(id))).toEqual([]);
  });

  it('writes a hundred ids at most', () => {
    expect(loggedIds(eventsOf(...machineMade))).toEqual(machineMade.slice(0, LOGGED_IDS_MAX));
  });
});

describe('sampledIds', () => {
  const sampled = machineMade.filter((id) => isSampled(id, 50));
  const others = machineMade.filter((id) => !isSampled(id, 50));

  it('are the sampled ones alone, wherever they stand', () => {
    const [one = '', other = ''] = sampled;
    expect(sampledIds(eventsOf(...others.slice(0, 20), one, ...others.slice(20, 40), other), 50)).toEqual([
      one,
      other,
    ]);
  });

  it('are undefined where no event is sampled', () => {
    expect(sampledIds(eventsOf(...others.slice(0, 50)), 50)).toBeUndefined();
    expect(sampledIds([], 50)).toBeUndefined();
    expect(sampledIds(eventsOf(...machineMade), 0)).toBeUndefined();
  });

  it('leave out an id that a person may have made, and keep its line', () => {
    expect(sampledIds(eventsOf('alice@acme.fr'), 1)).toEqual([]);
  });

  it('keep at most one line per N events, however they are grouped', () => {
    for (const size of [1, 7, 100, 500]) {
      const groups = Array.from({ length: Math.ceil(1000 / size) }, (_, i) =>
        eventsOf(...machineMade.slice(i * size, (i + 1) * size)),
      );
      const lines = groups.filter((group) => sampledIds(group, 50) !== undefined);
      expect(lines.length).toBeLessThanOrEqual(sampled.length);
    }
  });
});
