/**
 * What the demonstration runs on: the built Worker in workerd, a HarfangLab manager, a Falcon Next-Gen SIEM and a Slack,
 * all on loopback, with a tenant applied through the admin API. Nothing of it is kept when it stops.
 */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { dump, load } from 'js-yaml';

import { ensureDevVars } from '../../cli/dev-vars.ts';
import type { DetectionPage, DetectionView } from '../../src/domain/rule-views.ts';
import type { LaneView } from '../../src/domain/lane-view.ts';
import { type LocalRelay, startLocalRelay } from '../../test/e2e/local-relay.ts';
import type { FalconSimulator } from '../../test/simulators/falcon.ts';
import type { HarfangLabSimulator } from '../../test/simulators/harfanglab.ts';
import { NoxysSender } from '../../test/simulators/noxys.ts';
import type { SlackSimulator } from '../../test/simulators/slack.ts';
import type { EcsEvent } from './expected-detections.ts';
import { freePort, isFree } from './ports.ts';
import { type TenantFile, type Vendors, destinationIn, startVendors, stopAll } from './vendors.ts';

const ROOT = fileURLToPath(import.meta.resolve('../..'));
export const RELAY_PORT = 8787;
/** Log lines kept: the last refusals explain themselves. */
const LOG_LINES_MAX = 1000;

export class Stage implements Vendors {
  readonly edr: HarfangLabSimulator;
  readonly falcon: FalconSimulator;
  readonly slack: SlackSimulator;
  readonly sender: NoxysSender;
  readonly url: string;
  /** The relay's newest log lines. */
  readonly log: string[];
  readonly #relay: LocalRelay;
  readonly #tenant: TenantFile;
  readonly #adminToken: string;

  private constructor(
    parts: Vendors & {
      log: string[];
      relay: LocalRelay;
      tenant: TenantFile;
      adminToken: string;
    },
  ) {
    this.edr = parts.edr;
    this.falcon = parts.falcon;
    this.slack = parts.slack;
    this.log = parts.log;
    this.url = parts.relay.url;
    this.#relay = parts.relay;
    this.#tenant = parts.tenant;
    this.#adminToken = parts.adminToken;
    this.sender = new NoxysSender({
      url: `${this.url}/hooks/acme`,
      tenantSecret: parts.tenant.webhook.secrets[0] ?? '',
      scheme: 'standard-webhooks',
    });
  }

  /** Starts everything; the relay on `port`, or on the first free one from the default on. When one part can't start, none stays. */
  static async start(port: number | undefined): Promise<Stage> {
    if (port !== undefined && !(await isFree(port))) throw new Error(portTaken(port));
    const { vars } = ensureDevVars(join(ROOT, '.dev.vars'));
    const tenant = load(readFileSync(join(ROOT, 'examples', 'acme.yaml'), 'utf8')) as TenantFile;
    const vendors = await startVendors(tenant);
    try {
      const log: string[] = [];
      const relay = await startRelay(port ?? (await freePort(RELAY_PORT)), vars, log);
      return new Stage({ ...vendors, log, relay, tenant, adminToken: vars['RELAY_ADMIN_TOKEN'] ?? '' });
    } catch (error) {
      await stopAll(vendors);
      throw error;
    }
  }

  /** What the simulated HarfangLab takes. */
  get edrToken(): string {
    return destinationIn(this.#tenant, 'edr').token ?? '';
  }

  /** The simulated API client's. */
  get falconClient(): { readonly id: string; readonly secret: string } {
    const { client_id: id = '', client_secret: secret = '' } = destinationIn(this.#tenant, 'falcon');
    return { id, secret };
  }

  /** What the simulated HEC connector takes. */
  get hecToken(): string {
    return destinationIn(this.#tenant, 'falcon').hec?.token ?? '';
  }

  /** PUTs the tenant as an operator would; its version. */
  async applyTenant(): Promise<number> {
    const answer = await this.#admin('PUT', '/api/v1/tenants/acme', dump(this.#tenant));
    return (answer as { version: number }).version;
  }

  async lanes(): Promise<LaneView[]> {
    return ((await this.#admin('GET', '/api/v1/tenants/acme/lanes')) as { lanes: LaneView[] }).lanes;
  }

  /** All that the rules found, newest first. */
  async detections(): Promise<DetectionView[]> {
    const found: DetectionView[] = [];
    let before: number | undefined;
    do {
      const path = `/api/v1/tenants/acme/detections?limit=200${before === undefined ? '' : `&before=${before}`}`;
      const page = (await this.#admin('GET', path)) as DetectionPage;
      found.push(...page.detections);
      before = page.nextBefore;
    } while (before !== undefined);
    return found;
  }

  /** What Falcon has: events, and detections, which name a rule. In the order of their arrival. */
  ecsEvents(): EcsEvent[] {
    return this.falcon.events.flatMap(({ envelope: { event } }) =>
      typeof event === 'object' ? [event as unknown as EcsEvent] : [],
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.#relay.stop(), stopAll(this)]);
  }

  async #admin(method: string, path: string, body?: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#adminToken}`, 'content-type': 'application/yaml' },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  }
}

async function startRelay(port: number, vars: Record<string, string>, log: string[]): Promise<LocalRelay> {
  try {
    return await startLocalRelay({
      port,
      vars,
      onLog: (line) => {
        log.push(line);
        if (log.length > LOG_LINES_MAX) log.shift();
      },
    });
  } catch (error) {
    // Taken between the look and the start.
    throw (await isFree(port)) ? error : new Error(portTaken(port), { cause: error });
  }
}

function portTaken(port: number): string {
  return `port ${port} on 127.0.0.1 is taken by another program: choose another with \`--port\`, or leave \`--port\` out for the next free one`;
}

/** Builds the Worker as `wrangler deploy` would, without deploying it. Ends with this process. */
export async function buildWorker(): Promise<void> {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  const flags = ['deploy', '--dry-run', '--env=', '--outdir', 'dist/worker'];
  const child = spawn(process.execPath, [wrangler, ...flags], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): boolean => child.kill();
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  process.removeListener('exit', kill);
  if (code !== 0) throw new Error(`the Worker does not build:\n${output}`);
}
