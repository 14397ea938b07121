/**
 * The address of a HarfangLab manager and its token, from what people type. Pure.
 * People forget the scheme, leave a slash at the end, and paste `/api/v1` from the guide; the token is shown with `token_` before it.
 * Sources: SEKOIA, Netskope and OpenCTI connectors and their issues, read 2026-11.
 */

import { isLoopbackHost, isPublicHostName } from '../../lib/host-name.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';

/**
 * The manager's origin such as `https://harfanglab.acme.fr:8443`, or a sentence that says what is wrong with it.
 * With `isLocal`, a loopback address stands in for the manager, with http too.
 */
export function normaliseBaseUrl(
  text: string,
  { isLocal }: { readonly isLocal: boolean },
): Result<string, string> {
  const trimmed = text.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`);
  if (!url) return failure('is not a URL: write it as https://harfanglab.example.com:8443');
  const isSimulator = isLocal && isLoopbackHost(url.hostname);
  if (url.protocol !== 'https:' && !(isSimulator && url.protocol === 'http:')) {
    return failure('must begin with https://: the token and the events would travel in clear');
  }
  if (url.username || url.password || url.search || url.hash) {
    return failure('must hold no user, query or fragment: the token belongs in token');
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/^\/+api\/v1$/, '');
  if (path !== '') {
    return failure('must hold no path but /api/v1: write the address alone, the path belongs in events_path');
  }
  if (!isSimulator && !isPublicHostName(url.hostname)) {
    return failure(
      "must be a host name on the public internet: Cloudflare can't reach an address, a single label or a private name",
    );
  }
  return success(url.origin);
}

/** A token as people paste it, without `Token `, `token_` and space around it. */
export function normaliseToken(text: string): string {
  return text
    .trim()
    .replace(/^token\s+/i, '')
    .replace(/^token_/i, '');
}
