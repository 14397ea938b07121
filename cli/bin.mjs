#!/usr/bin/env node
/**
 * `npx noxys-relay`. Plain JavaScript that any Node from 14 on can run, because it is what says that something is missing:
 * the packages (`npm ci`), or a Node that runs TypeScript, which `npm ci` brings along and which it starts instead.
 */

import { spawn } from 'child_process';
import { existsSync } from 'fs';
import { constants } from 'os';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

/** The first major version that runs TypeScript without a word about it. Source: nodejs.org, "Modules: TypeScript". */
const NODE_MAJOR_MIN = 24;
const USAGE_EXIT_CODE = 2;

const CLI = dirname(fileURLToPath(import.meta.url));
const MODULES = join(CLI, '..', 'node_modules');
const PINNED_NODE = join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

if (!existsSync(join(MODULES, 'commander', 'package.json'))) {
  stop('its packages are not installed. Run this in its folder first:\n\n  npm ci');
} else if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  void import('./main.ts').then((main) => main.main());
} else if (existsSync(PINNED_NODE)) {
  restart();
} else {
  stop(
    'it needs Node.js ' +
      NODE_MAJOR_MIN +
      ' or newer, and this is ' +
      process.versions.node +
      '. The one that comes with its packages is missing. Run this in its folder, without --ignore-scripts:\n\n  npm ci',
  );
}

/** The same command line under the Node that came with the packages; its end is this one's. */
function restart() {
  const child = spawn(PINNED_NODE, [join(CLI, 'bin.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both, and the other one takes such a pair for one; this one waits for what it makes of it.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', (error) => stop(error.message));
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + (constants.signals[signal] || 0) : code;
  });
}

function stop(why) {
  console.error('noxys-relay can not run yet: ' + why);
  process.exitCode = USAGE_EXIT_CODE;
}
