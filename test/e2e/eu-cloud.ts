/**
 * The world outside of a relay, under its real host names: the simulated vendors answer for hosts in the EU, and whatever else is
 * asked for is noted and refused. Nothing leaves this machine.
 */

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

import type { Destinations } from './destinations.ts';
import { BUILT_WORKER } from './local-relay.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const OUT = join(ROOT, 'dist', 'watched-worker');

export const EU_HOSTS = {
  edr: 'edr.acme.fr:8443',
  api: 'api.eu-1.crowdstrike.com',
  ingest: 'abc.ingest.eu-1.crowdstrike.com',
  hook: 'soc.acme.eu',
} as const;

/**
 * Puts the built product into a Worker that watches its queues: the wrapper, without its types, beside a copy of the product as it is
 * deployed.
 */
export async function buildWatchedWorker(): Promise<{ scriptPath: string; importedPaths: string[] }> {
  const source = await readFile(join(import.meta.dirname, 'watched-worker.ts'), 'utf8');
  const script = stripTypeScriptTypes(source).replaceAll("'../../src/worker.ts'", "'./product.mjs'");
  const [scriptPath, product] = [join(OUT, 'watched-worker.mjs'), join(OUT, 'product.mjs')];
  await mkdir(OUT, { recursive: true });
  await Promise.all([copyFile(BUILT_WORKER, product), writeFile(scriptPath, script)]);
  return { scriptPath, importedPaths: [product] };
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
