/** Builds the Worker once before the whole-system tests, as `npm run build` does: what they run is what is deployed. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
const BUILD_MS_MAX = 60_000;

/** For Vitest's `globalSetup`. */
export async function setup(): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'deploy', '--dry-run', '--env=', '--outdir', 'dist/worker'],
    { cwd: ROOT, timeout: BUILD_MS_MAX },
  );
}
