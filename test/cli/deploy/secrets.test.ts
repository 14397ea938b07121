import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { environmentOf, readRawConfig } from '../../../cli/deploy/environment.ts';
import { closeSecrets, faultOf, makeSecrets, readSecrets, secretsPath } from '../../../cli/deploy/secrets.ts';

const { vars, secrets: required } = environmentOf(readRawConfig(), 'eu');
let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'noxys-relay-secrets-'));
  folder = join(parent, 'record');
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('the secrets of a setup', () => {
  it('are made so that the relay takes them, in a file that only this user reads and git ignores', () => {
    const made = makeSecrets(folder, 'eu', required);
    expect(Object.keys(made)).toEqual(required);
    expect(faultOf(vars, made)).toBeUndefined();
    expect(readSecrets(folder, 'eu')).toEqual(made);
    expect(statSync(secretsPath(folder, 'eu')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('stay what they are when another one is made, and differ from environment to environment', () => {
    const { RELAY_MASTER_KEY: key } = makeSecrets(folder, 'eu', ['RELAY_MASTER_KEY']);
    expect(makeSecrets(folder, 'eu', ['RELAY_ADMIN_TOKEN'])).toMatchObject({ RELAY_MASTER_KEY: key });
    expect(makeSecrets(folder, 'global', ['RELAY_MASTER_KEY'])['RELAY_MASTER_KEY']).not.toBe(key);
  });

  it('that stand in the file win over new ones', () => {
    const made = makeSecrets(folder, 'eu', required);
    expect(makeSecrets(folder, 'eu', required)).toEqual(made);
    expect(readSecrets(folder, 'eu')).toEqual(made);
  });

  it.each([
    'RELAY_ADMIN_TOKEN="tok#en-with-hash-1234567890abcdef"\n',
    "# mine\nRELAY_ADMIN_TOKEN='tok\"en #1234567890abcdefghij'",
    'export RELAY_ADMIN_TOKEN=`tok#en"1234567890abcdefghij`  # from the vault\r\n',
    'RELAY_ADMIN_TOKEN="two\nlines-1234567890abcdefghij"\n',
  ])('of the operator stay as they are written: %j', (text) => {
    mkdirSync(folder);
    writeFileSync(secretsPath(folder, 'eu'), text, { mode: 0o644 });
    const { RELAY_ADMIN_TOKEN: token } = readSecrets(folder, 'eu');
    makeSecrets(folder, 'eu', ['RELAY_MASTER_KEY']);
    expect(readFileSync(secretsPath(folder, 'eu'), 'utf8').startsWith(text)).toBe(true);
    expect(readSecrets(folder, 'eu')).toMatchObject({
      RELAY_ADMIN_TOKEN: token,
      RELAY_MASTER_KEY: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(statSync(secretsPath(folder, 'eu')).mode & 0o777).toBe(0o600);
  });

  it('are closed to others where they were open', () => {
    mkdirSync(folder, { mode: 0o755 });
    writeFileSync(secretsPath(folder, 'eu'), 'A=b\n', { mode: 0o644 });
    closeSecrets(folder, 'eu');
    expect(statSync(secretsPath(folder, 'eu')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['*.log', '*.log\n*.secrets\n*.secrets.*\n*.lock\n*.lock.*\n'],
    ['*.secrets\n', '*.secrets\n*.secrets.*\n*.lock\n*.lock.*\n'],
    ['*\n!eu.secrets\n', '*\n!eu.secrets\n*.secrets\n*.secrets.*\n*.lock\n*.lock.*\n'],
    ['# all\n*\n', '# all\n*\n'],
  ])('are ignored by git where a .gitignore says %j', (before, after) => {
    mkdirSync(folder);
    writeFileSync(join(folder, '.gitignore'), before);
    makeSecrets(folder, 'eu', required);
    makeSecrets(folder, 'global', required);
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe(after);
  });

  it('are in a folder that only this user opens, unless it holds other things', () => {
    mkdirSync(folder, { mode: 0o755 });
    makeSecrets(folder, 'eu', required);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    writeFileSync(join(parent, 'notes.txt'), '');
    const mode = 0o755;
    const shared = join(parent, 'shared');
    mkdirSync(shared, { mode });
    writeFileSync(join(shared, 'notes.txt'), '');
    makeSecrets(shared, 'eu', required);
    expect(statSync(shared).mode & 0o777).toBe(mode);
  });

  it.each([
    ['RELAY_MASTER_KEY', 'too-short-a-key'],
    ['RELAY_ADMIN_TOKEN', 'short token'],
  ])('that the relay would refuse are a fault that names %s, and not its value', (name, value) => {
    const fault = faultOf(vars, { [name]: value });
    expect(fault).toContain(name);
    expect(fault).not.toContain(value);
  });

  it('come with the egress hosts that the relay would refuse', () => {
    expect(faultOf({ ...vars, RELAY_EGRESS_ALLOW: 'https://edr.acme.fr' }, {})).toContain(
      'RELAY_EGRESS_ALLOW',
    );
  });
});
