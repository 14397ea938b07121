import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lockSetup } from '../../../cli/deploy/setup-lock.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'noxys-relay-lock-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('the lock of a setup', () => {
  it('lets one in at a time, and the next one afterwards', () => {
    const unlock = lockSetup(folder, 'eu');
    expect(() => lockSetup(folder, 'eu')).toThrow('no other setup may be at work');
    lockSetup(folder, 'global')();
    unlock();
    lockSetup(folder, 'eu')();
    expect(readdirSync(folder)).toEqual(['.gitignore']);
  });

  it.each([String(spawnSync(process.execPath, ['--version']).pid), '', 'x'])(
    'of a process that is gone (%j) is taken over',
    (holder) => {
      const path = join(folder, 'eu.lock');
      writeFileSync(path, holder);
      const unlock = lockSetup(folder, 'eu');
      expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
      unlock();
      expect(existsSync(path)).toBe(false);
    },
  );
});
