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

  it.each([
    ['a.example.com,,', 'a.example.com'],
    [' A.example.com  b.example.com,*.c.example.com ', 'a.example.com, b.example.com, *.c.example.com'],
    [',', ''],
  ])('takes the hosts %j as %j', (allow, hosts) => {
    expect(readSetupOptions(['--allow', allow])?.allow).toBe(hosts);
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

  it.each([
    ['--dry-run false', '--dry-run'],
    ['--dry-run true', '--dry-run'],
    ['--dry-run=false', '--dry-run'],
    ['--dryRun=false --dry-run', '--dry-run'],
    ['--dry-run --no-dry-run', '--no-dry-run'],
    ['--dry-run --noDryRun', '--noDryRun'],
    ['--no-dryRun --dry-run', '--no-dryRun'],
    ['--x-provision', '--x-provision'],
    ['--xProvision', '--xProvision'],
    ['--experimental-provision=true', '--experimental-provision'],
    ['-- --dry-run', '--'],
    ['-e eu', '--env'],
    ['--config other.toml', '--record'],
    ['-cother.toml', '--record'],
    ['--tag x versions upload', 'the command comes first'],
    ['--dry-run deploy', '--dry-run'],
    ['versions --tag x upload', 'the command comes first'],
    ['-y rollback', 'the command comes first'],
  ])('refuses %s, which would do something else than it checks', (line, words) => {
    expect(() => readDeployOptions(['--env', 'eu', ...line.split(' ')])).toThrow(words);
  });

  it('takes a command word as the value of a flag', () => {
    expect(readDeployOptions(['--tag=rollback', '--dry-run'])).toMatchObject({ command: ['deploy'] });
  });

  it('knows the environment wherever it stands, an empty one being the top level', () => {
    expect(readDeployOptions(['versions', 'upload', '--env=eu'])?.env).toBe('eu');
    expect(readDeployOptions(['--env='])?.env).toBe('global');
    expect(() => readDeployOptions(['--env', 'europe'])).toThrow('--env');
  });
});
