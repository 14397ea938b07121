/**
 * Prints the size of the detection engine and fails above the limits. Part of `npm run check`.
 * The engine is what compiles and evaluates stored rules and counts in windows; what reads them from text, with every fault and its
 * place, is looked at apart. The YAML parser counts for neither.
 */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const ENGINE = ['compile.ts', 'regex.ts', 'correlation.ts'];
const PARTS = [
  { name: 'engine', files: ENGINE, gzipKibMax: 8 },
  { name: 'engine and reader', files: [...ENGINE, 'sigma.ts'], gzipKibMax: 15 },
];

for (const { name, files, gzipKibMax } of PARTS) {
  const { outputFiles } = await build({
    stdin: {
      contents: files.map((file) => `export * from './${file}';`).join('\n'),
      resolveDir: fileURLToPath(import.meta.resolve('../../src/detection')),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    external: ['js-yaml'],
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const gzipKib = gzipSync(code, { level: 9 }).byteLength / 1024;
  console.log(
    `${name}: ${(code.byteLength / 1024).toFixed(1)} KiB, ${gzipKib.toFixed(2)} KiB gzip of ${gzipKibMax} allowed`,
  );
  if (gzipKib > gzipKibMax) {
    console.error(
      `The ${name} is too large: look for words that are said twice, and for a table that could be a rule.`,
    );
    process.exitCode = 1;
  }
}
