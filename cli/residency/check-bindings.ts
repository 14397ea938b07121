/**
 * Which stores and services an EU environment binds: its own objects, KV and queues, and nothing that rests elsewhere. Pure.
 * What is not known to be harmless is refused: a new kind of binding is looked at before it is used.
 */

import { isRecord } from '../../src/lib/record.ts';
import { KV_BINDING } from '../deploy/environment.ts';
import type { ComponentId } from './components.ts';
import { failing, ok, type Finding } from './finding.ts';
import { queuesOf, tableOf, tablesOf, type DeployedConfig, type Table } from './read-config.ts';

/** Keys that bring no other place into play, whether of an environment or of the top level alone, or are checked by themselves. Source: wrangler 4.155.0, config-schema.json, read 2026-11. */
const KNOWN: readonly string[] =
  '$schema name main account_id compatibility_date compatibility_flags limits exports migrations minify keep_names upload_source_maps no_bundle rules tsconfig find_additional_modules preserve_file_names base_dir define build vars secrets triggers version_metadata assets ratelimits durable_objects kv_namespaces queues r2_buckets observability logpush tail_consumers streaming_tail_consumers logfwdr routes route workers_dev preview_urls placement alias dev dependencies_instrumentation jsx_factory jsx_fragment send_metrics'.split(
    ' ',
  );

/** Why some of the others are refused. */
const REASONS: Readonly<Record<string, string>> = {
  analytics_engine_datasets: 'Analytics Engine keeps what is written to it outside the EU',
  d1_databases: 'wrangler.toml does not show in which jurisdiction a D1 database is',
  vectorize: 'Vectorize has no jurisdiction',
  ai: 'Workers AI runs its models anywhere',
  browser: 'Browser Run runs anywhere',
  hyperdrive: 'Hyperdrive pools and caches anywhere',
  services: 'another Worker runs anywhere, and its stores are not checked here',
  pipelines: 'Pipelines have no jurisdiction',
  send_email: 'mail is routed anywhere',
  secrets_store_secrets: 'the Secrets Store has no jurisdiction',
  workflows: 'the settings of Workflows are kept outside the EU',
  cache: 'answers would be cached in any data centre',
  containers: 'Containers run anywhere',
  site: 'Workers Sites keep files in a KV namespace of their own, outside the EU',
  unsafe: 'it binds whatever Cloudflare takes by it, and nothing here can tell where that is',
  keep_vars: 'variables that are set in the dashboard would stay, and no file shows them',
  previews: 'previews bind what is not checked here',
};

export function checkBindings(config: DeployedConfig): readonly Finding[] {
  const { table } = config;
  return [
    ...otherStores(config),
    ...buckets(table),
    ...otherKv(table),
    placement(table),
    foreignObjects(table),
    ...deadLetterQueues(table),
    ...sharedQueues(config),
    sharedKv(config),
    ownWorker(config),
  ];
}

function otherStores({ table, written }: DeployedConfig): readonly Finding[] {
  const found = Object.keys(table).filter((key) => !KNOWN.includes(key) && !isEmpty(table[key]));
  if (found.length === 0) return [ok(['settings', 'other_stores'], 'It binds no other store or service.')];
  return found.map((key) =>
    failing(
      ['settings', 'other_stores'],
      `${key} is set ${key in written ? 'for this environment' : 'at the top level, for every environment'}: ${REASONS[key] ?? 'it is not known to keep data in the EU'}.`,
      key in written
        ? `Remove ${key} from [env.eu] (and from the top level, if it is inherited), then deploy.`
        : `Remove ${key} from the top level of wrangler.toml, then deploy.`,
    ),
  );
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === false || (isRecord(value) && Object.keys(value).length === 0);
}

function buckets(table: Table): readonly Finding[] {
  return tablesOf(table['r2_buckets'])
    .filter(({ jurisdiction }) => jurisdiction !== 'eu')
    .map(({ binding }) =>
      failing(
        ['settings', 'r2_jurisdiction'],
        `The R2 bucket ${String(binding)} has no jurisdiction eu.`,
        'Remove it: the relay needs none. Or make one with `--jurisdiction eu` and write jurisdiction = "eu".',
      ),
    );
}

