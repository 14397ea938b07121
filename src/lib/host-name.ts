/**
 * What kind of place a host name is: this machine, a private network, or the public internet.
 * Takes `URL.hostname`, which is lower case, punycode, and an IPv4 address in dotted form however it was written. Pure.
 */

/** Top-level names that public DNS does not hold, and that private networks use. Source: RFC 6761, RFC 6762, RFC 8375, ICANN on `.internal`. */
const PRIVATE_SUFFIXES = [
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'private',
  'arpa',
];

const IPV4_PATTERN = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const HOST_NAME_PATTERN = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** This machine: `localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return IPV4_PATTERN.test(hostname) && hostname.startsWith('127.');
}

/** A name that public DNS can hold: at least two labels, no address, no private suffix, no trailing dot. */
export function isPublicHostName(hostname: string): boolean {
  if (hostname.length > 253 || !HOST_NAME_PATTERN.test(hostname)) return false;
  return !PRIVATE_SUFFIXES.includes(hostname.slice(hostname.lastIndexOf('.') + 1));
}
