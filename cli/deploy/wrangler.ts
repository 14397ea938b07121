/**
 * Runs the project's wrangler, which holds the login. What it is given on its standard input is nowhere else: not among its
 * arguments, not in its log, and not in the errors made here.
 */

import { spawn, type StdioOptions } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { CONFIG_PATH, ROOT } from './environment.ts';

const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
/** A call of the API takes seconds; one that hangs must not hang the setup. */
const CALL_MS_MAX = 120_000;
const LOGIN_HINT = 'Log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.';
const LOGIN_PATTERN = /CLOUDFLARE_API_TOKEN|Authentication error|not authenticated|login/i;

export interface Answer {
  readonly isOk: boolean;
  readonly stdout: string;
  /** wrangler's own words, without colours. */
  readonly stderr: string;
}

/** One command whose output is read. Never asks anything: its standard input is `input`, or closed. */
export async function askWrangler(args: readonly string[], input = ''): Promise<Answer> {
  const quiet = { NO_COLOR: '1', FORCE_COLOR: '0', WRANGLER_HIDE_BANNER: 'true', WRANGLER_LOG: 'log' };
  const child = start([...args, '--config', CONFIG_PATH], ['pipe', 'pipe', 'pipe'], quiet);
  const timer = setTimeout(() => child.kill('SIGKILL'), CALL_MS_MAX);
  child.stdin?.on('error', () => undefined).end(input);
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    codeOf(child),
  ]);
  clearTimeout(timer);
  return { isOk: code === 0, stdout, stderr: stderr.trim() };
}

/** One command in front of the operator, with their terminal. Resolves to its exit code. */
export async function runWrangler(args: readonly string[]): Promise<number> {
  const child = start(args, 'inherit', {});
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return codeOf(child);
}

/** wrangler's words, set apart and without colours; before them what helps when nobody is logged in. */
export function wranglerError(what: string, { stdout, stderr }: Answer): Error {
  const words =
    [stderr, stdout].map((text) => stripVTControlCharacters(text).trim()).find((text) => text !== '') ??
    'wrangler said nothing';
  const hint = LOGIN_PATTERN.test(words) ? `${LOGIN_HINT}\n` : '';
  return new Error(`${hint}Cannot ${what}: wrangler refused.\n${words.replaceAll(/^(?=.)/gm, '  ')}`);
}

function start(args: readonly string[], stdio: StdioOptions, extra: Readonly<Record<string, string>>) {
  // The environment is always named by `--env`; this variable would stand in for an empty one.
  const { CLOUDFLARE_ENV: _, ...inherited } = process.env;
  const own = {
    NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compiled'), // a setup starts wrangler eight times
    WRANGLER_LOG_SANITIZE: 'true',
  };
  return spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    stdio,
    env: { ...inherited, ...own, ...extra },
  });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

async function codeOf(child: ReturnType<typeof start>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
