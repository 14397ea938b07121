/** The surroundings of a real process: its streams, its signals, its prompts. */

import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { findQueue, listNamespaces } from './deploy/account.ts';
import { EXIT } from './exit-codes.ts';
import type { Io, Sink } from './io.ts';
import { exemptLoopback } from './no-proxy.ts';
import { terminalPrompts } from './prompts.ts';
import { resolveHost } from './resolve-host.ts';

const SHOW_CURSOR = '\u001B[?25h';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ctrl-C comes twice where a terminal and bin.mjs both pass it on: no person is that fast. */
const PAIR_MS_MAX = 250;
/** Nobody reads there any more. */
const CLOSED_CODES: readonly unknown[] = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'];
const STDERR = 2;

export interface Surroundings {
  readonly io: Io;
  /** Whether something of the output could not be written, for another reason than that nobody reads it. */
  readonly isOutputLost: () => boolean;
  /** Takes the listeners for signals away. */
  readonly end: () => void;
}

/** The surroundings of this process. */
export function nodeIo(): Surroundings {
  const controller = new AbortController();
  const readerGone = new AbortController();
  let interruptedAtMs = 0;
  let isOutputLost = false;
  // The first Ctrl-C lets the command end what it has begun; the second one ends it.
  const interrupt = () => {
    const nowMs = performance.now();
    if (controller.signal.aborted && nowMs - interruptedAtMs > PAIR_MS_MAX) endNow();
    if (!controller.signal.aborted) interruptedAtMs = nowMs;
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  // `noxys-relay apply | head`: the reader has enough, and the command ends what it does, with its own exit code.
  const lose = ({ code }: NodeJS.ErrnoException) => {
    if (CLOSED_CODES.includes(code)) return;
    if (!isOutputLost) tellLost(String(code));
    isOutputLost = true;
    process.exitCode ||= EXIT.failed;
  };
  process.stderr.on('error', lose);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    lose(error);
    readerGone.abort();
  });
  const io: Io = {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdin: { isTTY: isTerminal(process.stdin), readAll },
    env: process.env,
    cwd: process.cwd(),
    fetch: async (input, init) => {
      exemptLoopback(process.env, input instanceof Request ? input.url : input);
      return fetch(input, init);
    },
    resolveHost,
    account: { listNamespaces, findQueue },
    nowMs: () => Date.now(),
    sleep: async (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
    prompts: terminalPrompts(process.stdin, process.stderr, controller.signal),
    signal: controller.signal,
    readerGone: readerGone.signal,
  };
  return {
    io,
    isOutputLost: () => isOutputLost,
    end: () => {
      for (const name of SIGNALS) process.removeListener(name, interrupt);
    },
  };
}

function endNow(): never {
  if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
  process.exit(EXIT.interrupted);
}

/** At once, as the process may end; not at all where stderr is what can't be written. */
function tellLost(code: string): void {
  try {
    writeSync(STDERR, `Can't write to stdout: ${code}.\n`);
  } catch {
    // The exit code says it.
  }
}

function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    stream,
    write: (text) => void stream.write(text),
    get isTTY() {
      return isTerminal(stream);
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

/** Of a pipe or a file the member is absent. */
function isTerminal({ isTTY }: { readonly isTTY?: boolean }): boolean {
  return isTTY ?? false;
}

async function readAll(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}
