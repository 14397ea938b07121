/** What public DNS says of a name, IPv4 and IPv6. Asks the machine's name servers, never its hosts file; connects to nothing. */

import { Resolver } from 'node:dns/promises';

const TIMEOUT_MS = 5000;
const TRIES = 2;
/** The name has no address of that kind, or is not there at all. */
const NOTHING: readonly unknown[] = ['ENODATA', 'ENOTFOUND'];

/** Empty: it has none. Rejects when no server answers. */
export async function resolveHost(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  const found = await Promise.all([
    resolver.resolve4(name).catch(nothingOrThrow),
    resolver.resolve6(name).catch(nothingOrThrow),
  ]);
  return found.flat();
}

function nothingOrThrow(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && NOTHING.includes(error.code)) return [];
  throw error;
}
