/** By what a destination of a tenant knows again what it made at a vendor: others leave it alone. Pure. */

import { encodeBase32 } from '../lib/base32.ts';
import { sha256 } from '../lib/hmac.ts';

/** Makes 16 base32 characters. */
const TAG_BYTES = 10;

/** The same for ever: by it what an earlier release made is found. */
export function ownTagOf(tenant: string, destination: string): string {
  const digest = sha256(JSON.stringify([tenant, destination])).subarray(0, TAG_BYTES);
  return `nx-${encodeBase32(digest)}`;
}
