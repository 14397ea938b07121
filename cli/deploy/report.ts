/** What a setup tells the operator. Names, states and what to do next; never a secret's value. */

import type { SetupOptions } from './arguments.ts';
import type { Environment } from './environment.ts';
import type { Step } from './plan.ts';
import type { DeployRecord } from './record.ts';

const KIND_WIDTH = 14;
const NAME_WIDTH = 28;

export interface Finish {
  readonly environment: Environment;
  readonly isDryRun: boolean;
  /** Everything was there before. */
  readonly isUnchanged: boolean;
  readonly isRecorded: boolean;
  readonly record: DeployRecord;
  /** Relative to the project. */
  readonly recordPath: string;
  readonly secretsPath: string;
  /** That file is there. */
  readonly hasSecretsFile: boolean;
}

export function printHead({ worker, jurisdiction }: Environment, { isDryRun }: SetupOptions): void {
  const place = jurisdiction === undefined ? 'no jurisdiction' : `jurisdiction ${jurisdiction}`;
  console.log(`${worker}, ${place}${isDryRun ? '. A dry run: nothing is changed.' : ''}\n`);
}

/** `isDone`: what was to be done has been done. */
export function printStep(step: Step, isDone: boolean): void {
  const { kind, name, todo } = step;
  const mark = todo === 'keep' ? '✔' : isDone ? '+' : '·';
  console.log(`  ${mark} ${kind.padEnd(KIND_WIDTH)}${name.padEnd(NAME_WIDTH)} ${stateOf(step, isDone)}`);
}

export function printFaults(steps: readonly Step[], faults: readonly string[]): void {
  for (const step of steps) printStep(step, false);
  console.error(`\nNothing was changed, because:\n`);
  for (const fault of faults) console.error(`  ✘ ${fault}`);
}

export function printFinish(finish: Finish): void {
  const { environment, isDryRun, isUnchanged, isRecorded, record, recordPath, secretsPath } = finish;
  const written = isRecorded ? 'unchanged' : isDryRun ? 'would be written' : 'written';
  const mark = isRecorded ? '✔' : isDryRun ? '·' : '+';
  console.log(`  ${mark} ${'record'.padEnd(KIND_WIDTH)}${recordPath.padEnd(NAME_WIDTH)} ${written}`);
  console.log(`      domain ${record.domain ?? '–'}, egress to ${record.egressAllow || '–'}\n`);
  if (isUnchanged && isRecorded) console.log('Nothing to do: everything is there.');
  if (finish.hasSecretsFile) {
    console.log(
      `${secretsPath} holds the only copy of these secrets outside Cloudflare, which does not show them.\nPut them into your password manager, then delete the file. Without RELAY_MASTER_KEY nothing that was sealed opens again.`,
    );
  }
  if (record.domain === undefined && !environment.hasRoutes)
    console.log(
      'No domain: the relay has no address until you run this again with --domain relay.example.com.',
    );
  if (environment.jurisdiction !== undefined && !record.egressAllow)
    console.log(
      'No egress hosts: HarfangLab managers of EU tenants are refused until you name them with --allow.',
    );
  const flag = environment.flag === '' ? '' : ` -- --env ${environment.flag}`;
  console.log(isDryRun ? 'Next: the same without --dry-run' : `Next: npm run deploy${flag}`);
}

function stateOf({ kind, name, todo, jurisdiction, id }: Step, isDone: boolean): string {
  const place = kind === 'secret' || jurisdiction === undefined ? '' : `, ${jurisdiction}`;
  if (todo === 'keep') return `there${place}${id === undefined ? '' : `, ${id}`}`;
  if (isDone) return `${todo === 'put' ? 'set from the file' : 'made'}${place}`;
  if (kind === 'secret') return todo === 'put' ? 'would be set from the file' : 'would be made, kept and set';
  const noun = kind === 'queue' ? 'queues' : 'kv namespace';
  const restriction = jurisdiction === undefined ? '' : ` --jurisdiction ${jurisdiction}`;
  return `would be made: wrangler ${noun} create ${name}${restriction}`;
}
