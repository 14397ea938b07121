import { describe, expect, it } from 'vitest';

import { categoriesPhrase, dataCategories } from '../../src/domain/data-categories.ts';

describe('dataCategories', () => {
  it.each([
    [['EMAIL'], ['pii']],
    [['PHONE', 'EMAIL'], ['pii']],
    [['CREDIT_CARD'], ['financial']],
    [
      ['IBAN', 'PASSPORT'],
      ['government', 'financial'],
    ],
    [['SSN'], ['government']],
    [['NIR'], ['government']],
    [['SIRET'], ['government']],
    [
      ['api-key', 'Email Address'],
      ['secret', 'pii'],
    ],
    [['MEDICAL_TERMS', 'ip_address'], ['pii']],
    [['LEGAL_REFERENCE'], []],
    [['constructor', ''], []],
    [[], []],
  ])('takes %j as %j', (classifications, categories) => {
    expect(dataCategories(classifications)).toEqual(categories);
  });
});

describe('categoriesPhrase', () => {
  it.each([
    [[], ''],
    [['pii'] as const, 'PII'],
    [['financial', 'pii'] as const, 'financial data and PII'],
    [
      ['secret', 'government', 'financial', 'pii'] as const,
      'secrets, government ids, financial data and PII',
    ],
  ])('reads %j as %j', (categories, phrase) => {
    expect(categoriesPhrase(categories)).toBe(phrase);
  });
});
