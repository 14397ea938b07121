/**
 * An operator at the command line, with a simulated Cloudflare account: runs the project's deployment commands, the real wrangler
 * below them, and keeps all that they print. Nothing of it touches the checkout or this machine's own login.
 */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Cloudflare } from '../simulators/cloudflare.ts';
import type { Exchange } from '../simulators/http-server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
/** Preloaded into every Node process: notes with which arguments and environment it started. */
const RECORD_START = `import { appendFileSync } from 'node:fs';
appendFileSync(process.env.STARTS_PATH, JSON.stringify([process.argv, process.env]) + '\\n');`;

export interface Ran {
  /** Null: it was killed. */
  readonly code: number | null;
  /** What it and its children printed, both streams. */
  readonly output: string;
}

export class Operator implements AsyncDisposable {
  readonly account: Cloudflare;
  /** Where setup keeps its record. */
  readonly folder: string;
  readonly #outputs: string[] = [];
  #killAt: ((exchange: Exchange) => boolean) | undefined;
  #kill: () => void = () => undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.account = new Cloudflare({
      onExchange: (exchange) => {
        if (this.#killAt?.(exchange)) this.#kill();
      },
    });
  }

  static async open(): Promise<Operator> {
    const operator = new Operator(await mkdtemp(join(tmpdir(), 'noxys-relay-operator-')));
    await operator.account.start();
    return operator;
  }

  async setup(...args: readonly string[]): Promise<Ran> {
    return this.#run([join(ROOT, 'cli', 'deploy', 'setup.ts'), '--record', this.#record, ...args]);
  }

  async deploy(...args: readonly string[]): Promise<Ran> {
    return this.#run([join(ROOT, 'cli', 'deploy', 'deploy.ts'), '--record', this.#record, ...args]);
  }

  /** The operator's command line. */
  async cli(...args: readonly string[]): Promise<Ran> {
    return this.#run([join(ROOT, 'cli', 'bin.mjs'), ...args]);
  }

  /** Without the project's commands around it. */
  async wrangler(...args: readonly string[]): Promise<Ran> {
    return this.#run([WRANGLER, ...args]);
  }

  /** A setup whose processes are all killed as the account takes the first request that fits; the answer is lost. */
  async setupKilledAt(fits: (exchange: Exchange) => boolean, ...args: readonly string[]): Promise<Ran> {
    this.#killAt = fits;
    const ran = await this.setup(...args);
    this.#killAt = undefined;
    return ran;
  }

  /** A file of the record; undefined when there is none. */
  read(file: string): string | undefined {
    const path = join(this.#record, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** Writes a file of the operator's own; returns its path. */
  write(file: string, text: string): string {
    const path = join(this.folder, file);
    writeFileSync(path, text);
    return path;
  }

  /** Everything that was printed, logged, or given to a process as argument or environment. */
  get traces(): string {
    const logs = join(this.folder, 'logs');
    const logged = existsSync(logs)
      ? readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'))
      : [];
    return [...this.#outputs, ...logged, readFileSync(this.#starts, 'utf8')].join('\n');
  }

  get #record(): string {
    return join(this.folder, 'record');
  }

  get #starts(): string {
    return join(this.folder, 'starts');
  }

  async #run(args: readonly string[]): Promise<Ran> {
    const { NODE_OPTIONS: _, CLOUDFLARE_ENV: __, ...inherited } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      detached: true, // its own process group: wrangler is killed with it
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...inherited,
        ...this.account.environment,
        XDG_CONFIG_HOME: this.folder,
        WRANGLER_LOG_PATH: join(this.folder, 'logs'),
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_HIDE_BANNER: 'true', // it asks the package registry for the newest version
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(RECORD_START)}`,
        STARTS_PATH: this.#starts,
      },
    });
    this.#kill = () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    this.#outputs.push(output);
    return { code, output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.account.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
