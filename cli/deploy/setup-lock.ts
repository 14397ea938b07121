/**
 * One setup of an environment at a time: a file beside its record that names the process at work. Two at once would each make a
 * master key, and Cloudflare would have the one that the file has not.
 */

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EnvironmentName } from './environment.ts';
import { openFolder } from './record.ts';

/** Takes the lock; what is returned gives it back. Throws while another process that is alive has it. */
export function lockSetup(folder: string, name: EnvironmentName): () => void {
  const path = join(folder, `${name}.lock`);
  const own = `${path}.${process.pid}`;
  openFolder(folder);
  // Linked and not written in place: a lock is never seen without its process.
  writeFileSync(own, String(process.pid), { mode: 0o600 });
  try {
    if (!link(own, path)) {
      takeAway(path);
      if (!link(own, path)) throw busy(path);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => rmSync(path, { force: true });
}

/** Removes the lock of a process that is gone. */
function takeAway(path: string): void {
  const holder = holderOf(path);
  if (isAlive(holder)) throw busy(path);
  const taken = `${path}.stale.${process.pid}`;
  renameSync(path, taken);
  const isTheSame = holderOf(taken) === holder;
  // Somebody else was faster, and this is their lock: they get it back.
  if (!isTheSame) link(taken, path);
  rmSync(taken, { force: true });
  if (!isTheSame) throw busy(path);
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // Given back in this moment: whoever asks again gets it.
    if (codeOf(error) === 'ENOENT') throw busy(path);
    throw error;
  }
}

function isAlive(holder: string): boolean {
  const pid = /^[1-9]\d{0,9}$/.test(holder) ? Number(holder) : undefined;
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function busy(path: string): Error {
  return new Error(
    `Cannot set up as no other setup may be at work: one is. Wait for its end; if there is none, delete ${path}`,
  );
}
