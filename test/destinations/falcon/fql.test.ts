import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fqlValue } from '../../../src/destinations/falcon/fql.ts';
import { scopeName } from '../../../src/destinations/falcon/scopes.ts';

describe('fqlValue', () => {
  it.each(['WKS-7', 'perplexity.ai', 'Noxys', 'é ü 漢字', 'a"b', 'a+b,c', '[x]', 'type:!~<>'])(
    'quotes %j',
    (text) => {
      expect(fqlValue(text)).toEqual({ ok: true, value: `'${text}'` });
    },
  );

  it.each([
    '',
    "a'b",
    "'+status:'x",
    'a*',
    '*',
    'a\\',
    'a\nb',
    'a\u0000',
    'a\u007f',
    'a\u0085',
    'a\u2028b',
    'a\u202eb',
    'a\u200bb',
    '\ud800',
  ])('refuses %j', (text) => {
    expect(fqlValue(text)).toEqual({ ok: false, error: 'unsafe' });
  });

  it('never lets a quote, a wildcard or a backslash through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = fqlValue(text);
        expect(value.ok && /['*\\]/.test(value.value.slice(1, -1))).toBe(false);
      }),
    );
  });
});

describe('scopeName', () => {
  it.each([
    ['cases:read', 'Cases: Read'],
    ['cases:write', 'Cases: Write'],
    ['ioc:read', 'IOC Management: Read'],
    ['ioc:write', 'IOC Management: Write'],
    ['devices:read', 'Hosts: Read'],
    ['devices:write', 'Hosts: Write'],
    ['alerts:read', 'Alerts: Read'],
    ['alerts:write', 'Alerts: Write'],
    ['workflow:read', 'Workflow: Read'],
    ['workflow:write', 'Workflow: Write'],
  ] as const)('names %s as the console does: %s', (scope, name) => {
    expect(scopeName(scope)).toBe(name);
  });
});
