import { describe, expect, it } from 'vitest';

import { readName, writeName } from '../../src/domain/pseudonym-map.ts';

const KEY = 'p_0123456789abcdefghijkl';

describe('readName', () => {
  it.each([{ id: 'u-1' }, { email: 'alice@acme.fr' }])('gives back %j as it was written', (name) => {
    expect(readName(writeName(KEY, name), KEY)).toEqual(name);
  });

  it.each([
    ['of another key', writeName('p_another', { id: 'u-1' })],
    ['without a name', JSON.stringify({ key: KEY })],
    ['whose name is no text', JSON.stringify({ key: KEY, id: 7 })],
    ['that is no JSON', 'u-1'],
    ['that is no object', 'null'],
  ])('has no name of a seal %s', (_case, text) => {
    expect(readName(text, KEY)).toBeUndefined();
  });
});
