/**
 * `npm run deploy:setup`: from a clean Cloudflare account to one that the relay can be deployed to. Reads first, and refuses before
 * it makes anything when something is wrong; makes what is missing, one thing after the other, so that a run that broke off is
 * finished by the next one; changes nothing that is there.
 */

import { relative } from 'node:path';

import { EXIT } from '../exit-codes.ts';
import { createNamespace, createQueue, listSecrets, putSecrets, readAccount } from './account.ts';
import { SETUP_USAGE, readSetupOptions, type SetupOptions } from './arguments.ts';
import { ROOT, environmentOf, readRawConfig, type Environment } from './environment.ts';
import { optionsKeptByNpm } from './npm-options.ts';
import { planSetup, type Plan, type Step, type Wanted } from './plan.ts';
import { isSameRecord, readRecord, recordPath, writeRecord, type DeployRecord } from './record.ts';
import { printFaults, printFinish, printHead, printStep } from './report.ts';
import { canMake, closeSecrets, faultOf, makeSecrets, readSecrets, secretsPath } from './secrets.ts';
import { lockSetup } from './setup-lock.ts';

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function main(args: readonly string[]): Promise<number> {
  const keptByNpm = optionsKeptByNpm('deploy:setup', args, process.env);
  if (keptByNpm !== undefined) {
    console.error(keptByNpm);
    return EXIT.invalid;
  }
  const options = readSetupOptions(args);
  if (!options) {
    console.log(SETUP_USAGE);
    return 0;
  }
  const unlock = options.isDryRun ? () => undefined : lockSetup(options.folder, options.env);
  try {
    return await setUp(options);
  } finally {
    unlock();
  }
}

async function setUp(options: SetupOptions): Promise<number> {
  const { env, folder, isDryRun } = options;
  if (!isDryRun) closeSecrets(folder, env);
  const environment = environmentOf(readRawConfig(), env);
  printHead(environment, options);
  const before = readRecord(folder, env);
  const domain = options.domain ?? before?.domain;
  const egressAllow = options.allow ?? before?.egressAllow;
  const found = await readAccount(environment);
  const plan = planSetup(wantedOf(environment, options, before), found);
  const faults = [...plan.faults, ...settingFaults(environment, options, egressAllow)];
  if (faults.length > 0) {
    printFaults(plan.steps, faults);
    return 1;
  }
  const kvId = isDryRun ? showOnly(plan) : await carryOut(environment, plan, options);
  const record: DeployRecord = {
    kvId,
    ...(domain === undefined ? {} : { domain }),
    ...(egressAllow === undefined ? {} : { egressAllow }),
  };
  const isRecorded = isSameRecord(before, record);
  if (!isDryRun && !isRecorded) writeRecord(folder, env, record);
  printFinish({
    environment,
    isDryRun,
    isUnchanged: plan.steps.every(({ todo }) => todo === 'keep'),
    isRecorded,
    record,
    recordPath: relative(ROOT, recordPath(folder, env)),
    secretsPath: relative(ROOT, secretsPath(folder, env)),
    hasSecretsFile: Object.keys(readSecrets(folder, env)).length > 0,
  });
  return 0;
}

function wantedOf(
  environment: Environment,
  { kvId, mayCreate, folder, env }: SetupOptions,
  before: DeployRecord | undefined,
): Wanted {
  return {
    environment,
    kvId: kvId ?? before?.kvId ?? environment.kvId,
    mayCreate,
    storedSecrets: Object.keys(readSecrets(folder, env)),
    canMake,
  };
}

/** What the relay itself would refuse at its start. */
function settingFaults(
  { vars }: Environment,
  { folder, env }: SetupOptions,
  egressAllow: string | undefined,
): string[] {
  const values = egressAllow === undefined ? vars : { ...vars, RELAY_EGRESS_ALLOW: egressAllow };
  const fault = faultOf(values, readSecrets(folder, env));
  const file = relative(ROOT, secretsPath(folder, env));
  return fault === undefined ? [] : [`${fault}. It comes from --allow, ${file} or wrangler.toml.`];
}

function showOnly({ steps }: Plan): string {
  for (const step of steps) printStep(step, false);
  return steps.find(({ kind }) => kind === 'KV namespace')?.id ?? '';
}

/** Makes what is missing, in the order of the steps; resolves to the namespace's id. */
async function carryOut(environment: Environment, { steps }: Plan, options: SetupOptions): Promise<string> {
  let kvId = '';
  for (const step of steps.filter(({ kind }) => kind !== 'secret')) {
    if (step.kind === 'KV namespace') kvId = step.id ?? (await createNamespace(step.name, step.jurisdiction));
    else if (step.todo === 'make') await createQueue(step.name, step.jurisdiction);
    printStep(step, true);
  }
  const secrets = await setSecrets(
    environment,
    steps.filter(({ kind }) => kind === 'secret'),
    options,
  );
  for (const step of secrets) printStep(step, true);
  return kvId;
}

/**
 * New values are in the file before Cloudflare has them: a run that breaks off in between loses none. What another machine has put
 * there in the meantime stays: a relay may have sealed with it. Resolves to what was done.
 */
async function setSecrets(
  environment: Environment,
  planned: readonly Step[],
  { folder, env }: SetupOptions,
): Promise<readonly Step[]> {
  if (planned.every(({ todo }) => todo === 'keep')) return planned;
  const there = await listSecrets(environment);
  const steps = planned.map((step) =>
    there.includes(step.name) ? { ...step, todo: 'keep' as const } : step,
  );
  const missing = steps.filter(({ todo }) => todo !== 'keep').map(({ name }) => name);
  if (missing.length === 0) return steps;
  const values = makeSecrets(folder, env, missing);
  await putSecrets(environment, Object.fromEntries(missing.map((name) => [name, values[name] ?? ''])));
  return steps;
}
