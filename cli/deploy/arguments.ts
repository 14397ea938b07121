/** The command lines of `npm run deploy:setup` and `npm run deploy`: what they take, and what is refused before anything runs. */

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { isPublicHostName } from '../../src/lib/host-name.ts';
import { ENVIRONMENT_NAMES, ROOT, type EnvironmentName } from './environment.ts';

const FOLDER = '.deploy';

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
  if (kvId !== undefined && !/^[0-9a-f]{32}$/.test(kvId))
    throw new Error(`Cannot use --kv-id as it must be 32 hexadecimal digits: it is ${kvId}`);
  return {
    env: environmentName(values.env),
    domain,
    allow: values.allow,
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
  return {
    env: environmentName(own.env),
    folder: folderOf(own.record),
    command: command.length === 0 ? ['deploy'] : command,
    flags: firstFlag === -1 ? [] : rest.slice(firstFlag),
  };
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
