/**
 * Whether an IP address is one of the public internet: not private, loopback, link-local, shared (CGNAT), unique-local, reserved,
 * nor an IPv6 form of such an IPv4 address. Pure.
 * Sources: IANA special-purpose address registries (RFC 6890), RFC 6598, RFC 4193, RFC 6052, read 2026-11.
 */

import { BlockList, isIP, isIPv4 } from 'node:net';

const SPECIAL: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by customers of a carrier
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; clouds serve their metadata there
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96], // unspecified, loopback, and the old form of IPv4 in IPv6
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32], // Teredo
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL)
  special.addSubnet(network, prefix, isIPv4(network) ? 'ipv4' : 'ipv6');

/** IPv4 in IPv6: mapped (::ffff:0:0/96), and translated (64:ff9b::/96). */
const EMBEDDED_PATTERN = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

export function isPublicAddress(address: string): boolean {
  const [bare = ''] = address.split('%');
  if (isIPv4(bare)) return !special.check(bare, 'ipv4');
  if (isIP(bare) === 0) return false;
  const embedded = EMBEDDED_PATTERN.exec(new URL(`http://[${bare}]`).hostname.slice(1, -1));
  if (!embedded) return !special.check(bare, 'ipv6');
  const bytes = embedded.slice(1).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return isPublicAddress(bytes.join('.'));
}
