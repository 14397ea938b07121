/**
 * Reads a file that somebody else may have named: regular files only, and no more of them than is allowed.
 * Never waits: a FIFO is opened without blocking and refused, a device is refused.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import type { Result } from '../../src/lib/result.ts';
import { failure, success } from '../../src/lib/result.ts';

// O_NONBLOCK is absent on Windows, which has no FIFO in its folders.
const { O_RDONLY, O_NONBLOCK } = constants;

const PART_BYTES = 16 * 1024;
/** Of a tenant file: as the relay takes it. */
export const FILE_BYTES_MAX = 256 * 1024;

export interface UnreadFile {
  /** `ENOENT`, `EACCES`, …; absent where the system had no objection. */
  readonly code?: string;
  /** Follows the name of the file: `is not there`. */
  readonly message: string;
}

/** The bytes of a regular file of at most `bytesMax` bytes, or why not. */
export function readRegularFile(path: string, bytesMax: number): Result<Buffer, UnreadFile> {
  let file: number | undefined;
  try {
    file = openSync(path, O_RDONLY | O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile()) return failure({ message: NOT_REGULAR });
    if (stats.size > bytesMax) return failure(tooLarge(bytesMax));
    // Files below /proc say that they are empty, and a file can grow: what counts is what is read.
    const bytes = readAtMost(file, bytesMax + 1);
    return bytes.byteLength > bytesMax ? failure(tooLarge(bytesMax)) : success(bytes);
  } catch (error) {
    return failure({ code: codeOf(error), message: unreadMessage(codeOf(error)) });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const NOT_REGULAR = 'is not a regular file';

/** Why a file can't be used, from the system's code. */
export function unreadMessage(code: string): string {
  return code === 'ENOENT' ? 'is not there' : `can not be read (${code})`;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function tooLarge(bytesMax: number): UnreadFile {
  return { message: `is larger than ${bytesMax / 1024} KiB` };
}

function readAtMost(file: number, bytesMax: number): Buffer {
  const parts: Buffer[] = [];
  let left = bytesMax;
  while (left > 0) {
    const part = Buffer.allocUnsafe(Math.min(left, PART_BYTES));
    const count = readSync(file, part);
    if (count === 0) break;
    parts.push(part.subarray(0, count));
    left -= count;
  }
  return Buffer.concat(parts);
}
