/**
 * wrangler.toml as a deployment of one environment takes it: its own table, what it inherits from the top level, and the recorded
 * values. Reads files alone; knows nothing of an account.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { parse } from 'smol-toml';

import { isRecord } from '../../src/lib/record.ts';
import {
  CONFIG_PATH,
  environmentOf,
  ownOf,
  type Environment,
  type EnvironmentName,
  type RawConfig,
} from '../deploy/environment.ts';
import { readRecord, type DeployRecord } from '../deploy/record.ts';
import { withRecord } from '../deploy/wrangler-config.ts';
import { CliFailure, invalidInput } from '../failure.ts';
import { EXIT } from '../exit-codes.ts';

/**
 * What an environment has not of the top level. All else holds for it too where it says nothing itself: what nobody here knows, as well.
 * `unsafe` is not among them, though wrangler passes none on today: it is no place for anything of an EU deployment.
 * Source: wrangler 4.155.0, `notInheritable(…)`, read 2026-11.
 */
const NOT_INHERITED: ReadonlySet<string> = new Set(
  'env name agent_memory ai ai_search ai_search_namespaces analytics analytics_engine_datasets artifacts browser cloudchamber connect containers d1_databases define dispatch_namespaces durable_objects flagship hyperdrive images k2 kv_namespaces media mtls_certificates pipelines queues r2_buckets ratelimits secrets secrets_store_secrets send_email services stream streaming_tail_consumers tail_consumers unsafe_hello_world vars vectorize version_metadata vpc_networks vpc_services worker_loaders workflows'.split(
    ' ',
  ),
);

export type Table = Readonly<Record<string, unknown>>;

export interface DeployedConfig {
  readonly environment: Environment;
  /** With what is inherited and what is recorded. */
  readonly table: Table;
  /** As it is written: the recorded values are not in it, nor is what is inherited. */
  readonly written: Table;
  /** The top level, as it is written. */
  readonly top: Table;
  readonly record: DeployRecord | undefined;
  /** Of the other environment, whose resources this one must not share. */
  readonly otherRecord: DeployRecord | undefined;
}

export interface ConfigPlace {
  /** wrangler.toml; undefined: that of this installation. */
  readonly config: string | undefined;
  /** Relative to wrangler.toml, as for a deployment. */
  readonly record: string;
}

/** Throws a CliFailure when a file can't be read, or is none of ours. */
export function readDeployedConfig(cwd: string, name: EnvironmentName, place: ConfigPlace): DeployedConfig {
  const path = place.config === undefined ? CONFIG_PATH : resolve(cwd, place.config);
  const folder = resolve(dirname(path), place.record);
  try {
    const { env, ...rest } = parse(readFileSync(path, 'utf8')) as Partial<RawConfig>;
    const { name: worker, main } = rest;
    if (worker === undefined || main === undefined)
      throw invalidInput(`${path} is not the relay's wrangler.toml: it has no \`name\` or no \`main\`.`);
    const raw = { ...rest, ...(env && { env }), name: worker, main };
    const other = name === 'eu' ? 'global' : 'eu';
    return deployedConfig(raw, name, readRecord(folder, name), readRecord(folder, other));
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT.invalid, 'config_unreadable', `${path} can't be checked: ${message}`);
  }
}

/** Pure. */
export function deployedConfig(
  raw: RawConfig,
  name: EnvironmentName,
  record: DeployRecord | undefined,
  otherRecord?: DeployRecord,
): DeployedConfig {
  const settled = withRecord(raw, name, record);
  const environment = environmentOf(settled, name);
  const own = tableOf(ownOf(settled, name));
  const inherited = Object.entries(tableOf(raw)).filter(([key]) => !NOT_INHERITED.has(key));
  const table = { ...(name === 'global' ? {} : Object.fromEntries(inherited)), ...own };
  return { environment, table, written: tableOf(ownOf(raw, name)), top: tableOf(raw), record, otherRecord };
}

export function tableOf(value: unknown): Table {
  return isRecord(value) && !Array.isArray(value) ? value : {};
}

/** The tables of an array of tables; empty where there is none. */
export function tablesOf(value: unknown): readonly Table[] {
  return Array.isArray(value) ? value.map(tableOf) : [];
}

/** The names of the queues that a table binds or consumes. */
export function queuesOf(table: Table): readonly string[] {
  const { producers, consumers } = tableOf(table['queues']);
  return [...tablesOf(producers), ...tablesOf(consumers)].flatMap(({ queue }) =>
    typeof queue === 'string' ? [queue] : [],
  );
}
