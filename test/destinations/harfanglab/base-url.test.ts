import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normaliseBaseUrl, normaliseToken } from '../../../src/destinations/harfanglab/base-url.ts';

describe('normaliseBaseUrl', () => {
  it.each([
    ['https://edr.acme.fr:8443', 'https://edr.acme.fr:8443'],
    ['edr.acme.fr:8443', 'https://edr.acme.fr:8443'],
    ['edr.acme.fr', 'https://edr.acme.fr'],
    ['https://edr.acme.fr//', 'https://edr.acme.fr'],
    ['https://edr.acme.fr/api/v1', 'https://edr.acme.fr'],
    ['https://edr.acme.fr:8443/api/v1/', 'https://edr.acme.fr:8443'],
    [' HTTPS://EDR.acme.fr ', 'https://edr.acme.fr'],
    ['https://0123456789abcdef.hurukai.io:8443/', 'https://0123456789abcdef.hurukai.io:8443'],
    ['https://édr.acme.fr', 'https://xn--dr-9ia.acme.fr'],
    ['https://edr.acme.fr/api', 'https://edr.acme.fr'],
    ['edr.acme.fr:8443/api/v1', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/api/v1/events', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/api/v1/incidents/', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/api/v1/alerts', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/api/data', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443//api/data//', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/threat/1343/summary', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/threats?status=new&page=2', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/security-event/a1/summary#top', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/login?next=/threats', 'https://edr.acme.fr:8443'],
    ['https://edr.acme.fr:8443/#/threats', 'https://edr.acme.fr:8443'],
    ['"https://edr.acme.fr:8443"', 'https://edr.acme.fr:8443'],
    ['<https://edr.acme.fr:8443/>', 'https://edr.acme.fr:8443'],
    ['\u200Bhttps://edr.acme.fr:8443\uFEFF', 'https://edr.acme.fr:8443'],
    ['https:/edr.acme.fr:8443', 'https://edr.acme.fr:8443'],
    ['https//edr.acme.fr:8443', 'https://edr.acme.fr:8443'],
    ['https:edr.acme.fr', 'https://edr.acme.fr'],
    ['https:\\\\edr.acme.fr', 'https://edr.acme.fr'],
    ['https://https://edr.acme.fr:8443', 'https://edr.acme.fr:8443'],
    ['//edr.acme.fr:8443', 'https://edr.acme.fr:8443'],
    ['https.acme.fr', 'https://https.acme.fr'],
    ['https://edr.acme.fr:443', 'https://edr.acme.fr'],
  ])('reads %j as %s', (text, origin) => {
    expect(normaliseBaseUrl(text, { isLocal: false })).toEqual({ ok: true, value: origin });
  });

  it.each([
    ['http://edr.acme.fr', 'Write https://edr.acme.fr'],
    ['http://edr.acme.fr:8443/api/v1', 'Write https://edr.acme.fr:8443'],
    ['http://127.0.0.1:9001', 'public internet'],
    ['https://127.0.0.1:9001', 'public internet'],
    ['https://127.1', 'public internet'],
    ['https://2130706433', 'public internet'],
    ['https://[::1]:8443', 'public internet'],
    ['https://192.168.1.2:8443', 'public internet'],
    ['https://localhost', 'public internet'],
    ['https://hurukai:8443', 'public internet'],
    ['https://edr.acme.local', 'public internet'],
    ['https://edr.acme.fr.', 'public internet'],
    ['https://edr.acme.fr/api/v2', 'no path'],
    ['https://edr.acme.fr/api/v1/other', 'no path'],
    ['https://edr.acme.fr/apiv1', 'no path'],
    ['https://edr.acme.fr/threatening', 'no path'],
    ['https://edr.acme.fr/console', 'no path'],
    ['https://edr.acme.fr/api/v1?token=x', 'no user, query'],
    ['https://edr.acme.fr/#top', 'no user, query'],
    [':8443', 'not a URL'],
    ['https://', 'not a URL'],
    ['https://edr.acme.fr:port', 'not a URL'],
    ['https://edr.acme.fr:99999', 'not a URL'],
    ['https://user:pass@edr.acme.fr', 'no user'],
    ['https://edr.acme.fr?x=1', 'no user, query'],
    ['file:///etc/passwd', 'https://'],
    ['', 'not a URL'],
    ['https://a b', 'not a URL'],
  ])('refuses %j', (text, reason) => {
    expect(normaliseBaseUrl(text, { isLocal: false })).toEqual({
      ok: false,
      error: expect.stringContaining(reason),
    });
  });

  it.each(['http://127.0.0.1:9001', 'http://localhost:9001', 'http://[::1]:9001'])(
    'accepts the simulator %s locally',
    (text) => {
      expect(normaliseBaseUrl(text, { isLocal: true })).toEqual({ ok: true, value: text });
    },
  );

  it('leaves what it made as it is', () => {
    const url = fc.webUrl({ withFragments: true, withQueryParameters: true });
    fc.assert(
      fc.property(url, fc.boolean(), (text, isLocal) => {
        const once = normaliseBaseUrl(text, { isLocal });
        const twice = once.ok ? normaliseBaseUrl(once.value, { isLocal }) : once;
        expect(twice).toEqual(once);
      }),
    );
  });

  it('accepts no plain http to another machine, locally either', () => {
    expect(normaliseBaseUrl('http://10.0.0.1', { isLocal: true }).ok).toBe(false);
  });
});

describe('normaliseToken', () => {
  it.each([
    'abc',
    ' abc\n',
    'Token abc',
    'token  abc',
    'token_abc',
    'Token token_abc',
    'Token: abc',
    'Token\nabc',
    'Authorization: Token abc',
    '"abc"',
    "'token_abc'",
    'Token "abc"',
    '\u200Babc\uFEFF',
  ])('reads %j as the bare token', (text) => {
    expect(normaliseToken(text)).toBe('abc');
  });

  it.each(['token', 'tokens-are-here', 'a_token_b'])('leaves %j, which has no prefix, as it is', (text) => {
    expect(normaliseToken(text)).toBe(text);
  });

  it.each(['Bearer abc', 'ab c', 'ab\ncd', '<set>'])(
    'leaves what stands inside of %j to the checks',
    (text) => {
      expect(normaliseToken(text)).toBe(text);
    },
  );
});
