/** Prints the size of the built Worker and fails above the limit. Part of `npm run check`, after the dry-run deployment. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Lightweight is a promise: a small script starts fast everywhere. */
const GZIP_KIB_MAX = 288;

for (const folder of ['worker', 'worker-eu']) {
  const script = readFileSync(fileURLToPath(import.meta.resolve(`../../dist/${folder}/worker.js`)));
  const kib = script.byteLength / 1024;
  const gzipKib = gzipSync(script).byteLength / 1024;
  console.log(
    `dist/${folder}: ${kib.toFixed(1)} KiB, ${gzipKib.toFixed(1)} KiB gzip of ${GZIP_KIB_MAX} allowed`,
  );
  if (gzipKib > GZIP_KIB_MAX) {
    console.error(
      `The Worker is too large: look for a dependency that came in whole (wrangler deploy --dry-run --metafile).`,
    );
    process.exitCode = 1;
  }
}
