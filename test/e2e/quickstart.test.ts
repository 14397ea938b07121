/** docs/quickstart.md, command by command: from nothing to a delivered, signed event with the command line alone. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Stage } from './stage.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const BIN = join(ROOT, 'cli', 'bin.mjs');
/** The whole way, on this machine. */
const MACHINE_MS_MAX = 60_000;

let stage: Stage;
let folder: string;

beforeAll(async () => {
  stage = await Stage.open();
  folder = mkdtempSync(join(tmpdir(), 'noxys-relay-quickstart-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stage[Symbol.asyncDispose]();
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

async function relay(...args: readonly string[]): Promise<Ended> {
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    NO_COLOR: '1',
    NOXYS_RELAY_URL: stage.url,
    NOXYS_RELAY_TOKEN: stage.adminToken,
    EDR_TOKEN: stage.destinations.edrToken,
    HEC_TOKEN: stage.destinations.hecKey,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

it(
  'goes from nothing to a delivered, signed event, and shows no secret on the way',
  { timeout: MACHINE_MS_MAX },
  async () => {
    const { edr, falcon } = stage.destinations;
    writeFileSync(
      join(folder, 'answers.yaml'),
      `id: acme
residency: eu
destinations:
  - { name: edr, type: harfanglab, base_url: "${edr.url}", token: "\${EDR_TOKEN}" }
  - { name: falcon, type: falcon, region: eu-1, hec: { url: "${falcon.hecUrl}", token: "\${HEC_TOKEN}" } }
`,
    );
    const steps = [
      await relay('init', '--answers', 'answers.yaml'),
      await relay('apply', '-f', 'tenants', '--yes', '--reason', 'first day'),
      await relay('test', 'acme'),
      await relay('send-test-event', 'acme'),
      await relay('lanes', 'acme'),
      await relay('doctor', 'acme'),
    ];
    const outputs = steps.map(({ output }) => output).join('\n');
    // A local relay has no notice channel yet: the doctor says so, as a warning.
    expect(
      steps.map(({ code }) => code),
      outputs,
    ).toEqual([0, 0, 0, 0, 0, 0]);

    const delivered = edr.events.filter(({ body }) => JSON.stringify(body).includes('interaction.high_risk'));
    expect(delivered).toHaveLength(1);
    expect(outputs).toContain('delivered');

    const secret = /whsec_[A-Za-z0-9+/=]+/.exec(readFileSync(join(folder, 'tenants', '.env'), 'utf8'))?.[0];
    expect(statSync(join(folder, 'tenants', '.env')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'tenants', 'acme.yaml'), 'utf8')).not.toContain(secret);
    for (const value of [secret, stage.adminToken, stage.destinations.edrToken, stage.destinations.hecKey])
      expect(outputs).not.toContain(value);

    const again = await relay('apply', '-f', 'tenants', '--yes');
    expect([again.code, again.output]).toEqual([0, expect.stringMatching(/unchanged|nothing/i)]);
  },
);
