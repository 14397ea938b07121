/**
 * The git-ignored `.dev.vars` of a local relay: written with fresh random secrets when there is none, never changed.
 * `RELAY_ENV=local` belongs here and nowhere else.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface DevVars {
  readonly path: string;
  readonly isNew: boolean;
  /** Name → value. */
  readonly vars: Readonly<Record<string, string>>;
}

/** Reads `.dev.vars`, after writing it when it is absent. */
export function ensureDevVars(path: string): DevVars {
  const isNew = !existsSync(path);
  if (isNew) {
    const lines = [
      '# Secrets of the relay on this machine alone. Not committed. Delete the file for fresh ones.',
      'RELAY_ENV=local',
      `RELAY_MASTER_KEY=${randomBytes(32).toString('base64url')}`,
      `RELAY_ADMIN_TOKEN=${randomBytes(32).toString('base64url')}`,
      '',
    ];
    writeFileSync(path, lines.join('\n'), { mode: 0o600 });
  }
  return { path, isNew, vars: parseVars(readFileSync(path, 'utf8')) };
}

function parseVars(text: string): Record<string, string> {
  const entries = text.split('\n').flatMap((line) => {
    const match = /^\s*([A-Z_]+)\s*=\s*"?([^"]*?)"?\s*$/.exec(line);
    return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ''] as const];
  });
  return Object.fromEntries(entries);
}
