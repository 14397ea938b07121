/** Files that somebody else wrote, or that are no files: nothing is read that must not be, nothing is lost. */

import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { replaceFile } from '../../cli/tenant-files/replace-file.ts';
import { readRegularFile } from '../../cli/tenant-files/regular-file.ts';
import { FakeIo, type FakeOptions } from './fake-io.ts';
import { StandIn } from './stand-in.ts';
import { SECRETS, tenantYaml } from './tenant-documents.ts';

function stage(options: FakeOptions = {}) {
  const relay = new StandIn();
  const shell = new FakeIo({ fetch: relay.fetch, env: SECRETS, ...options });
  return { relay, shell };
}

const makeFifo = (path: string) => execFileSync('mkfifo', [path]);

describe('apply --prune', () => {
  it.each<[string, string, (path: string, folder: string) => void]>([
    ['a link that leads nowhere', 'beta.yaml', (path) => symlinkSync('gone', path)],
    ['a FIFO', 'beta.yaml', makeFifo],
    ['a folder', 'beta.yaml', (path) => mkdirSync(path)],
    ['a link to itself', 'beta.yaml', (path) => symlinkSync('beta.yaml', path)],
    ['a link to the folder around', 'loop', (path, folder) => symlinkSync(folder, path)],
    ['a folder that is gone', 'eu', (path) => symlinkSync('unmounted', path)],
  ])('deletes nothing when %s may be a tenant', async (_what, name, make) => {
    const { relay, shell } = stage();
    shell.write('tenants/acme.yaml', tenantYaml('acme'));
    shell.write('tenants/beta.yml', tenantYaml('beta'));
    await shell.run('apply -f tenants --yes');
    execFileSync('rm', [join(shell.cwd, 'tenants/beta.yml')]);
    make(join(shell.cwd, 'tenants', name), join(shell.cwd, 'tenants'));
    const ran = await shell.run('apply -f tenants --prune --yes');
    expect(ran).toMatchObject({
      code: EXIT.invalid,
      stderr: expect.stringContaining(`tenants/${name}: the document`),
    });
    expect(relay.sent('DELETE')).toEqual([]);
  });

  it('follows a link to a folder and to a file', async () => {
    const { relay, shell } = stage();
    shell.write('elsewhere/acme.yaml', tenantYaml('acme'));
    shell.write('beta.txt', tenantYaml('beta'));
    mkdirSync(join(shell.cwd, 'tenants'));
    symlinkSync('../elsewhere', join(shell.cwd, 'tenants/eu'));
    symlinkSync('../beta.txt', join(shell.cwd, 'tenants/beta.yaml'));
    expect((await shell.run('apply -f tenants --yes')).code).toBe(EXIT.ok);
    expect([...relay.state.tenants.keys()].toSorted()).toEqual(['acme', 'beta']);
  });
});

describe('reading', () => {
  it.each([
    ['a FIFO', 'fifo', /is not a regular file/],
    ['a device', '/dev/zero', /is not a regular file/],
    ['a large file', 'large', /is larger than 64 KiB/],
  ])('refuses %s without waiting', (_what, name, words) => {
    const shell = new FakeIo({ files: { large: 'x'.repeat(65 * 1024) } });
    makeFifo(join(shell.cwd, 'fifo'));
    const path = name.startsWith('/') ? name : join(shell.cwd, name);
    expect(readRegularFile(path, 64 * 1024)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(words) },
    });
  });

  it('refuses what has no size and yet no end', () => {
    expect(readRegularFile('/proc/self/environ', 4)).toMatchObject({ ok: false });
  });
});

