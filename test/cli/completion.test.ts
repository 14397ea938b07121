import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { completionScript, FILES, NO_FILES, shellQuoted, SHELLS } from '../../cli/completion/scripts.ts';
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
    [['rules', 'check', 'a.yml', ''], [], FILES],
    [['rules', 'test', 'acme', '--event', ''], [], FILES],
    [['rules', 'backtest', 'be'], ['beta'], NO_FILES],
    [['detections', 'mark', 'acme', 'det_1', 'f'], ['false-positive'], NO_FILES],
    [['detections', 'list', 'acme', '--verdict', 'n'], ['none'], NO_FILES],
    [['rules', 'show', 'acme', 'noxys_hl2'], ['noxys_hl2_pii_exposure'], NO_FILES],
    [['windows', 'list', 'acme', '--rule', 'noxys_hl3'], ['noxys_hl3_repeated_violations'], NO_FILES],
    [['playbook', 'show', 'crit'], ['critical_response'], NO_FILES],
    [['holds', ''], ['list', 'place', 'lift', 'help'], NO_FILES],
    [['holds', 'place', 'be'], ['beta'], NO_FILES],
    [['eras'], ['erase', 'erasures'], NO_FILES],
    [['erase', 'acme', '--user'], ['--user', '--user-id', '--user-email', '--user-key'], NO_FILES],
    [['export', 'acme', '--out', ''], [], FILES],
    [['retention', ''], ['acme', 'beta'], NO_FILES],
    [['playbook', 'test', 'acme', 'cred'], ['credential_exposure'], NO_FILES],
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

  it('never takes what is typed for secrets, options or commands of its own', async () => {
    expect((await complete('lanes', 'acme', '--json', '--wa')).values).toEqual(['--watch']);
    expect((await complete('lanes', 'acme', '--help', '--wa')).values).toEqual(['--watch']);
    expect((await complete('nonsense', '--odd', 'x')).values).toEqual([]);
  });
});

describe('completion scripts', () => {
  it.each(SHELLS)('of %s run this program, whatever its path', async (shell) => {
    const { stdout } = await new FakeIo().run(`completion ${shell}`);
    expect(stdout).toContain('bin.mjs complete -- ');
    expect(completionScript(shell, '$& x')).toContain('$& x complete -- ');
  });

  it('quote a path with spaces and quotes', () => {
    expect(shellQuoted("/it's here/node")).toBe(String.raw`'/it'\''s here/node'`);
    expect(shellQuoted('/usr/bin/node')).toBe('/usr/bin/node');
  });

  it('work in bash, and evaluate nothing that was typed', { timeout: 60_000 }, () => {
    const { cwd } = new FakeIo({ files: { 'tenants/acme.yaml': '' } });
    const bin = join(import.meta.dirname, '../../cli/bin.mjs');
    const script = `${completionScript('bash', [process.execPath, bin].map(shellQuoted).join(' '))}
comp() { COMP_WORDS=(noxys-relay "$@"); COMP_CWORD=$#; _noxys_relay; echo "\${COMPREPLY[*]}"; }
comp lanes a
comp token create ci --role = v
comp lanes '$(touch evaluated)' ''
comp apply -f ''`;
    const lines = execFileSync('bash', ['-c', script], { cwd, encoding: 'utf8' }).split('\n');
    expect(lines.slice(0, 4)).toEqual(['acme', 'viewer', '', '']);
    expect(existsSync(join(cwd, 'evaluated'))).toBe(false);
  });
});
