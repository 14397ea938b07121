import { describe, expect, it } from 'vitest';

import { wranglerError } from '../../../cli/deploy/wrangler.ts';

describe('wranglerError', () => {
  it('says first how to log in, then wrangler’s words, set apart and without colours', () => {
    const stderr =
      '\u001B[31m✘ [ERROR] In a non-interactive environment, it is necessary to set\n  a CLOUDFLARE_API_TOKEN\u001B[0m\n';
    expect(
      wranglerError('list the KV namespaces', { isOk: false, stdout: '', stderr }).message.split('\n'),
    ).toEqual([
      'Log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.',
      'Cannot list the KV namespaces: wrangler refused.',
      '  ✘ [ERROR] In a non-interactive environment, it is necessary to set',
      '    a CLOUDFLARE_API_TOKEN',
    ]);
  });

  it('does not speak of a login otherwise', () => {
    expect(wranglerError('x', { isOk: false, stdout: '', stderr: '' }).message).toBe(
      'Cannot x: wrangler refused.\n  wrangler said nothing',
    );
  });
});
