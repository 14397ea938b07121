/** The command lines of `npm run deploy:setup` and `npm run deploy`: what they take, and what is refused before anything runs. */

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { isPublicHostName } from '../../src/lib/host-name.ts';
import { ENVIRONMENT_NAMES, ROOT, type EnvironmentName } from './environment.ts';
import { KV_ID_PATTERN } from './record.ts';

const FOLDER = '.deploy';
/** wrangler's commands that concern a Worker, and their second words. Source: wrangler 4.155.0, --help. */
const COMMAND_WORDS: ReadonlySet<string> = new Set(
  'deploy deployments delete dev list preview put rollback secret status tail triggers types upload versions view'.split(
    ' ',
  ),
);

export const SETUP_USAGE = `npm run deploy:setup [-- options]

  --env ENV        global (default) or eu
  --domain NAME    the relay's custom domain, such as relay.example.com
  --allow HOSTS    hosts that EU tenants may send to, such as "edr.acme.fr, *.acme.eu"
  --dry-run        say what would be done; change nothing
  --no-create      record and check, but make nothing: for CI
  --kv-id ID       the KV namespace, where several could be meant
  --record FOLDER  where the values and new secrets are kept (default ${FOLDER}); git ignores it`;

export const DEPLOY_USAGE = `npm run deploy [-- options] [command] [flags of wrangler]

  --env ENV        global (default) or eu
  --record FOLDER  of deploy:setup (default ${FOLDER})

  The command is wrangler's, such as: versions upload, versions deploy, rollback. Without one: deploy.`;

export interface SetupOptions {
  readonly env: EnvironmentName;
  readonly domain: string | undefined;
  readonly allow: string | undefined;
  readonly isDryRun: boolean;
  readonly mayCreate: boolean;
  readonly kvId: string | undefined;
  readonly folder: string;
}

export interface DeployOptions {
  readonly env: EnvironmentName;
  readonly folder: string;
  /** wrangler's command, such as `['versions', 'upload']`. */
  readonly command: readonly string[];
  readonly flags: readonly string[];
}

/** Undefined when help was asked for. Throws with a sentence when something is wrong. */
export function readSetupOptions(args: readonly string[]): SetupOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      env: { type: 'string', default: 'global' },
      domain: { type: 'string' },
      allow: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'no-create': { type: 'boolean', default: false },
      'kv-id': { type: 'string' },
      record: { type: 'string', default: FOLDER },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { domain, 'kv-id': kvId } = values;
  if (domain !== undefined && !isPublicHostName(domain))
    throw new Error(`Cannot use --domain as it must be a public host name in lower case: it is ${domain}`);
  if (kvId !== undefined && !KV_ID_PATTERN.test(kvId))
    throw new Error(`Cannot use --kv-id as it must be 32 hexadecimal digits: it is ${kvId}`);
  return {
    env: environmentName(values.env),
    domain,
    allow: values.allow === undefined ? undefined : hostList(values.allow),
    isDryRun: values['dry-run'],
    mayCreate: !values['no-create'],
    kvId,
    folder: folderOf(values.record),
  };
}

/** Takes out its own options, wherever they stand; everything else is wrangler's. */
export function readDeployOptions(args: readonly string[]): DeployOptions | undefined {
  const own: { env: string; record: string } = { env: 'global', record: FOLDER };
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [name, inline] = splitFlag(args[i] ?? '');
    if (name === '--help') return undefined;
    if (name === '--env' || name === '--record')
      own[name.slice(2) as keyof typeof own] = inline ?? args[++i] ?? '';
    else rest.push(args[i] ?? '');
  }
  const firstFlag = rest.findIndex((word) => word.startsWith('-'));
  const command = firstFlag === -1 ? rest : rest.slice(0, firstFlag);
  const flags = firstFlag === -1 ? [] : rest.slice(firstFlag);
  refuseFlags(flags);
  return {
    env: environmentName(own.env),
    folder: folderOf(own.record),
    command: command.length === 0 ? ['deploy'] : command,
    flags,
  };
}

/** Throws at what would make of a checked deployment another one than was checked. */
function refuseFlags(flags: readonly string[]): void {
  for (const [index, word] of flags.entries()) {
    const [written] = splitFlag(word);
    const name = written.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const next = flags[index + 1];
    if (word === '--') throw new Error('Cannot pass on a bare -- as wrangler would read no flag behind it');
    if (name === '--no-dry-run') throw new Error(`Cannot take ${written}: leave --dry-run out instead`);
    if (name === '--dry-run' && (word !== '--dry-run' || (next !== undefined && !next.startsWith('-'))))
      throw new Error('Cannot take --dry-run with a value: write --dry-run alone, or leave it out');
    if (name === '--x-provision' || name === '--experimental-provision')
      throw new Error(`Cannot take ${written} as deploy:setup makes what is missing, where it must be`);
    if (/^(?:-[ec]|--config$)/.test(name))
      throw new Error(`Cannot take ${written} as the configuration is chosen by --env and --record`);
    if (COMMAND_WORDS.has(word))
      throw new Error(
        `Cannot take "${word}" behind ${flags[0] ?? ''} as the command comes first: \`npm run deploy -- versions upload --tag x\`. If it is a flag's value, write --flag=${word}`,
      );
  }
}

/** As the relay reads them, in one form. */
function hostList(text: string): string {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((host) => host !== '')
    .join(', ');
}

function splitFlag(word: string): [string, string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** As for wrangler, an empty name is the top level. */
function environmentName(text: string): EnvironmentName {
  const found = ENVIRONMENT_NAMES.find((name) => name === (text === '' ? 'global' : text));
  if (found) return found;
  throw new Error(`Cannot use --env as it must be one of ${ENVIRONMENT_NAMES.join(', ')}: it is ${text}`);
}

function folderOf(text: string): string {
  return resolve(ROOT, text === '' ? FOLDER : join(text));
}
