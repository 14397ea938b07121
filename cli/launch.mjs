/**
 * Starts a script of package.json: `node cli/launch.mjs cli/deploy/setup.ts`. Plain JavaScript that any Node from 14 on can run, because
 * it is what says that the packages (`npm ci`) or a Node that runs TypeScript are missing. `npm run` prefers the Node that
 * comes with the packages. Under npm a script ends when npm's shell does.
 */

import { existsSync } from 'fs';
import { dirname, join, resolve } from 'path';
import { fileURLToPath, pathToFileURL } from 'url';

/** The first major version that runs TypeScript without a word about it. Source: nodejs.org, "Modules: TypeScript". */
const NODE_MAJOR_MIN = 24;
const USAGE_EXIT_CODE = 2;
const PARENT_LOOK_MS = 250;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const script = resolve(ROOT, process.argv[2] || '');

if (!existsSync(join(ROOT, 'node_modules', 'wrangler', 'package.json'))) {
  stop('The packages are not installed. Run this in this folder first: npm ci');
} else if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  stop(
    `This needs Node.js ${NODE_MAJOR_MIN} or newer, and is run by ${process.versions.node}. The one that comes with the packages is missing: run npm ci without --ignore-scripts`,
  );
} else {
  process.argv.splice(1, 2, script);
  if (process.env.npm_lifecycle_event) endWithParent();
  void import(pathToFileURL(script).href);
}

/** npm passes a SIGTERM to its shell alone, which ends without passing it on. */
function endWithParent() {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_LOOK_MS);
  look.unref();
}

function stop(why) {
  console.error(why);
  process.exitCode = USAGE_EXIT_CODE;
}