/** The relay's own is asked for by its id; another may be anywhere. */
function otherKv(table: Table): readonly Finding[] {
  return tablesOf(table['kv_namespaces'])
    .filter(({ binding }) => binding !== KV_BINDING)
    .map(({ binding }) =>
      failing(
        ['kv', 'other_kv'],
        `The KV namespace ${String(binding)} is bound, too, and it is not checked where it rests.`,
        'Remove it from [[env.eu.kv_namespaces]], then deploy: the relay needs none but its own.',
      ),
    );
}

/** One Worker has one namespace of objects and one set of settings: whichever environment was deployed last has it. */
function ownWorker({ environment, written, top }: DeployedConfig): Finding {
  if (environment.name !== 'eu' || written['name'] === undefined || written['name'] !== top['name'])
    return ok(['settings', 'own_worker'], 'Its Worker is its own.');
  return failing(
    ['settings', 'own_worker'],
    `Its Worker has the name of the global one, ${String(top['name'])}: each deployment would replace the other.`,
    'Remove name from [env.eu] (the Worker is then named after its environment), and deploy both.',
  );
}

function placement(table: Table): Finding {
  if (table['placement'] === undefined) return ok(['ingress', 'placement'], 'No placement is set.');
  return failing(
    ['ingress', 'placement'],
    'placement is set: it is best effort, no residency, and Regional Services do not support it.',
    'Remove placement. To keep ingress in the EU, buy a regional hostname.',
  );
}

function foreignObjects(table: Table): Finding {
  const foreign = tablesOf(tableOf(table['durable_objects'])['bindings']).find(
    ({ script_name: script }) => script !== undefined,
  );
  if (!foreign) return ok(['tenant_object', 'own_objects'], 'Its objects are its own Worker’s.');
  return failing(
    ['tenant_object', 'own_objects'],
    `The objects of ${String(foreign['name'])} are of another Worker, ${String(foreign['script_name'])}, which is not checked here.`,
    'Remove script_name from the binding in [env.eu.durable_objects], then deploy.',
  );
}

function deadLetterQueues(table: Table): readonly Finding[] {
  const named = tablesOf(tableOf(table['queues'])['consumers']).filter(
    ({ dead_letter_queue: name }) => name !== undefined,
  );
  if (named.length === 0) return ofQueues('dead_letter_queue', 'It has no dead-letter queue.');
  return named.map(({ queue, dead_letter_queue: name }) =>
    failing(
      [componentOf(String(queue)), 'dead_letter_queue'],
      `What ${String(queue)} can’t deliver goes to the queue ${String(name)}, where nothing empties it.`,
      'Remove dead_letter_queue: the relay replaces a message before it would be dropped, and needs none.',
    ),
  );
}

function sharedQueues({ written, top, environment }: DeployedConfig): readonly Finding[] {
  const others = environment.name === 'eu' ? queuesOf(top) : [];
  const shared = [...new Set(queuesOf(written).filter((name) => others.includes(name)))];
  if (shared.length === 0)
    return ofQueues('own_queues', 'It is its own, not that of the global environment.');
  return shared.map((name) =>
    failing(
      [componentOf(name), 'own_queues'],
      `The queue ${name} is used by the global environment, too: its consumers would get what is for the EU.`,
      'Give [env.eu.queues] queues of its own, such as noxys-relay-wakeups-eu, and run `npm run deploy:setup -- --env eu`.',
    ),
  );
}

function sharedKv({ environment, top, record, otherRecord }: DeployedConfig): Finding {
  const others = tablesOf(top['kv_namespaces']).flatMap(({ binding, id }) =>
    binding === KV_BINDING && typeof id === 'string' ? [id] : [],
  );
  const own = record?.kvId ?? environment.kvId;
  if (own === undefined || ![...others, otherRecord?.kvId].includes(own))
    return ok(['kv', 'own_kv'], 'Its KV namespace is not that of the global environment.');
  return failing(
    ['kv', 'own_kv'],
    'Its KV namespace is that of the global environment, which is not restricted to the EU.',
    'Remove the id (or delete .deploy/eu.json), and run `npm run deploy:setup -- --env eu`, which makes one in the EU.',
  );
}

/** The same of either. */
function ofQueues(check: string, what: string): readonly Finding[] {
  return QUEUES.map((queue) => ok([queue, check], what));
}

const QUEUES = ['wakeups', 'overflow'] as const satisfies readonly ComponentId[];

export function componentOf(queue: string): ComponentId {
  return queue.includes('overflow') ? 'overflow' : 'wakeups';
}
