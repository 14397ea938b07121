import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { environmentOf, readRawConfig } from '../../../cli/deploy/environment.ts';
import { faultOf, makeSecrets, readSecrets, secretsPath } from '../../../cli/deploy/secrets.ts';

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
