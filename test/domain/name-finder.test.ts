import { describe, expect, it } from 'vitest';

import { NameFinder } from '../../src/domain/name-finder.ts';

const ANNA = new NameFinder(['anna.keller@acme.fr', 'ACME\\akeller', 'an']);

describe('a name in a text', () => {
  it.each([
    ['Never for Anna.Keller', 'Never for …'],
    ['mail to ANNA.KELLER@acme.fr, now', 'mail to …, now'],
    ['anna keller-gpt', '…-gpt'],
    ['of acme\\akeller', 'of …'],
    ['Änna_Kéller', '…'],
  ])('is taken out of %s', (text, clean) => {
    expect(ANNA.isIn(text)).toBe(true);
    expect(ANNA.without(text)).toBe(clean);
  });

  it.each([
    'anna.keller2',
    'xanna.keller',
    'Annabelle Keller',
    'an apple',
    'akellers',
    'anna and keller',
    '',
  ])('is not in %s', (text) => {
    expect(ANNA.isIn(text)).toBe(false);
    expect(ANNA.without(text)).toBe(text);
  });

  it('is never a common word before an address', () => {
    expect(new NameFinder(['admin@acme.fr']).without('Block admin tools')).toBe('Block admin tools');
  });
});

describe('JSON', () => {
  it('loses the name in texts, ids and keys, and keeps whom it is about', () => {
    const entry = {
      id: 'evt-anna.keller-1',
      user: { id: 'anna.keller@acme.fr' },
      type: 'anna.keller',
      policy: { name: 'for anna.keller' },
      byRule: { 'of anna.keller': 2, 'of Anna Keller': 3 },
    };
    expect(JSON.parse(ANNA.withoutInJson(JSON.stringify(entry)))).toEqual({
      id: 'evt-erased-1',
      user: { id: 'anna.keller@acme.fr' },
      type: 'anna.keller',
      policy: { name: 'for …' },
      byRule: { 'of …': 5 },
    });
  });

  it('is the same text where no name is in it', () => {
    const text = '{"a": 1}';
    expect(ANNA.withoutInJson(text)).toBe(text);
  });
});
