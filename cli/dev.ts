/**
 * `npm run dev`: the relay alone, in workerd, on loopback, reloaded when the code changes.
 * Flags are those of `wrangler dev`: `npm run dev -- --port 8788 --persist-to .wrangler/other`.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensureDevVars } from './dev-vars.ts';

const ROOT = fileURLToPath(import.meta.resolve('..'));

const { isNew } = ensureDevVars(join(ROOT, '.dev.vars'));
if (isNew) console.log('Wrote .dev.vars with fresh secrets for this machine.');

// Without the upstream, an environment with a route would report the route's host, and a local relay serves loopback alone.
const flags = [
  'dev',
  '--env=',
  '--ip',
  '127.0.0.1',
  '--local-upstream',
  '127.0.0.1',
  ...process.argv.slice(2),
];
const wrangler = spawn(
  process.execPath,
  [join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js'), ...flags],
  {
    cwd: ROOT,
    stdio: 'inherit',
    // The relay reads nothing of `Request.cf`: without this, each start asks the internet for a sample and complains when it is offline.
    env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false' },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => wrangler.kill(signal));
wrangler.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