describe('references of a tenant file', () => {
  const withForward = (text: string) => tenantYaml('acme', `    forward: { events: ["${text}"] }\n`);

  it.each([
    [
      'a variable of the environment',
      '${CLOUDFLARE_API_TOKEN}',
      /CLOUDFLARE_API_TOKEN, which is not in \.env/,
    ],
    ['a file', '${file:key}', /refers to a file, which is for the places of secrets alone/],
    ['a member of every object', '${constructor}', /constructor, which is not in \.env/],
    ['the prototype', '${__proto__}', /__proto__, which is not in \.env/],
  ])('do not bring %s to where it is shown', async (_what, text, words) => {
    const token = 'cloudflare-token-0123456789';
    const { relay, shell } = stage({ env: { ...SECRETS, CLOUDFLARE_API_TOKEN: token } });
    shell.write('tenants/key', token);
    shell.write('tenants/acme.yaml', withForward(text));
    const ran = await shell.run('apply -f tenants --dry-run');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringMatching(words) });
    expect(ran.all).not.toContain(token);
    expect(relay.requests).toEqual([]);
  });

  it('may take what is no secret from .env, and conceal it', async () => {
    const { shell } = stage();
    shell.write('tenants/.env', 'EVENT_TYPE=policy.violation\n');
    shell.write(
      'tenants/acme.yaml',
      tenantYaml('acme').replace('edr.example.com', '${EVENT_TYPE}.example.com'),
    );
    const ran = await shell.run('apply -f tenants --dry-run');
    expect(ran).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining('[secret].example.com') });
  });

  it.each([
    ['above', '${file:../key}'],
    ['by a link', '${file:link}'],
    ['by its whole path', '${file:/etc/hostname}'],
  ])('reach no file outside of the named folder, %s', async (_what, text) => {
    const { relay, shell } = stage();
    shell.write('key', 'a-key-of-somebody-else');
    shell.write('tenants/acme.yaml', tenantYaml('acme').replace('${EDR_TOKEN}', text));
    symlinkSync('../key', join(shell.cwd, 'tenants/link'));
    const ran = await shell.run('apply -f tenants --dry-run');
    expect(ran.stderr).toContain('name with -f the folder that holds both');
    expect(relay.requests).toEqual([]);
  });

  it('are not asked of the prototype at the places of secrets either', async () => {
    const { shell } = stage();
    shell.write('tenants/acme.yaml', tenantYaml('acme').replace('${EDR_TOKEN}', '${constructor}'));
    const ran = await shell.run('apply -f tenants --dry-run');
    expect(ran.stderr).toContain('constructor, which is neither in the environment nor in .env');
  });
});

describe('JSON tenant files', () => {
  it.each([
    [
      'nested too deep',
      `{"id":"acme","x":${'['.repeat(9900)}${']'.repeat(9900)}}`,
      /is nested deeper than 32 levels/,
    ],
    [
      'with a key twice',
      '{\n "id": "acme",\n "id": "beta"\n}',
      /acme\.json:3:2: the document has a key twice/,
    ],
    ['with __proto__', '{\n "id": "acme",\n "__proto__": {}\n}', /acme\.json:3:2: __proto__ is not a key/],
  ])('are refused %s', async (_what, text, words) => {
    const { shell } = stage({ files: { 'tenants/acme.json': text } });
    const ran = await shell.run('apply -f tenants --dry-run --json');
    expect(ran).toMatchObject({ code: EXIT.invalid, stderr: expect.stringMatching(words) });
    expect(ran.json()).toMatchObject({ error: { kind: 'files_broken' } });
  });
});

describe('replacing a file', () => {
  it('leaves the old one whole until the new one is, and a link a link', () => {
    const shell = new FakeIo({ files: { real: 'old' } });
    const [real, kept, link] = ['real', 'kept', 'link'].map((name) => join(shell.cwd, name)) as [
      string,
      string,
      string,
    ];
    linkSync(real, kept);
    symlinkSync('real', link);
    replaceFile(link, 'new', 0o600);
    expect(readFileSync(real, 'utf8')).toBe('new');
    expect(readFileSync(kept, 'utf8')).toBe('old');
    expect(statSync(real).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind when it fails', () => {
    const shell = new FakeIo();
    mkdirSync(join(shell.cwd, 'taken'));
    expect(() => replaceFile(join(shell.cwd, 'taken'), 'new')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(execFileSync('ls', ['-A', shell.cwd], { encoding: 'utf8' })).toBe('taken\n');
  });
});
