/** What speaks against isolating a host: each reason one clause, for the operator. Pure. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import { isLikeName } from './containment-host.ts';
import type { Host } from './hosts.ts';

type Contain = NonNullable<FalconConfig['contain']>;

/** Where the config says nothing. */
export const CONTAIN_DEFAULT: Contain = { never: [], per_hour_max: 3, servers: false };

const WORKSTATION = 'workstation';
/** What a vendor's word may have to be quoted: no answer gets into a text unseen. */
const WORD_PATTERN = /^[\w -]{1,40}$/;

/** Why the host must not be isolated; undefined: nothing protects it. */
export function protectionOf(
  host: Host,
  { device }: Pick<CanonicalEvent, 'device'>,
  { never, servers }: Contain,
): string | undefined {
  if (host.status !== 'normal') return `Falcon says that its status is ${quoted(host.status)}`;
  const names = [host.hostname, device?.hostname].filter((name) => name !== undefined).map(plain);
  const isProtected = never
    .map(plain)
    .some((entry) => entry.toLowerCase() === host.deviceId || names.some((name) => isLikeName(name, entry)));
  if (isProtected) return 'the host is on contain.never';
  if (never.length > 0 && host.hostname === undefined)
    return 'Falcon tells no name of the host, so that it may be one on contain.never';
  if (!servers && host.productType?.toLowerCase() !== WORKSTATION)
    return `the host is no workstation (Falcon says: ${quoted(host.productType)}), and contain.servers is false`;
  return undefined;
}

/** Full width letters are the same as plain ones. */
function plain(name: string): string {
  return name.normalize('NFKC');
}

function quoted(word: string | undefined): string {
  if (word === undefined) return 'not told';
  return WORD_PATTERN.test(word) ? word : 'a word that the relay does not know';
}
