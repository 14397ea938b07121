/** The surroundings of a real process: its streams, its signals, its prompts. */

import { setTimeout as wait } from 'node:timers/promises';

import { EXIT } from './exit-codes.ts';
import type { Io, Sink } from './io.ts';
import { terminalPrompts } from './prompts.ts';

const SHOW_CURSOR = '\u001B[?25h';

/** The surroundings, and what takes their listeners away again. */
export function nodeIo(): { readonly io: Io; readonly end: () => void } {
  const controller = new AbortController();
  // The first Ctrl-C lets the command end what it has begun; the second one ends it.
  const interrupt = () => {
    if (controller.signal.aborted) endNow();
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, interrupt);
  // `noxys-relay tenants | head`: the reader has enough.
  process.stdout.on('error', endOfPipe);
  const io: Io = {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdin: { isTTY: isTerminal(process.stdin), readAll },
    env: process.env,
    cwd: process.cwd(),
    fetch: async (input, init) => fetch(input, init),
    nowMs: () => Date.now(),
    sleep: async (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
    prompts: terminalPrompts(process.stdin, process.stderr, controller.signal),
    signal: controller.signal,
  };
  return {
    io,
    end: () => {
      for (const name of signals) process.removeListener(name, interrupt);
    },
  };
}

function endNow(): never {
  if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
  process.exit(EXIT.interrupted);
}

function endOfPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  process.stderr.write(`Can't write to stdout: ${error.code ?? error.message}.\n`);
  process.exit(EXIT.failed);
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
