/**
 * The relay of the bench, in a process of its own: built with faults around it, killed and started again on the same state.
 * Remembers every kill and abort, and sums what the Worker counted over its lives.
 */

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { type RelayProcess, spawnRelay } from '../e2e/relay-process.ts';
import type { Interruption } from './audit-duplicates.ts';
import { type Dials, LOG_PAGE_EVENTS, type LoggedEvent, type WorkerFigures } from './dials.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const OUT = join(ROOT, 'dist', 'chaos-worker');
const ENTRY = join('test', 'chaos', 'worker.ts');
const BUILD_MS_MAX = 60_000;
const REQUEST_MS_MAX = 15_000;
const OVERFLOW_POLL_MS = 100;
/** 20 s: longer than the consumer waits to try again. */
const OVERFLOW_TRIES_MAX = 200;

/** Builds the Worker as the product is built, from the entry that wraps it. */
export async function buildChaosWorker(): Promise<void> {
  const args = [WRANGLER, 'deploy', ENTRY, '--dry-run', '--env=', '--outdir', OUT];
  await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: BUILD_MS_MAX });
}

export interface Kill extends Interruption {
  /** The last moment before it at which OVERFLOW was known to be empty. */
  readonly overflowEmptyMs: number;
}

export class RelayUnderTest {
  readonly adminToken = randomBytes(24).toString('base64url');
  /** Of all tenants; aborts by tenant. */
  readonly kills: Kill[] = [];
  readonly aborts = new Map<string, Interruption[]>();
  /** What the Worker counted in the lives that are over. */
  readonly figuresBefore: WorkerFigures[] = [];
  readonly #masterKey = randomBytes(32).toString('base64url');
  #folder = '';
  #port = 0;
  #process: RelayProcess | undefined;
  #starting: Promise<RelayProcess> | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#folder ||= await mkdtemp(join(tmpdir(), 'noxys-relay-chaos-'));
    const vars = { RELAY_MASTER_KEY: this.#masterKey, RELAY_ADMIN_TOKEN: this.adminToken };
    this.#starting = spawnRelay({
      port: this.#port,
      persistTo: join(this.#folder, 'state'),
      scriptPath: join(OUT, 'worker.js'),
      vars,
    });
    this.#process = await this.#starting;
    this.#port = Number(new URL(this.#process.url).port);
  }

  /**
   * SIGKILL to the runtime and all that belongs to it, once OVERFLOW is empty: locally the queue is in memory.
   * False, and nothing killed, when it does not get empty.
   */
  async kill(): Promise<boolean> {
    for (let tries = 0; tries < OVERFLOW_TRIES_MAX; tries++) {
      const overflowEmptyMs = Date.now();
      const figures = await this.figures();
      if (figures.overflowSent <= figures.overflowDone) {
        await this.#killNow(figures, overflowEmptyMs);
        return true;
      }
      await sleep(OVERFLOW_POLL_MS);
    }
    return false;
  }

  async #killNow(figures: WorkerFigures, overflowEmptyMs: number): Promise<void> {
    this.figuresBefore.push(figures);
    const fromMs = Date.now();
    await this.#process?.kill();
    this.#process = undefined;
    this.kills.push({ kind: 'kill', fromMs, toMs: Date.now(), overflowEmptyMs });
  }

  async abort(tenant: string): Promise<void> {
    const fromMs = Date.now();
    await this.#ask('POST', `abort?tenant=${tenant}`);
    const all = this.aborts.get(tenant) ?? [];
    this.aborts.set(tenant, [...all, { kind: 'abort', fromMs, toMs: Date.now() }]);
  }

  async setDials(dials: Dials): Promise<void> {
    await this.#ask('POST', 'dials', JSON.stringify(dials));
  }

  async figures(): Promise<WorkerFigures> {
    return (await this.#ask('GET', 'figures')) as WorkerFigures;
  }

  /** Leaves a wake-up for all lanes of a tenant, due or not. */
  async wakeUp(tenant: string): Promise<void> {
    await this.#ask('POST', `wakeup?tenant=${tenant}`);
  }

  /** The newest seq of a tenant's log. */
  async head(tenant: string): Promise<number> {
    return (await this.#ask('GET', `head?tenant=${tenant}`)) as number;
  }

  /** A tenant's whole log, in order. */
  async log(tenant: string): Promise<LoggedEvent[]> {
    const log: LoggedEvent[] = [];
    for (;;) {
      const path = `log?tenant=${tenant}&after=${log.at(-1)?.seq ?? 0}`;
      const page = (await this.#ask('GET', path)) as LoggedEvent[];
      log.push(...page);
      if (page.length < LOG_PAGE_EVENTS) return log;
    }
  }

  /** Ends the process, whatever it does just now, and removes its state. */
  async close(): Promise<void> {
    const running = this.#process ?? (await this.#starting?.catch(() => undefined));
    this.#process = undefined;
    await running?.kill();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: string): Promise<unknown> {
    const response = await fetch(`${this.url}/chaos/${path}`, {
      method,
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
      ...(body === undefined ? {} : { body }),
    }).catch((error: unknown) => {
      throw new Error(`Cannot use /chaos/${path} as the relay must answer: it does not`, { cause: error });
    });
    if (!response.ok)
      throw new Error(`Cannot use /chaos/${path} as the answer must be 200: it is ${response.status}`);
    return response.json();
  }
}
