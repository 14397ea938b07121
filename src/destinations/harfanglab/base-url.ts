/**
 * The address of a HarfangLab manager and its token, from what people type. Pure.
 * People forget the scheme, leave a slash at the end, paste `/api/v1` from the guide or a page of the console; the token is shown with `token_` before it.
 * Sources: SEKOIA, Netskope and OpenCTI connectors and their issues, read 2026-11.
 */

import { isLoopbackHost, isPublicHostName } from '../../lib/host-name.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';

/** What text is pasted with: space that shows and space that does not, and quotes. */
const WRAPPING_PATTERN = /^[\s"'`«»\u200B-\u200D\u2060\uFEFF]+|[\s"'`«»\u200B-\u200D\u2060\uFEFF]+$/g;
/** As a mail writes an address. */
const BRACKETED_PATTERN = /^<(.*)>$/;
/** Written once or twice, with a colon or slash too few, or with backslashes. */
const HTTP_PATTERN = /^(?:(https?)(?::[/\\]*|[/\\]{2,}))+/i;
const SCHEME_PATTERN = /^[a-z][a-z0-9+.-]*:\/\//i;
/** The APIs: of the guide, and of HarfangLab's integrations. The relay knows what comes after them. */
const API_PATH_PATTERN = /^\/api(?:\/v1(?:\/(?:events|incidents|alerts))?|\/data)?$/;
/** Pages of the console, which is at the same address. Source: links that XSOAR, FORTI and OpenCTI make. */
const CONSOLE_PATH_PATTERN = /^\/(?:threats?|security-events?|login)(?:\/|$)/;

const NOT_PUBLIC =
  "must be a host name on the public internet: Cloudflare can't reach an address, a single label or a private name";

/**
 * The manager's origin such as `https://harfanglab.acme.fr:8443`, or a sentence that says what is wrong with it.
 * With `isLocal`, a loopback address stands in for the manager, with http too.
 */
export function normaliseBaseUrl(
  text: string,
  { isLocal }: { readonly isLocal: boolean },
): Result<string, string> {
  const url = URL.parse(withScheme(text.replaceAll(WRAPPING_PATTERN, '').replace(BRACKETED_PATTERN, '$1')));
  if (!url) return failure('is not a URL: write it as https://harfanglab.example.com:8443');
  const isSimulator = isLocal && isLoopbackHost(url.hostname);
  // No scheme would help it: https://127.0.0.1 is refused, too.
  const isHopeless = url.protocol === 'http:' && !isSimulator && !isPublicHostName(url.hostname);
  if (isHopeless) return failure(NOT_PUBLIC);
  if (url.protocol !== 'https:' && !(isSimulator && url.protocol === 'http:')) {
    const meant = url.protocol === 'http:' ? `. Write https://${url.host}` : '';
    return failure(`must begin with https://: the token and the events would travel in clear${meant}`);
  }
  const path = url.pathname.replace(/^\/{2,}/, '/').replace(/\/+$/, '');
  const isConsole = CONSOLE_PATH_PATTERN.test(path) || (path === '' && url.hash.startsWith('#/'));
  if (url.username || url.password || (!isConsole && (url.search || url.hash))) {
    return failure('must hold no user, query or fragment: the token belongs in token');
  }
  if (path !== '' && !isConsole && !API_PATH_PATTERN.test(path)) {
    return failure(
      'must hold no path but /api/v1: write the address alone, the path belongs in events_path, incidents_path or alerts_path',
    );
  }
  if (!isSimulator && !isPublicHostName(url.hostname)) {
    return failure(NOT_PUBLIC);
  }
  return success(url.origin);
}

/** `https://` where there is none. */
function withScheme(text: string): string {
  const [typed] = HTTP_PATTERN.exec(text) ?? [];
  if (typed !== undefined) {
    const rest = text.slice(typed.length);
    return `${/^http(?!s)/i.test(typed) ? 'http' : 'https'}://${rest}`;
  }
  return SCHEME_PATTERN.test(text) ? text : `https://${text}`;
}

/** A token as people paste it, without header, `Token `, `token_`, quotes and space around it. What stands inside it stays. */
export function normaliseToken(text: string): string {
  return text
    .replaceAll(WRAPPING_PATTERN, '')
    .replace(/^authorization\s*:\s*/i, '')
    .replace(/^token\s*:?\s+/i, '')
    .replaceAll(WRAPPING_PATTERN, '')
    .replace(/^token_/i, '');
}
