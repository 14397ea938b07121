/**
 * A relay in a process of its own, so that a test can kill it as a power cut would.
 * Run as a program, it starts the relay from its arguments (JSON) and prints `ready <url>`, and its inspector's URL if it has one.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { type LocalRelayOptions, startLocalRelay } from './local-relay.ts';
import { until } from './until.ts';

const SELF = import.meta.filename;
const START_MS_MAX = 30_000;

export interface RelayProcess {
  readonly url: string;
  readonly pid: number;
  readonly inspectorUrl: string | undefined;
  /** SIGKILL to the process and its workerd at once. Resolves when they are gone. */
  kill(): Promise<void>;
}

export async function spawnRelay(options: Omit<LocalRelayOptions, 'onLog'>): Promise<RelayProcess> {
  const child = spawn(process.execPath, [SELF, JSON.stringify(options)], {
    detached: true, // its own process group: workerd is killed with it
    stdio: ['pipe', 'pipe', 'inherit'], // it ends when its input does: no relay outlives a test run that broke off
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const [url = '', inspectorUrl] = await readyUrls(child);
  return {
    url,
    pid: child.pid ?? 0,
    inspectorUrl,
    kill: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await exited;
      await until('the port is free', async () => !(await answers(url)), { withinMs: 5_000 });
    },
  };
}

/** Whether workerd, which is not this process's own child, still listens. */
async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    () => true,
    () => false,
  );
}

async function readyUrls(child: ChildProcess): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error('Cannot use the relay as it must be ready in 30 s: it is not')),
      START_MS_MAX,
    );
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Cannot use the relay as it must run: it ended with ${code}`));
    });
    if (!child.stdout)
      return reject(new Error('Cannot read the relay as its output must be piped: it is not'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('ready ')) return;
      clearTimeout(timer);
      resolve(line.split(' ').slice(1));
    });
  });
}

if (process.argv[1] === SELF) {
  process.stdin.resume().once('end', () => process.exit());
  const relay = await startLocalRelay(JSON.parse(process.argv[2] ?? '{}') as LocalRelayOptions);
  process.stdout.write(`${['ready', relay.url, relay.inspectorUrl].join(' ').trimEnd()}\n`);
}
