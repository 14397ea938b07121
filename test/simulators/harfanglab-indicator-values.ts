/**
 * Which values an indicator of each type may have. Pure. The vendor's own checks are not published: these refuse what no agent could
 * match (a platform's name where a domain belongs), as the fields need real domains. CIDR in addresses: NETSKOPE2.
 */

import { isIP } from 'node:net';

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DOMAIN = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)+[a-z][a-z0-9-]*[a-z0-9]$`, 'i');
const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Why a value is refused, if it is. */
export function valueFault(type: string, value: string): string | undefined {
  switch (type) {
    case 'domain_name':
      return DOMAIN.test(value) ? undefined : 'Enter a valid domain name.';
    case 'url':
      return URL.canParse(value) ? undefined : 'Enter a valid URL.';
    case 'hash':
      return HASH.test(value) ? undefined : 'Enter a valid MD5, SHA-1 or SHA-256.';
    case 'ip_both':
    case 'ip_src':
    case 'ip_dst':
      return isAddress(value) ? undefined : 'Enter a valid IP address or network.';
    default:
      return undefined;
  }
}

function isAddress(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
