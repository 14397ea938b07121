/** The lines of a large file, one after the other: no more of it is in memory than a line may have. */

import { open } from 'node:fs/promises';

import { interrupted } from '../failure.ts';

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined: it is longer than a line may be. */
  readonly text: string | undefined;
  /** Of the file, up to the end of what was read. */
  readonly bytesRead: number;
}

const LINE_BREAK = 0x0a;

/** Empty lines are passed over. Throws `interrupted()` when the signal aborts, and what the system throws of the file. */
export async function* ndjsonLines(
  path: string,
  lineBytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const file = await open(path);
  try {
    let number = 1;
    let bytesRead = 0;
    let parts: Buffer[] = [];
    let length = 0;
    const take = (part: Buffer) => {
      length += part.byteLength;
      // What is too long already is not kept.
      if (length <= lineBytesMax) parts.push(part);
      else parts = [];
    };
    const end = (): Line | undefined => {
      const text = length > lineBytesMax ? undefined : Buffer.concat(parts).toString('utf8').trim();
      const line = text === '' ? undefined : { number, text, bytesRead };
      number++;
      parts = [];
      length = 0;
      return line;
    };
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      if (signal.aborted) throw interrupted();
      bytesRead += chunk.byteLength;
      let from = 0;
      for (let at = chunk.indexOf(LINE_BREAK); at !== -1; at = chunk.indexOf(LINE_BREAK, from)) {
        take(chunk.subarray(from, at));
        from = at + 1;
        const line = end();
        if (line) yield line;
      }
      take(chunk.subarray(from));
    }
    const last = end();
    if (last) yield last;
  } finally {
    await file.close();
  }
}
