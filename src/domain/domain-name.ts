/**
 * Names of domains in one spelling, the one that Falcon takes: lower case, an international name in punycode, no trailing dot.
 * Pure. Never takes an address, a wildcard, or anything with a scheme, a port or a path.
 */

import { isDnsName } from '../lib/host-name.ts';

/** Of a domain indicator's value. Source: falconpy, Falcon's IOC API, read 2026-11. */
export const DOMAIN_LENGTH_MAX = 200;
/** What a URL would read as something else than its host. */
const NO_DOMAIN_PATTERN = /[\s\p{Cc}/\\:?#@%*[\]]/u;

/** The one spelling of a domain; undefined: it is none that public DNS can hold, or it is too long. */
export function normaliseDomain(text: string): string | undefined {
  const bare = text.trim().replace(/\.$/, '');
  if (bare === '' || NO_DOMAIN_PATTERN.test(bare)) return undefined;
  const hostname = URL.parse(`http://${bare}`)?.hostname;
  const isDomain = hostname !== undefined && hostname.length <= DOMAIN_LENGTH_MAX && isDnsName(hostname);
  return isDomain ? hostname : undefined;
}

/** The domain that somebody means who wrote more than it, such as a URL, an address or a wildcard. Undefined: it can't be told. */
export function domainMeant(text: string): string | undefined {
  const bare = text.replaceAll(/[\s"'<>]/g, '').replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const hostname = URL.parse(`http://${bare.replace(/^[*.]+/, '')}`)?.hostname;
  return hostname === undefined ? undefined : normaliseDomain(hostname);
}

/** Whether a domain is another one, or lies below it. */
export function isWithin(domain: string, other: string): boolean {
  return domain === other || domain.endsWith(`.${other}`);
}
