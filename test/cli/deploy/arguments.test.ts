import { describe, expect, it } from 'vitest';

import { readDeployOptions, readSetupOptions } from '../../../cli/deploy/arguments.ts';

describe('readSetupOptions', () => {
  it('takes the global environment unless told', () => {
    expect(readSetupOptions([])).toMatchObject({ env: 'global', isDryRun: false, mayCreate: true });
    expect(readSetupOptions(['--env', 'eu', '--dry-run', '--no-create'])).toMatchObject({
      env: 'eu',
      isDryRun: true,
      mayCreate: false,
    });
  });

  it.each([
    ['an unknown environment', ['--env', 'us'], '--env'],
    ['a domain with a scheme', ['--domain', 'https://relay.example.com'], '--domain'],
    ['a domain that is not public', ['--domain', 'relay.internal'], '--domain'],
    ['an id that is none', ['--kv-id', 'noxys-relay'], '--kv-id'],
    ['an unknown option', ['--jurisdiction', 'eu'], '--jurisdiction'],
    ['a word without an option', ['eu'], 'eu'],
  ])('refuses %s', (_what, args, words) => {
    expect(() => readSetupOptions(args)).toThrow(words);
  });
});

describe('readDeployOptions', () => {
  it.each<[string[], string[], string[]]>([
    [[], ['deploy'], []],
    [['--env', 'eu', '--dry-run', '--outdir', 'out'], ['deploy'], ['--dry-run', '--outdir', 'out']],
    [['--tag', 'x', '--env=eu'], ['deploy'], ['--tag', 'x']],
    [
      ['versions', 'upload', '--env', 'eu', '--tag', 'x'],
      ['versions', 'upload'],
      ['--tag', 'x'],
    ],
    [['--env', 'eu', 'rollback'], ['rollback'], []],
  ])('%j is the command %j with the flags %j', (args, command, flags) => {
    expect(readDeployOptions(args)).toMatchObject({ command, flags });
  });

  it('knows the environment wherever it stands, an empty one being the top level', () => {
    expect(readDeployOptions(['versions', 'upload', '--env=eu'])?.env).toBe('eu');
    expect(readDeployOptions(['--env='])?.env).toBe('global');
    expect(() => readDeployOptions(['--env', 'europe'])).toThrow('--env');
  });
});
