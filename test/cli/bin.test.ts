/** The real program, started as people start it: in few tests, because each starts a Node. */

import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'cli', 'bin.mjs');
/** Stands for a Node that is too old: the started one has the option not. */
const OLD_NODE = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"18.20.0"})';
const CODE_IN_JSON = /"kind": "([a-z_]+)"/;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ENV = {
  ...process.env,
  NO_COLOR: '1',
  NODE_OPTIONS: '',
  NOXYS_RELAY_URL: '',
  NOXYS_RELAY_TOKEN: 'x'.repeat(24),
};

async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = ROOT,
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: { ...ENV, ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr });
    });
  });
}

/** Each starts a Node or two, on a machine that may be busy. */
const PATIENT = { timeout: 60_000 };

describe('npx noxys-relay', PATIENT, () => {
  it('runs in a clone and below it', async () => {
    const env = { npm_config_offline: 'true', npm_config_update_notifier: 'false' };
    expect(await run('npx', ['noxys-relay', '--version'], env)).toMatchObject({ code: 0, stdout: '0.1.0\n' });
    expect(await run('npx', ['noxys-relay', '--version'], env, join(ROOT, 'docs'))).toMatchObject({
      stdout: '0.1.0\n',
    });
  });

  it('can be executed', () => {
    expect(statSync(BIN).mode & 0o111).not.toBe(0);
  });

  it('says npm ci where its packages are missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'noxys-relay-bin-'));
    mkdirSync(join(folder, 'cli'));
    copyFileSync(BIN, join(folder, 'cli', 'bin.mjs'));
    const ended = await run(process.execPath, [join(folder, 'cli', 'bin.mjs'), 'apply']);
    rmSync(folder, { recursive: true });
    expect(ended).toMatchObject({
      code: EXIT.invalid,
      stdout: '',
      stderr: expect.stringContaining('npm ci'),
    });
  });

  it('says npm ci for the scripts of package.json, too, in one line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'noxys-relay-launch-'));
    mkdirSync(join(folder, 'cli'));
    copyFileSync(join(ROOT, 'cli', 'launch.mjs'), join(folder, 'cli', 'launch.mjs'));
    const ended = await run(process.execPath, [join(folder, 'cli', 'launch.mjs'), 'examples/start.ts']);
    rmSync(folder, { recursive: true });
    expect(ended).toMatchObject({ code: EXIT.invalid, stdout: '' });
    expect(ended.stderr).toMatch(/^[^\n]*npm ci\n$/);
  });

  it('ends a script of package.json with the shell that npm started it in, as a SIGTERM to npm reaches no further', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'noxys-relay-launch-'));
    const script = join(folder, 'stay.mjs');
    writeFileSync(
      script,
      "process.on('SIGTERM', () => (console.log('ended'), process.exit()));\nsetTimeout(() => process.exit(), 20_000);\nconsole.log('up');\n",
    );
    // What follows keeps the shell from giving way to the script.
    const line = `"${process.execPath}" "${join(ROOT, 'cli', 'launch.mjs')}" "${script}"; exit 0`;
    const shell = spawn('sh', ['-c', line], { env: { ...ENV, npm_lifecycle_event: 'dev' } });
    let said = '';
    shell.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said === 'up\n') shell.kill('SIGTERM');
    });
    // The script has the shell's stdout: it closes when both are gone.
    await new Promise((resolve) => shell.once('close', resolve));
    rmSync(folder, { recursive: true });
    expect(said).toBe('up\nended\n');
  });

  it('refuses options that npm kept for itself', async () => {
    const env = {
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      CLOUDFLARE_API_TOKEN: 'none',
    };
    const ended = await run('npm', ['run', '--silent', 'deploy:setup', '--dry-run'], env);
    expect(ended.stdout).toBe('');
    expect(ended).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining('npm run deploy:setup -- --dry-run'),
    });
  });

  it('starts the Node of its packages where this one is too old, and ends as that does', async () => {
    const old = ['--import', OLD_NODE, BIN];
    expect(await run(process.execPath, [...old, '--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
    expect(await run(process.execPath, [...old, 'lanes', 'acme'])).toMatchObject({ code: EXIT.invalid });
  });
});

describe('the program against a server', PATIENT, () => {
  let server: Server;
  let url = '';
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url?.includes('/lanes') === true) response.end('{"lanes":[]}');
      else if (request.url?.includes('hang') === true) return;
      else response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address !== null && typeof address === 'object') url = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('talks over HTTP, follows no redirect, and says so in JSON', async () => {
    expect(
      await run(process.execPath, [BIN, 'lanes', 'acme', '--json'], { NOXYS_RELAY_URL: url }),
    ).toMatchObject({
      code: 0,
      stdout: '{\n  "lanes": []\n}\n',
    });
    const redirected = await run(process.execPath, [BIN, 'tenants', '--json'], { NOXYS_RELAY_URL: url });
    expect(redirected.code).toBe(EXIT.unreachable);
    expect(CODE_IN_JSON.exec(redirected.stdout)?.[1]).toBe('redirected');
    expect(seen.some((line) => line.includes('elsewhere'))).toBe(false);
  });

  it('ends at Ctrl-C with 130 and without a stack trace, under an old Node, too', async () => {
    for (const before of [[], ['--import', OLD_NODE]]) {
      seen.length = 0;
      const child = spawn(process.execPath, [...before, BIN, 'tenants', 'show', 'hang'], {
        env: { ...ENV, NOXYS_RELAY_URL: url },
        stdio: ['ignore', 'ignore', 'pipe'],
        // A group of its own, to which the signal goes as from a terminal.
        detached: true,
      });
      let stderr = '';
      child.stderr.on('data', (chunk) => (stderr += String(chunk)));
      const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1);
      process.kill(-(child.pid ?? 0), 'SIGINT');
      expect(await ended).toBe(EXIT.interrupted);
      expect(stderr).toBe('Interrupted.\n');
    }
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends at %s to its process alone, with the Node that it started',
    async (signal) => {
      seen.length = 0;
      const child = spawn(process.execPath, ['--import', OLD_NODE, BIN, 'tenants', 'show', 'hang'], {
        env: { ...ENV, NOXYS_RELAY_URL: url },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      // Closed once the last process that holds it is gone.
      const closed = new Promise((resolve) => child.on('close', (code) => resolve(code)));
      await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1);
      child.kill(signal);
      expect(await closed).toBe(EXIT.interrupted);
    },
  );

  it.each([
    ['tenants --json', EXIT.unreachable],
    ['lanes acme --json', EXIT.ok],
    ['lanes acme --watch --interval 1', EXIT.ok],
  ])('keeps the exit code of %s when nobody reads its output', async (line, code) => {
    const script = `set -o pipefail; "$@" 2>/dev/null | true`;
    const args = ['-c', script, 'bash', process.execPath, BIN, ...line.split(' ')];
    expect(await run('bash', args, { NOXYS_RELAY_URL: url })).toMatchObject({ code });
  });

  it.skipIf(!existsSync('/dev/full'))('says in one line that its output could not be written', async () => {
    const args = ['-c', '"$@" >/dev/full', 'bash', process.execPath, BIN, 'lanes', 'acme', '--json'];
    expect(await run('bash', args, { NOXYS_RELAY_URL: url })).toMatchObject({
      code: EXIT.failed,
      stderr: "Can't write to stdout: ENOSPC.\n",
    });
  });

  it('sends nothing for this machine through a proxy', async () => {
    const proxied = {
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: 'http://127.0.0.1:9',
      http_proxy: 'http://127.0.0.1:9',
    };
    for (const noProxy of [{}, { no_proxy: '' }, { NO_PROXY: 'example.com' }]) {
      const env = { ...proxied, ...noProxy, NOXYS_RELAY_URL: url };
      expect(await run(process.execPath, [BIN, 'lanes', 'acme', '--json'], env)).toMatchObject({ code: 0 });
    }
  });

  it('ends quietly when the reader of its output has enough', async () => {
    const ended = await run('bash', [
      '-c',
      `set -o pipefail; "$0" "$1" --help | head -n 1`,
      process.execPath,
      BIN,
    ]);
    expect(ended).toMatchObject({ stdout: expect.stringContaining('Usage'), stderr: '' });
  });
});
