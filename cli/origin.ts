/** The relay's address, checked before any credential is sent there. Pure. */

import { invalidInput } from './failure.ts';

const LOOPBACK_PATTERN = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The origin of an address as it was written; throws a CliFailure that quotes at most its host. `what`: which address it is. */
export function readOrigin(written: string, what = "The relay's address"): string {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`;
  if (!URL.canParse(text)) throw invalidInput(`${what} is no URL.`, ADDRESS_HINT);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    throw invalidInput(`${what} holds a user name or a password.`, ADDRESS_HINT);
  }
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') {
    throw invalidInput(`${what} has more than an origin: write ${url.protocol}//${url.host} alone.`);
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.origin))) return url.origin;
  throw invalidInput(
    `${what} must begin with https://, except on this machine itself: ${url.host} does not.`,
    'Over http anybody on the way could read the token.',
  );
}

const ADDRESS_HINT = 'Write its origin, such as https://relay.example.com.';

/** Whether an origin is this machine. */
export function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && LOOPBACK_PATTERN.test(new URL(origin).hostname);
}
