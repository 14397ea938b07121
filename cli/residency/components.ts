/**
 * The parts of a deployment for EU tenants, one by one: what each holds, where that rests, where it runs, what enforces it, and what
 * nothing enforces. The one source of `residency check` and of the table in docs/data-residency.md. Data only.
 * Sources: Cloudflare's pages on data localisation and on each product's data location, read 2026-11.
 */

export const COMPONENT_IDS = [
  'ingress',
  'tenant_object',
  'token_registry',
  'wakeups',
  'overflow',
  'consumers',
  'kv',
  'logs',
  'metrics',
  'rate_limit',
  'settings',
  'static_files',
  'admin_api',
  'egress',
  'operator',
  'recovery',
] as const;

export type ComponentId = (typeof COMPONENT_IDS)[number];

export interface Component {
  readonly name: string;
  readonly holds: string;
  readonly rests: string;
  readonly runs: string;
  /** What keeps it there; "Nothing." where nothing does. */
  readonly enforcedBy: string;
  /** What no plan, or not every plan, enforces, and what to buy or accept. */
  readonly open: string;
}

const ANYWHERE = 'Any data centre of Cloudflare.';

export const COMPONENTS: Readonly<Record<ComponentId, Component>> = {
  ingress: {
    name: 'Ingress Worker',
    holds: 'Each webhook whole, in memory, until it is reduced and handed to its tenant’s object.',
    rests: 'Nowhere.',
    runs: 'The data centre nearest to the sender.',
    enforcedBy:
      'Nothing without a regional hostname. `workers_dev` and `preview_urls` are off, so that none is walked around.',
    open: 'Where TLS ends and this code runs. Enterprise: Regional Services with a regional hostname `eu`. Otherwise accept it.',
  },
  tenant_object: {
    name: 'Tenant’s object',
    holds:
      'Events, detections, counts per user, dead letters, holds, the config with sealed secrets: all that a tenant has.',
    rests: 'EU.',
    runs: 'EU.',
    enforcedBy:
      'Jurisdiction `eu` of the Durable Object, on every plan; one function makes all stubs. An object can’t be moved.',
    open: 'The object’s id, a hash that names nobody, is logged outside the EU, and names of objects are shown in analytics. Accept it.',
  },
  token_registry: {
    name: 'Registry of tokens',
    holds: 'Hashes and names of admin tokens, and the audit of the deployment: operators, no users.',
    rests: 'EU.',
    runs: 'EU.',
    enforcedBy: 'Jurisdiction `eu` of the Durable Object, where `RELAY_RESIDENCY` is `eu`.',
    open: 'In a global deployment it has no jurisdiction. Use the EU form.',
  },
  wakeups: {
    name: 'Queue of wake-ups',
    holds: 'Tenant id, residency and lane. No event and no person.',
    rests: 'EU.',
    runs: 'EU; it is written and read from anywhere.',
    enforcedBy: 'Jurisdiction `eu` of the queue, given when it is made; `npm run deploy` refuses another.',
    open: 'Cloudflare’s data localisation pages did not name queues when we read them. Ask for it in writing if a contract depends on it.',
  },
  overflow: {
    name: 'Overflow queue',
    holds: 'Events, reduced and sealed, while an object can’t take them; for 6 days at most.',
    rests: 'EU.',
    runs: 'EU; it is written and read from anywhere.',
    enforcedBy:
      'Jurisdiction `eu` of the queue, as above; sealed with the master key; a global deployment overflows no EU tenant.',
    open: 'As for the queue of wake-ups.',
  },
  consumers: {
    name: 'Queue consumers and cron',
    holds: 'References and sealed events, in memory. No event in clear.',
    rests: 'Nowhere.',
    runs: ANYWHERE,
    enforcedBy:
      'Nothing on any plan. What they carry is a reference, or sealed, and opened in the tenant’s object alone.',
    open: 'Where they run: Regional Services do not cover them. Accept it.',
  },
  kv: {
    name: 'KV',
    holds:
      'Each tenant’s ingest config (filters, levels of privacy, sealed secrets) and sealed tokens of vendors’ APIs. No event and no person.',
    rests: 'EU; caches anywhere.',
    runs: ANYWHERE,
    enforcedBy:
      'Jurisdiction `eu` of the namespace, given when it is made; secrets are sealed with the master key.',
    open: 'Cloudflare caches KV outside the EU, on every plan. Accept it.',
  },
  logs: {
    name: 'Workers Logs and traces',
    holds: 'Nothing: they are off, or sent to a place of your own. What the relay logs names no user.',
    rests: 'Nowhere, or where you send them.',
    runs: ANYWHERE,
    enforcedBy: '`observability` is off, or has destinations and `persist = false`, in `wrangler.toml`.',
    open: 'Live logs (`wrangler tail`) pass Cloudflare wherever it runs. Where you send them is yours to choose. Enterprise: Customer Metadata Boundary `eu`.',
  },
  metrics: {
    name: 'Metrics and analytics of Cloudflare',
    holds:
      'Counts, times, status codes, ids of objects, request metadata with the addresses of callers: Noxys’ servers and operators.',
    rests: 'United States, or anywhere.',
    runs: ANYWHERE,
    enforcedBy: 'Nothing. No name, id or path that the relay gives Cloudflare names a user.',
    open: 'Where they rest. Enterprise: Customer Metadata Boundary `eu`; there are no analytics of objects then. Otherwise accept it.',
  },
  rate_limit: {
    name: 'Rate limit of the admin API',
    holds: 'Counters by a hash of the operator’s id, for seconds.',
    rests: 'Memory of each location.',
    runs: ANYWHERE,
    enforcedBy: 'Nothing.',
    open: 'It has no region on any plan. Accept it.',
  },
  settings: {
    name: 'Secrets, variables, code',
    holds: 'The master key, the first admin token, the egress hosts, roles of operators.',
    rests: 'Cloudflare, world-wide.',
    runs: ANYWHERE,
    enforcedBy:
      'Nothing. Cloudflare shows secrets to nobody; whoever has the master key and the sealed data opens them.',
    open: 'No region on any plan, nor with the Customer Metadata Boundary. Accept it, and name operators in `ACCESS_ROLES` by group.',
  },
  static_files: {
    name: 'Static files',
    holds: 'The API’s description and schema: the same for everybody.',
    rests: 'Cloudflare, world-wide.',
    runs: ANYWHERE,
    enforcedBy: 'Nothing is needed: nothing personal is in them.',
    open: 'Nothing.',
  },
  admin_api: {
    name: 'Answers of the admin API',
    holds:
      'What an operator asks for, by the command line, a dashboard or a script: events, detections, exports. Persons only when asked for, and audited.',
    rests: 'Nowhere; answers say `no-store`.',
    runs: 'The data centre nearest to the operator.',
    enforcedBy:
      'Nothing without a regional hostname. Roles, keys instead of names, and the audit limit what is shown.',
    open: 'They pass the edge like webhooks. Enterprise: the same regional hostname covers them. Otherwise accept it, or ask from within the EU.',
  },
  egress: {
    name: 'Requests to destinations',
    holds: 'What each destination gets, reduced to its level of privacy.',
    rests: 'At the destination.',
    runs: 'EU: they leave from the tenant’s object.',
    enforcedBy:
      'Per request: Falcon eu-1 alone, other hosts by `RELAY_EGRESS_ALLOW` and a country of the EU or EEA, chats by a recorded transfer basis and without users, devices and free text; no redirect is followed.',
    open: 'Where a host that you declare really stands, and where its operator keeps the data. Contract with it.',
  },
  operator: {
    name: 'Operator’s machine',
    holds: 'Tenant files, exports, output of the command line, tokens.',
    rests: 'Where the operator is.',
    runs: 'Where the operator is.',
    enforcedBy:
      'Nothing of the relay. The command line keeps nothing but the files that it is told to write.',
    open: 'Your own rules for machines, shells and CI runners.',
  },
  recovery: {
    name: 'Point-in-time recovery',
    holds: 'Each object as it was, up to 30 days back: what was erased or deleted, too.',
    rests: 'EU, with the object.',
    runs: 'EU, with the object.',
    enforcedBy: 'Jurisdiction `eu` of the object. The relay never restores one.',
    open: 'No setting shortens it. Say 30 days in your records.',
  },
};
