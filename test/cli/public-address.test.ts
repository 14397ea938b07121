import { describe, expect, it } from 'vitest';

import { isPublicAddress } from '../../cli/residency/public-address.ts';

describe('isPublicAddress', () => {
  it.each([
    ['a private network', '10.1.2.3'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.0.1'],
    ['this machine', '127.8.9.1'],
    ['no machine', '0.0.0.0'],
    ['a carrier’s customers', '100.127.0.1'],
    ['a cloud’s metadata', '169.254.169.254'],
    ['a benchmark network', '198.19.0.1'],
    ['documentation', '203.0.113.9'],
    ['a multicast group', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['this machine', '::1'],
    ['no machine', '::'],
    ['a link', 'fe80::1%eth0'],
    ['a private network', 'fd12:3456::1'],
    ['a cloud’s metadata', 'fd00:ec2::254'],
    ['a private network, mapped', '::ffff:10.0.0.1'],
    ['a private network, mapped and in hex', '::ffff:a00:1'],
    ['this machine, in the old form', '::7f00:1'],
    ['a private network, translated', '64:ff9b::10.0.0.1'],
    ['local translation', '64:ff9b:1::1'],
    ['6to4', '2002:a00:1::1'],
    ['documentation', '2001:db8::1'],
    ['a multicast group', 'ff02::1'],
    ['nothing', 'localhost'],
  ])('takes an address of %s for no public one: %s', (_what, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '51.210.4.9',
    '172.32.0.1',
    '100.128.0.1',
    '2001:41d0::1',
    '2606:4700::6810:1',
    '::ffff:51.210.4.9',
    '64:ff9b::51.210.4.9',
  ])('takes %s for one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});
