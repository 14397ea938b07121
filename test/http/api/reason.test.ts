import { describe, expect, it } from 'vitest';

import { readReason } from '../../../src/http/api/reason.ts';

describe('Relay-Reason', () => {
  it.each([
    [undefined, {}],
    [' ', {}],
    ['ticket%2012', { reason: 'ticket 12' }],
    ['%C3%A9t%C3%A9 %F0%9F%98%80', { reason: 'été 😀' }],
  ])('is read from %j', (header, value) => {
    expect(readReason(header)).toEqual({ ok: true, value });
  });

  it.each([
    ['a control character', '\n'],
    ['what turns the direction', '\u202E'],
    ['an isolate', '\u2066'],
    ['a character without width', '\u200B'],
    ['a tag', '\u{E0041}'],
    ['a line separator', '\u2028'],
    ['a paragraph separator', '\u2029'],
  ])('must not have %s', (_case, character) => {
    expect(readReason(encodeURIComponent(`ticket ${character}12`))).toMatchObject({
      ok: false,
      error: { kind: 'parameter_invalid', path: 'Relay-Reason' },
    });
  });

  it.each(['%', '%FF', 'a'.repeat(201)])('is not %j', (header) => {
    expect(readReason(header).ok).toBe(false);
  });
});
