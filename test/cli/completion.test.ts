import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { FakeIo } from './fake-io.ts';
import { tenantYaml } from './tenant-documents.ts';

async function complete(
  ...words: string[]
): Promise<{ readonly values: string[]; readonly directive: string | undefined }> {
  const shell = new FakeIo({
    files: { 'tenants/acme.yaml': tenantYaml('acme'), 'tenants/beta.yml': '', 'tenants/.env': '' },
  });
  const { stdout } = await shell.run(['complete', '--', ...words]);
  const lines = stdout.trim().split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t')[0] ?? ''), directive: lines.at(-1) };
}

const FILES = ':0';
const NO_FILES = ':4';

describe('completion', () => {
  it.each([
    [['la'], ['lanes'], NO_FILES],
    [['events', ''], ['tail', 'explain', 'search', 'help'], NO_FILES],
    [['lanes', ''], ['acme', 'beta'], NO_FILES],
    [['lanes', 'a'], ['acme'], NO_FILES],
    [['lanes', 'acme', '--wa'], ['--watch'], NO_FILES],
    [['lanes', 'acme', '--js'], ['--json'], NO_FILES],
    [['apply', '-f', ''], [], FILES],
    [['--url', 'x', 'lanes', 'be'], ['beta'], NO_FILES],
    [['token', 'create', 'ci', '--role', 'v'], ['viewer'], NO_FILES],
    [
      ['token', 'create', 'ci', '--role='],
      ['metrics', 'viewer', 'operator', 'admin'].map((role) => `--role=${role}`),
      NO_FILES,
    ],
    [['token', 'list', '--tenant', ''], ['acme', 'beta'], NO_FILES],
    [['dead-letters', 'acme', 're'], ['redrive'], NO_FILES],
    [['doctor', 'acme', 'b'], ['beta'], NO_FILES],
    [['completion', 'z'], ['zsh'], NO_FILES],
  ])('of %j is %j', async (words, values, directive) => {
    const found = await complete(...words);
    expect(found.values.toSorted()).toEqual(values.toSorted());
    expect(found.directive).toBe(directive);
  });

  it('knows no hidden command', async () => {
    expect((await complete('comp')).values).toEqual(['completion']);
  });

  it('refuses a shell that it has no script for', async () => {
    expect((await new FakeIo().run('completion tcsh')).code).toBe(EXIT.invalid);
  });
});
