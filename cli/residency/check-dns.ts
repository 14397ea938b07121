/**
 * Whether the hosts of destinations have addresses of the public internet, as DNS tells this machine now. Connects to none of them.
 * The relay can't ask before it sends: Cloudflare resolves for it, and reaches no private network.
 */

import { isIP } from 'node:net';

import type { Io } from '../io.ts';
import { printable } from '../output/printable.ts';
import { inPool } from '../pool.ts';
import { accepted, failing, ok, skipped, type Finding } from './finding.ts';
import { isPublicAddress } from './public-address.ts';

/** Name servers answer in milliseconds, and dislike floods. */
const QUESTIONS_AT_ONCE = 8;

export interface AskedHost {
  readonly tenant: string;
  readonly destination: string;
  readonly host: string;
}

export function skipDns(): readonly Finding[] {
  return [
    skipped(['egress', 'host_addresses'], 'DNS was not asked for the hosts of destinations (--offline).'),
  ];
}

/** Each name is asked for once, whoever uses it. */
export async function checkDns(
  { resolveHost, signal }: Pick<Io, 'resolveHost' | 'signal'>,
  asked: readonly AskedHost[],
): Promise<readonly Finding[]> {
  const names = [...new Set(asked.map(({ host }) => host))];
  const findings = await inPool(
    names,
    QUESTIONS_AT_ONCE,
    async (name) => {
      const addresses = await addressesOf(name, resolveHost);
      return asked.filter(({ host }) => host === name).map((one) => findingOf(one, addresses));
    },
    () => signal.aborted,
  );
  return findings.flatMap((found) => found ?? []);
}

/** Undefined: DNS did not answer. */
async function addressesOf(
  name: string,
  resolveHost: Io['resolveHost'],
): Promise<readonly string[] | undefined> {
  const bare = name.replaceAll(/[[\]]/g, '');
  if (isIP(bare) !== 0) return [bare];
  return resolveHost(name).catch(() => undefined);
}

function findingOf(
  { tenant, destination, host }: AskedHost,
  addresses: readonly string[] | undefined,
): Finding {
  const place = ['egress', 'host_addresses'] as const;
  const shown = printable(host);
  const inner = addresses?.find((address) => !isPublicAddress(address));
  if (inner !== undefined) {
    const what = `${destination} sends to ${shown}, which has the address ${printable(inner)}: no public one.`;
    const fix =
      'Correct the host, or its record in DNS: whoever answers there is not the one that you declared.';
    return { ...failing(place, what, fix), tenant };
  }
  if (addresses === undefined || addresses.length === 0) {
    const state = addresses === undefined ? 'DNS does not answer for it' : 'DNS has no address of it';
    const what = `${destination} sends to ${shown}: ${state}.`;
    return { ...accepted(place, what, 'Ask again later, or correct the host.'), tenant };
  }
  return { ...ok(place, `${destination} sends to ${shown}, at public addresses.`), tenant };
}
