/** Surroundings of a command in a test: streams in memory, a folder of its own, answers in advance, time that only sleeping moves. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { onTestFinished } from 'vitest';

import { wranglerError } from '../../cli/deploy/wrangler.ts';
import type { ExitCode } from '../../cli/exit-codes.ts';
import { interrupted } from '../../cli/failure.ts';
import type { Io } from '../../cli/io.ts';
import { runCli } from '../../cli/run.ts';

export const ORIGIN = 'https://relay.example.com';
export const TOKEN = 'operator-token-0123456789-abcdef';
export const NOW_MS = Date.parse('2026-11-22T05:00:00Z');

/** Answers a prompt with what it offers. */
export const ENTER = '\r';

const loggedOut = async (): Promise<never> =>
  Promise.reject(wranglerError('ask', { isOk: false, stdout: '', stderr: 'You are not authenticated.' }));
const LOGGED_OUT: Io['account'] = { listNamespaces: loggedOut, findQueue: loggedOut };

type Offered = string | boolean | readonly string[] | undefined;

export interface FakeOptions {
  readonly fetch?: Io['fetch'];
  readonly env?: Readonly<Record<string, string>>;
  /** Host name → its addresses; a name that is not here has none. Absent: DNS does not answer. */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** Absent: nobody is logged in. */
  readonly account?: Io['account'];
  /** Relative path → content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly stdin?: string;
  /** Answers to prompts in their order, several choices joined by commas; `null` = the prompt is left. With any, there is a terminal. */
  readonly answers?: readonly (string | boolean | null)[];
  readonly nowMs?: number;
  readonly columns?: number;
  /** Called for each pause, in which other things can happen. */
  readonly onSleep?: (ms: number) => void;
}

export interface Ran {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** Both. */
  readonly all: string;
  readonly json: <T = Record<string, unknown>>() => T;
}

export class FakeIo {
  readonly cwd: string;
  readonly io: Io;
  readonly controller = new AbortController();
  /** Messages of the prompts that were shown. */
  readonly asked: string[] = [];
  /** What each of them offered as its answer. */
  readonly offered: Offered[] = [];
  sleptMs = 0;
  #out = '';
  #err = '';

  constructor(options: FakeOptions = {}) {
    const { files = {}, env = {}, stdin = '', answers, nowMs = NOW_MS, columns } = options;
    this.cwd = mkdtempSync(join(tmpdir(), 'noxys-relay-cli-'));
    onTestFinished(() => rmSync(this.cwd, { recursive: true, force: true }));
    for (const [path, content] of Object.entries(files)) this.write(path, content);
    const isTTY = answers !== undefined;
    const left = [...(answers ?? [])];
    const answer = async (message: string, initial: Offered): Promise<string | boolean> => {
      this.asked.push(message);
      this.offered.push(initial);
      const next = left.shift();
      if (next === undefined)
        throw new Error(`Cannot answer "${message}" as the test must know it: it does not`);
      if (next === null) throw interrupted();
      if (next !== ENTER) return next;
      return typeof initial === 'object' ? initial.join(',') : (initial ?? '');
    };
    this.io = {
      stdout: { write: (text) => void (this.#out += text), isTTY: false, columns },
      stderr: { write: (text) => void (this.#err += text), isTTY, columns },
      stdin: { isTTY, readAll: async () => new TextEncoder().encode(stdin) },
      env: { NOXYS_RELAY_URL: ORIGIN, NOXYS_RELAY_TOKEN: TOKEN, ...env },
      cwd: this.cwd,
      fetch: options.fetch ?? (async () => Promise.reject(new Error('no network in this test'))),
      resolveHost: async (name) => {
        if (!options.addresses) throw new Error('queryA ETIMEOUT');
        return options.addresses[name] ?? [];
      },
      account: options.account ?? LOGGED_OUT,
      nowMs: () => nowMs + this.sleptMs,
      sleep: async (ms, signal) => {
        this.sleptMs += ms;
        options.onSleep?.(ms);
        signal?.throwIfAborted();
      },
      prompts: {
        text: async ({ message, validate, initial }) =>
          valid(String(await answer(message, initial)), validate),
        secret: async ({ message, validate }) => valid(String(await answer(message, undefined)), validate),
        select: async ({ message, options: choices, initial }) => {
          const chosen = await answer(message, initial);
          const found = choices.find(({ value }) => value === chosen);
          if (!found) throw new Error(`Cannot choose ${String(chosen)} as it must be an option: it is not`);
          return found.value;
        },
        selectMany: async ({ message, options: choices, initial }) => {
          const chosen = String(await answer(message, initial)).split(',');
          const values = choices.map(({ value }) => value);
          const unknown = chosen.filter((one) => !values.some((value) => value === one));
          if (unknown.length > 0)
            throw new Error(`Cannot choose ${unknown.join()} as they must be options: they are not`);
          return values.filter((value) => chosen.includes(value));
        },
        confirm: async ({ message, initial }) => (await answer(message, initial)) === true,
      },
      signal: this.controller.signal,
    };
  }

  write(path: string, content: string | Uint8Array): void {
    const file = join(this.cwd, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Runs a command line: arguments in one text, or as a list where they hold spaces. */
  async run(args: string | readonly string[]): Promise<Ran> {
    this.#out = '';
    this.#err = '';
    const code = await runCli(typeof args === 'string' ? args.split(' ') : args, this.io);
    const [stdout, stderr] = [this.#out, this.#err];
    return { code, stdout, stderr, all: stdout + stderr, json: <T>() => JSON.parse(stdout) as T };
  }
}

/** A wrong answer of the test itself would be asked again for ever. */
function valid(value: string, validate: ((value: string) => string | undefined) | undefined): string {
  const fault = validate?.(value);
  if (fault !== undefined) throw new Error(`Cannot answer "${value}" as it must be accepted: ${fault}`);
  return value;
}
