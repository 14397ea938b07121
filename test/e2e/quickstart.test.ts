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

/** What the page has people run on their own machine, after `npm start`. */
const LOCAL_COMMANDS = commandsOf('On this machine');
/** Where a person is asked. */
const UNATTENDED: Readonly<Record<string, readonly string[]>> = {
  init: ['--answers', 'answers.yaml'],
  apply: ['--yes'],
};

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

/** The command lines of a section's shell blocks, without the program's name. */
function commandsOf(section: string): string[][] {
  const page = readFileSync(join(ROOT, 'docs', 'quickstart.md'), 'utf8');
  const text = page.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
  const lines = [...text.matchAll(/^npx noxys-relay ([^#\n]+)/gm)].map(([, line = '']) => line.trim());
  return lines.map((line) => line.split(/ +/));
}

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
      `id: acme-test
residency: eu
destinations:
  - { name: edr, type: harfanglab, base_url: "${edr.url}", token: "\${EDR_TOKEN}" }
  - { name: falcon, type: falcon, region: eu-1, hec: { url: "${falcon.hecUrl}", token: "\${HEC_TOKEN}" } }
`,
    );
    expect(LOCAL_COMMANDS.map(([name]) => name)).toEqual([
      'init',
      'apply',
      'test',
      'send-test-event',
      'lanes',
      'doctor',
    ]);
    const steps: Ended[] = [];
    for (const command of LOCAL_COMMANDS)
      steps.push(await relay(...command, ...(UNATTENDED[command[0] ?? ''] ?? [])));
    const outputs = steps.map(({ output }) => output).join('\n');
    expect(steps.filter(({ code }) => code !== 0)).toEqual([]);

    const delivered = edr.events.filter(({ body }) => JSON.stringify(body).includes('interaction.high_risk'));
    expect(delivered).toHaveLength(1);
    expect(outputs).toContain('delivered');

    const secret = /whsec_[A-Za-z0-9+/=]+/.exec(readFileSync(join(folder, 'tenants', '.env'), 'utf8'))?.[0];
    expect(statSync(join(folder, 'tenants', '.env')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'tenants', 'acme-test.yaml'), 'utf8')).not.toContain(secret);
    for (const value of [secret, stage.adminToken, stage.destinations.edrToken, stage.destinations.hecKey])
      expect(outputs).not.toContain(value);

    const again = await relay('apply', '-f', 'tenants', '--yes');
    expect([again.code, again.output]).toEqual([0, expect.stringMatching(/unchanged|nothing/i)]);
  },
);
