/**
 * What kind of place a host name is: this machine, a private network, or the public internet.
 * Takes `URL.hostname`, which is lower case, punycode, and an IPv4 address in dotted form however it was written.
 * Pure: what a name resolves to is not known here, only what it says.
 */

/** Top-level names that public DNS does not hold, and that private networks use. Source: RFC 6761, RFC 6762, RFC 8375, ICANN on `.internal`. */
const PRIVATE_SUFFIXES = 'localhost local internal intranet lan home corp private arpa'.split(' ');
/** More of them, which nobody has a server below. Source: IANA, "Special-Use Domain Names"; ICANN on name collisions; read 2026-11. */
const RESERVED_SUFFIXES = 'localdomain svc mail onion alt example test invalid'.split(' ');

/**
 * Public names that lead to this machine, to a metadata service, or to whatever address somebody writes into them.
 * Sources: sslip.io and nip.io on their use; the answers on superuser.com to "Why does localtest.me resolve to 127.0.0.1?"; the clouds'
 * pages on their metadata services; read 2026-11. No list of them is whole: the CLI's residency check resolves names.
 */
const LEADS_INSIDE =
  'nip.io sslip.io xip.io traefik.me backname.io rbndr.us 1u.ms localtest.me lvh.me vcap.me lacolhost.com fuf.me local.gd localho.st localhost.direct ulh.us 127-0-0-1.org.uk ratchetlocal.com smackaho.st 42foo.com beweb.com yoogle.com ortkut.com feacebook.com metadata.goog metadata.tencentyun.com'.split(
    ' ',
  );

const IPV4_PATTERN = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const HOST_NAME_PATTERN = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
/** Four numbers with dots or dashes between them, anywhere in a name. */
const EMBEDDED_PATTERN = /(?<![\d.])(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?=[.-])/g;

/** This machine: `localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return IPV4_PATTERN.test(hostname) && hostname.startsWith('127.');
}

/** A name that public DNS can hold: at least two labels, no address, no private suffix, no trailing dot. */
export function isDnsName(hostname: string): boolean {
  if (hostname.length > 253 || !HOST_NAME_PATTERN.test(hostname)) return false;
  return !PRIVATE_SUFFIXES.includes(suffixOf(hostname));
}

/** A name that requests may go to: of public DNS, not reserved, and none that is known to lead inside or that has a private address in it. */
export function isPublicHostName(hostname: string): boolean {
  if (!isDnsName(hostname) || RESERVED_SUFFIXES.includes(suffixOf(hostname))) return false;
  if (LEADS_INSIDE.some((name) => hostname === name || hostname.endsWith(`.${name}`))) return false;
  return !holdsPrivateAddress(hostname);
}

function suffixOf(hostname: string): string {
  return hostname.slice(hostname.lastIndexOf('.') + 1);
}

/** As `10-0-0-1.example.com`, which is how clouds and DNS services name a private address. */
function holdsPrivateAddress(hostname: string): boolean {
  return [...hostname.matchAll(EMBEDDED_PATTERN)].some(([, a, , b]) => isPrivateNet(Number(a), Number(b)));
}

/** By the first two numbers. Source: IANA IPv4 Special-Purpose Address Registry, read 2026-11. */
function isPrivateNet(a: number, b: number): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b <= 127) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168)
  );
}
