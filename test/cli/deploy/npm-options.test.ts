import { describe, expect, it } from 'vitest';

import { optionsKeptByNpm } from '../../../cli/deploy/npm-options.ts';

const SETUP = { npm_lifecycle_event: 'deploy:setup' };
const DEPLOY = { npm_lifecycle_event: 'deploy' };

describe('optionsKeptByNpm', () => {
  it.each([
    [{ npm_config_dry_run: 'true' }, [], 'npm run deploy:setup -- --dry-run`'],
    [{ npm_config_env: 'eu' }, [], 'npm run deploy:setup -- --env eu`'],
    // As npm 11 hands on `--env eu`.
    [{ npm_config_env: 'true' }, ['eu'], 'npm run deploy:setup -- --env eu`'],
    [{ npm_config_create: '' }, [], 'npm run deploy:setup -- --no-create`'],
    [{ npm_config_kv_id: 'true' }, ['abc'], 'npm run deploy:setup -- --kv-id abc`'],
  ])('says how to hand on %j', (env, args, line) => {
    expect(optionsKeptByNpm('deploy:setup', args, { ...SETUP, ...env })).toContain(line);
  });

  it('says nothing where our own arguments have the option, or npm has none', () => {
    expect(optionsKeptByNpm('deploy', ['--env=eu'], { ...DEPLOY, npm_config_env: 'eu' })).toBeUndefined();
    expect(
      optionsKeptByNpm('deploy', [], { ...DEPLOY, npm_config_dry_run: '', npm_config_allow_scripts: '' }),
    ).toBeUndefined();
    expect(
      optionsKeptByNpm('deploy', [], { npm_lifecycle_event: 'check', npm_config_dry_run: 'true' }),
    ).toBeUndefined();
  });
});
