/** What speaks against isolating a host, whichever product does it: each reason one clause, for the operator. Pure. */

import type { ContainConfig } from '../../domain/destination-base.ts';
import { isLikeName } from './host-names.ts';

/** Where the config says nothing. */
export const CONTAIN_DEFAULT: ContainConfig = { never: [], per_hour_max: 3, servers: false };

/** What a vendor's word may have to be quoted: no answer gets into a text unseen. */
const WORD_PATTERN = /^[\w -]{1,40}$/;

/** A host as its product's record is now. */
export interface ProtectedHost {
  /** Lower case. */
  readonly deviceId: string;
  readonly hostname: string | undefined;
  readonly isWorkstation: boolean;
  /** The product's word for it. */
  readonly productType: string | undefined;
}

/** Why the host must not be isolated; undefined: nothing protects it. `told` is the name that the host was looked for by. */
export function protectionOf(
  product: 'Falcon' | 'HarfangLab',
  host: ProtectedHost,
  told: string | undefined,
  { never, servers }: ContainConfig,
): string | undefined {
  const names = [host.hostname, told].filter((name) => name !== undefined).map(plain);
  const isProtected = never
    .map(plain)
    .some((entry) => entry.toLowerCase() === host.deviceId || names.some((name) => isLikeName(name, entry)));
  if (isProtected) return 'the host is on contain.never';
  if (never.length > 0 && host.hostname === undefined)
    return `${product} tells no name of the host, so that it may be one on contain.never`;
  if (!servers && !host.isWorkstation)
    return `the host is no workstation (${product} says: ${quoted(host.productType)}), and contain.servers is false`;
  return undefined;
}

/** Full width letters are the same as plain ones. */
function plain(name: string): string {
  return name.normalize('NFKC');
}

/** A vendor's word, if it looks like one. */
export function quoted(word: string | undefined): string {
  if (word === undefined) return 'not told';
  return WORD_PATTERN.test(word) ? word : 'a word that the relay does not know';
}
