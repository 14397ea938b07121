/** What the Deploy to Cloudflare button reads: it asks for every name in .dev.vars.example, and deploys the values as secrets. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { describe, expect, it } from 'vitest';

import { environmentOf, readRawConfig } from '../cli/deploy/environment.ts';

const ROOT = join(import.meta.dirname, '..');
const { secrets, vars } = environmentOf(readRawConfig(), 'global');
const example = parseEnv(readFileSync(join(ROOT, '.dev.vars.example'), 'utf8'));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly cloudflare: { readonly bindings: Readonly<Record<string, { readonly description: string }>> };
};

describe('the Deploy to Cloudflare button', () => {
  it('asks for the secrets, and for nothing that is meant for this machine', () => {
    expect(Object.keys(example).toSorted()).toEqual([...secrets].toSorted());
  });

  it('offers no value that would do as it is', () => {
    expect(Object.values(example).filter((value) => value !== '')).toEqual([]);
  });

  it('explains every secret, and names only what there is', () => {
    const explained = Object.keys(manifest.cloudflare.bindings);
    expect(explained).toEqual(expect.arrayContaining([...secrets]));
    expect(explained.filter((name) => !secrets.includes(name) && !(name in vars))).toEqual([]);
  });

  it('runs the build and the deployment of package.json', () => {
    expect(manifest.scripts).toMatchObject({ build: expect.anything(), deploy: expect.anything() });
  });
});
