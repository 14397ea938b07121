/**
 * `npm run deploy`: wrangler with the values that `npm run deploy:setup` recorded. Before anything of the EU environment is uploaded it
 * looks again whether KV and queues are in the EU, and whether wrangler.toml keeps what is promised of it; it never lets wrangler make
 * what is missing there.
 */

import { EXIT } from '../exit-codes.ts';
import { checkConfig } from '../residency/check-config.ts';
import { deployedConfig } from '../residency/read-config.ts';
import { findQueue, listNamespaces } from './account.ts';
import { DEPLOY_USAGE, readDeployOptions, type DeployOptions } from './arguments.ts';
import {
  CONFIG_PATH,
  environmentOf,
  readRawConfig,
  type Environment,
  type RawConfig,
} from './environment.ts';
import { optionsKeptByNpm } from './npm-options.ts';
import { jurisdictionFaults } from './plan.ts';
import { readRecord, type DeployRecord } from './record.ts';
import { faultOf } from './secrets.ts';
import { runWrangler } from './wrangler.ts';
import { withConfigFile, withRecord } from './wrangler-config.ts';

/** wrangler's commands that upload the Worker with its bindings. */
const UPLOAD_PATTERN = /^(?:deploy|preview|versions upload)(?: |$)/;

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
});

async function main(args: readonly string[]): Promise<number> {
  const keptByNpm = optionsKeptByNpm('deploy', args, process.env);
  if (keptByNpm !== undefined) {
    console.error(keptByNpm);
    return EXIT.invalid;
  }
  const options = readDeployOptions(args);
  if (!options) {
    console.log(DEPLOY_USAGE);
    return 0;
  }
  const { env, command, flags, folder } = options;
  const raw = readRawConfig();
  const environment = environmentOf(raw, env);
  const record = readRecord(folder, env);
  const isUpload = UPLOAD_PATTERN.test(command.join(' '));
  const isDryRun = flags.includes('--dry-run');
  if (isUpload) checkEgress(environment, record);
  if (isUpload) checkPromises(raw, environment, record);
  if (isUpload && !isDryRun) await checkPlace(environment, options, record);
  const run = async (config: string, ...extra: readonly string[]) =>
    runWrangler([...command, '--config', config, `--env=${environment.flag}`, ...extra, ...flags]);
  if (record === undefined && environment.jurisdiction === undefined) return run(CONFIG_PATH);
  // wrangler makes nothing. Hidden in its help. Source: wrangler 4.155.0, global flag "experimental-provision".
  return withConfigFile(withRecord(raw, env, record), env, async (path) => run(path, '--no-x-provision'));
}

/** Throws unless the relay would take the recorded hosts; a setup asked the same before it recorded them. */
function checkEgress({ worker, vars }: Environment, record: DeployRecord | undefined): void {
  if (record?.egressAllow === undefined) return;
  const fault = faultOf({ ...vars, RELAY_EGRESS_ALLOW: record.egressAllow }, {});
  if (fault === undefined) return;
  throw new Error(`Cannot deploy ${worker}: ${fault}. Record other hosts: deploy:setup with --allow`);
}

/** Throws when wrangler.toml breaks what is promised of the EU; `residency check --offline` says the same, and more. */
function checkPromises(
  raw: RawConfig,
  { name, worker, jurisdiction }: Environment,
  record?: DeployRecord,
): void {
  if (jurisdiction === undefined) return;
  const faults = checkConfig(deployedConfig(raw, name, record)).filter(({ level }) => level === 'failure');
  if (faults.length === 0) return;
  const lines = faults.map(({ what, fix = '' }) => `${what} ${fix}`);
  throw new Error(
    `Cannot deploy ${worker} as wrangler.toml breaks what is promised of the EU:\n${lines.join('\n')}`,
  );
}

/** Throws unless the environment's resources are where its tenants' data must stay. */
async function checkPlace(
  environment: Environment,
  { env }: DeployOptions,
  record: DeployRecord | undefined,
): Promise<void> {
  if (record === undefined && environment.jurisdiction === undefined) {
    console.log(
      'Nothing is recorded (npm run deploy:setup): wrangler.toml as it is, wrangler makes what is missing.',
    );
    return;
  }
  const setup = `npm run deploy:setup -- --env ${env}`;
  if (record === undefined)
    throw new Error(
      `Cannot deploy ${environment.worker} as its KV and queues must be checked first: run \`${setup}\``,
    );
  if (environment.jurisdiction === undefined) return;
  const namespaces = (await listNamespaces()).filter(({ id }) => id === record.kvId);
  const queues = await Promise.all(environment.queues.map(async (name) => findQueue(name)));
  const there = queues.filter((queue) => queue !== undefined);
  const faults = jurisdictionFaults(environment, namespaces, there);
  if (namespaces.length === 0 || there.length < queues.length)
    faults.push(`KV or a queue is gone: run \`${setup}\`.`);
  if (faults.length > 0) throw new Error(`Cannot deploy ${environment.worker}:\n${faults.join('\n')}`);
}
