/** Networks of IPv4 and IPv6, and whether an address is in one. An IPv4 address that is written as IPv6 is no IPv4 address. Pure. */

import { Fault } from './fault.ts';

/** Groups of 16 bits: two of IPv4, eight of IPv6. */
type Address = readonly number[];

/** A network with bits of a host in it has no address, not even its own. */
export function compileCidr(text: string): (value: string) => boolean {
  const [base = '', length, rest] = text.split('/');
  const network = addressOf(base);
  const bits = network === undefined ? 0 : network.length * 16;
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (network === undefined || prefix < 0 || prefix > bits || rest !== undefined) {
    throw new Fault('no_network', { value: text });
  }
  const masks = network.map(
    (_, group) => 0xffff & ~(0xffff >> Math.min(16, Math.max(0, prefix - group * 16))),
  );
  return (value) => {
    const address = addressOf(value);
    return (
      address?.length === network.length &&
      network.every((group, at) => ((address[at] ?? 0) & (masks[at] ?? 0)) === group)
    );
  };
}

function addressOf(text: string): Address | undefined {
  // Nothing that is longer is an address.
  if (text.length > 45) return undefined;
  const tail = text.lastIndexOf(':') + 1;
  if (tail === 0) return ipv4(text);
  let whole = text;
  if (text.includes('.')) {
    const end = ipv4(text.slice(tail));
    if (end === undefined) return undefined;
    whole = text.slice(0, tail) + end.map((group) => group.toString(16)).join(':');
  }
  const halves = whole.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [left = [], right = []] = halves;
  const gap = 8 - left.length - right.length;
  if (halves.length > 2 || (halves.length === 2 ? gap < 1 : gap !== 0)) return undefined;
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

function ipv4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return [a * 256 + b, c * 256 + d];
}
