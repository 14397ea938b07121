/**
 * Keeps requests to this machine off a proxy: Node takes HTTP_PROXY for every address when NODE_USE_ENV_PROXY is set, and a
 * proxy for http:// reads the token. Node looks at these variables again at each request (24.21.0, tried 2026-11).
 */

import { isLoopback } from './origin.ts';

/** Adds the host to NO_PROXY when the address is this machine. Changes the environment that it is given. */
export function exemptLoopback(env: Record<string, string | undefined>, address: string | URL): void {
  const { origin, hostname } = new URL(address);
  if (!isLoopback(origin)) return;
  // The lower-case one goes before the other, even when it is empty.
  for (const name of env['no_proxy'] === undefined ? ['NO_PROXY'] : ['no_proxy', 'NO_PROXY']) {
    const entries = (env[name] ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
    if (!entries.includes('*') && !entries.includes(hostname)) env[name] = [...entries, hostname].join(',');
  }
}
