/** Where Cloudflare says that the EU environment's KV and queues are. Asks by wrangler and its login; changes nothing. */

import type { AccountReader, Namespace } from '../deploy/account.ts';
import { jurisdictionFaults } from '../deploy/plan.ts';
import { componentOf } from './check-bindings.ts';
import { accepted, failing, ok, skipped, unproven, type Finding } from './finding.ts';
import { queuesOf, type DeployedConfig } from './read-config.ts';

const SETUP = '`npm run deploy:setup -- --env eu`';
const LOG_IN =
  'Log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID, and run it again.';

export function skipPlatform(): readonly Finding[] {
  return [
    skipped(['kv', 'kv_jurisdiction'], 'Cloudflare was not asked where KV is (--offline).'),
    skipped(['wakeups', 'queue_jurisdiction'], 'Cloudflare was not asked where the queue is (--offline).'),
    skipped(['overflow', 'queue_jurisdiction'], 'Cloudflare was not asked where the queue is (--offline).'),
  ];
}

/** One command after the other: the first may have to renew the login. */
export async function checkPlatform(
  account: AccountReader,
  config: DeployedConfig,
): Promise<readonly Finding[]> {
  const findings = [await checkKv(account, config)];
  const queues = new Set(queuesOf(config.table));
  for (const queue of queues) findings.push(await checkQueue(account, config, queue));
  return [
    ...findings,
    accepted(
      ['ingress', 'workers_dev_switch'],
      'wrangler has no command that tells whether the workers.dev address was switched on in the dashboard since.',
      'Look once: Workers → the Worker → Settings → Domains & Routes. Each `npm run deploy` switches it off.',
    ),
  ];
}

async function checkKv(account: AccountReader, { environment, record }: DeployedConfig): Promise<Finding> {
  const id = record?.kvId ?? environment.kvId;
  let namespaces: readonly Namespace[];
  try {
    namespaces = await account.listNamespaces();
  } catch (error) {
    return unproven(['kv', 'kv_jurisdiction'], wordsOf(error), LOG_IN);
  }
  if (id === undefined)
    return unproven(
      ['kv', 'kv_jurisdiction'],
      'It is not recorded which KV namespace the deployment has.',
      `Run ${SETUP}, or name the folder of its record: --record.`,
    );
  const found = namespaces.filter((namespace) => namespace.id === id);
  const [namespace] = found;
  if (!namespace)
    return failing(
      ['kv', 'kv_jurisdiction'],
      `The KV namespace ${id} is not in this account.`,
      `See that CLOUDFLARE_ACCOUNT_ID is right; if it is gone, run ${SETUP}.`,
    );
  const fault = splitFault(jurisdictionFaults(environment, found, []));
  return fault
    ? failing(['kv', 'kv_jurisdiction'], ...fault)
    : ok(['kv', 'kv_jurisdiction'], `The KV namespace ${namespace.title} has jurisdiction eu.`);
}

async function checkQueue(
  account: AccountReader,
  { environment }: DeployedConfig,
  name: string,
): Promise<Finding> {
  const place = [componentOf(name), 'queue_jurisdiction'] as const;
  try {
    const queue = await account.findQueue(name);
    if (!queue) return failing(place, `The queue ${name} is not in this account.`, `Run ${SETUP}.`);
    const fault = splitFault(jurisdictionFaults(environment, [], [queue]));
    return fault ? failing(place, ...fault) : ok(place, `The queue ${name} has jurisdiction eu.`);
  } catch (error) {
    return unproven(place, wordsOf(error), LOG_IN);
  }
}

/** What is wrong, and what to do: the setup says both in one text. Undefined: nothing is. */
function splitFault([fault]: readonly string[]): readonly [what: string, fix: string] | undefined {
  if (fault === undefined) return undefined;
  const end = fault.indexOf('. ') + 1;
  return [fault.slice(0, end), fault.slice(end + 1)];
}

const ERROR_PATTERN = /^\W*\[ERROR\]\s*/;
/** What wrangler adds to every error: its own name, where its log is, whom to tell. */
const NOISE_PATTERN = /^(?:🪵|⛅|─|Note that|If you think|To continue)/u;

/** What could not be done, and wrangler's first sentence of substance. Its advice is left out: what helps stands behind it here. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [said = '', ...lines] = text
    .slice(Math.max(0, text.indexOf('Cannot ')))
    .split('\n')
    .map((line) => line.trim());
  const start = lines.findIndex((line) => ERROR_PATTERN.test(line));
  const from = Math.max(start, 0);
  const rest = lines.slice(from).filter((line) => !NOISE_PATTERN.test(line));
  const end = rest.findIndex((line, at) => line === '' && at > 0);
  const paragraph = (end === -1 ? rest : rest.slice(0, end)).join(' ').replace(ERROR_PATTERN, '');
  return `${said} ${paragraph.replace(/\sPlease .*$/u, '')}`.replaceAll(/\s+/g, ' ').trim();
}
