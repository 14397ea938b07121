import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { echoRemover } from '../../src/lib/secret-echoes.ts';

const TOKEN = 'Ab/Cd+Ef=12345';
const remove = echoRemover([TOKEN]);

describe('echoRemover', () => {
  it.each<[string, string]>([
    ['as it is', TOKEN],
    ['percent-encoded', encodeURIComponent(TOKEN)],
    ['percent-encoded in lower case', 'Ab%2fCd%2bEf%3d12345'],
    ['percent-encoded as a whole', 'ab%2fcd%2bef%3d12345'],
    ['base64', Buffer.from(TOKEN).toString('base64')],
    ['base64url', Buffer.from(TOKEN).toString('base64url')],
    ['base64 without padding', Buffer.from(TOKEN).toString('base64').replace(/=+$/, '')],
    ['HTML', 'Ab&#x2F;Cd&#x2b;Ef&#61;12345'],
    ['JSON', String.raw`Ab\u002FCd\u002bEf\u003D12345`],
    ['JSON with escaped slashes', String.raw`Ab\/Cd+Ef=12345`],
    ['upper case', TOKEN.toUpperCase()],
  ])('leaves a secret out: %s', (_how, echo) => {
    expect(remove(`it said "${echo}" twice: ${echo}`)).toBe('it said "…" twice: …');
  });

  it.each([0, 1, 2, 3])('leaves a secret out of the base64 of something longer, %i bytes in', (before) => {
    const inside = Buffer.from(`${'x'.repeat(before)}${TOKEN}:secret`).toString('base64');
    const left = Buffer.from(remove(inside).replaceAll('…', ''), 'base64').toString('latin1');
    expect(remove(inside)).toContain('…');
    expect(left).not.toMatch(/b\/Cd|Cd\+E|12345/);
  });

  it('finds both alphabets of base64', () => {
    const secret = '~~~???>>>ÿÿÿ';
    const removeIt = echoRemover([secret]);
    for (const alphabet of ['base64', 'base64url'] as const)
      expect(removeIt(`<${Buffer.from(secret).toString(alphabet)}>`)).toBe('<…>');
  });

  it('finds quotation marks and markup as JSON and HTML write them', () => {
    const secret = `a"b&c<d>e'f\\g`;
    const removeIt = echoRemover([secret]);
    expect(removeIt(JSON.stringify(secret))).toBe('"…"');
    expect(removeIt('a&quot;b&amp;c&lt;d&gt;e&apos;f\\g')).toBe('…');
  });

  it('leaves out the longer one of two, and none that is empty', () => {
    expect(echoRemover(['abc', 'abc-def', ''])('abc-def, abc')).toBe('…, …');
    expect(echoRemover([''])('text')).toBe('text');
    expect(remove('nothing of it: Ab Cd Ef')).toBe('nothing of it: Ab Cd Ef');
  });

  it('is quick in a text that is made to be slow', () => {
    const secret = '\\'.repeat(50) + '/'.repeat(50);
    const removeIt = echoRemover([secret, 'a'.repeat(2_000)]);
    const startedAtMs = performance.now();
    for (const char of ['\\', 'a', '%25', '&#x', '\\\\u002f'])
      removeIt(char.repeat(16_384 / char.length) + '!');
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });
});
