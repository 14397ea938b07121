/**
 * The world outside of a relay, under its real host names: the simulated vendors answer for hosts in the EU, and whatever else is
 * asked for is noted and refused. Nothing leaves this machine.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Destinations } from './destinations.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const OUT = join(ROOT, 'dist', 'watched-worker');
const BUILD_MS_MAX = 60_000;

export const EU_HOSTS = {
  edr: 'edr.acme.fr:8443',
  api: 'api.eu-1.crowdstrike.com',
  ingest: 'abc.ingest.eu-1.crowdstrike.com',
  hook: 'soc.acme.eu',
} as const;

/** Builds the Worker whose queues are watched, as the product is built. Resolves to its script. */
export async function buildWatchedWorker(): Promise<string> {
  const entry = join('test', 'e2e', 'watched-worker.ts');
  const args = [WRANGLER, 'deploy', entry, '--dry-run', '--env=', '--outdir', OUT];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: BUILD_MS_MAX });
  return join(OUT, 'watched-worker.js');
}

export interface Asked {
  readonly host: string;
  readonly scheme: string;
  readonly method: string;
  readonly path: string;
}

export class EuCloud {
  readonly asked: Asked[] = [];
  /** Set once the vendors are started. */
  destinations: Destinations | undefined;

  /** Answers what the relay sends. A redirect is passed on: whoever follows it is seen here again. */
  readonly outbound = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const { pathname, search } = url;
    this.asked.push({ host: url.host, scheme: url.protocol, method: request.method, path: pathname });
    const origin = this.#originOf(url.host);
    if (origin === undefined) return new Response('nobody is here', { status: 599 });
    const body = request.method === 'GET' ? undefined : await request.arrayBuffer();
    const headers = Object.fromEntries([...request.headers].filter(([name]) => !HOP_BY_HOP.has(name)));
    const init = { method: request.method, headers, redirect: 'manual', ...(body && { body }) } as const;
    return fetch(`${origin}${pathname}${search}`, init);
  };

  /** How often each host was asked. */
  get counts(): Readonly<Record<string, number>> {
    const hosts = Map.groupBy(this.asked, ({ host }) => host);
    return Object.fromEntries([...hosts].map(([host, asked]) => [host, asked.length]));
  }

  #originOf(host: string): string | undefined {
    const { edr, falcon, receiver } = this.destinations ?? {};
    const origins: Readonly<Record<string, string | undefined>> = {
      [EU_HOSTS.edr]: edr?.url,
      [EU_HOSTS.api]: falcon?.url,
      [EU_HOSTS.ingest]: falcon?.url,
      [EU_HOSTS.hook]: receiver?.url,
    };
    return origins[host];
  }
}

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
]);
