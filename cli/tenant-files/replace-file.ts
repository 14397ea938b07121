/** Writes a file whole or not at all: beside it, to the disk, then renamed. A full disk leaves what was there. */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

const OWNER_ONLY = 0o600;
const MODE_BITS = 0o777;

/** Puts the text in place of the file. `mode` absent: as the file was, or as the system makes a new one. A link stays one. */
export function replaceFile(path: string, text: string, mode?: number): void {
  const isThere = existsSync(path);
  const target = isThere ? realpathSync(path) : path;
  const wanted = mode ?? (isThere ? statSync(target).mode & MODE_BITS : 0o666 & ~process.umask());
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = openSync(beside, 'wx', OWNER_ONLY);
    try {
      writeFileSync(file, text);
      fchmodSync(file, wanted);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
