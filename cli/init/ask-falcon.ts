/** Asks for a Falcon destination: its region, the credentials of one kind or both, and what the relay may do with them. */

import { normaliseHecUrl } from '../../src/destinations/falcon/hec-url.ts';
import { FALCON_HOSTS, FALCON_REGIONS, type FalconRegion } from '../../src/destinations/falcon/regions.ts';
import { type FalconScope, scopeName } from '../../src/destinations/falcon/scopes.ts';
import type { FalconVerb } from '../../src/domain/falcon-config.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import { indicatorFaults } from '../../src/tenants/check-indicators.ts';
import type { Prompts } from '../io.ts';
import { refuseEmpty } from '../read-secret.ts';

type Part = Readonly<Record<string, unknown>>;

/** The destination without its name and type. */
export async function askFalcon(prompts: Prompts, residency: Residency): Promise<Part> {
  const regions: readonly FalconRegion[] = residency === 'eu' ? ['eu-1'] : FALCON_REGIONS;
  const region = await prompts.select({
    message: "Region, as in the console's address (falcon.eu-1.crowdstrike.com)",
    options: regions.map((value) => ({ value, label: guideSpelling(value), hint: value })),
  });
  const hec = await askConnector(prompts, region);
  const needsClient = hec === undefined;
  const client = needsClient || (await wantsClient(prompts)) ? await askClient(prompts) : undefined;
  if (!client) return { region, ...hec };
  return { region, ...client, ...hec, ...(await askActions(prompts, hec !== undefined)) };
}

/** As Noxys spells it: `EU1`. */
function guideSpelling(region: FalconRegion): string {
  return region.toUpperCase().replace(/-(?=\d$)/, '');
}

/** Undefined: no events are sent. Not asked where CrowdStrike publishes no ingest host. */
async function askConnector(prompts: Prompts, region: FalconRegion): Promise<Part | undefined> {
  const { ingest } = FALCON_HOSTS[region];
  if (ingest === undefined) return undefined;
  const isWanted = await prompts.confirm({
    message: 'Send events to Next-Gen SIEM? This takes a HEC / HTTP event connector of the Falcon console',
    initial: true,
  });
  if (!isWanted) return undefined;
  const url = await prompts.text({
    message: "The connector's URL",
    placeholder: `https://….${ingest}/services/collector`,
    validate: (value) => {
      const read = normaliseHecUrl(value, { region, isLocal: true });
      return read.ok ? undefined : `It ${read.error}.`;
    },
  });
  const token = await prompts.secret({ message: "The connector's API key", validate: refuseEmpty });
  return { hec: { url: url.trim(), token: token.trim() } };
}

async function wantsClient(prompts: Prompts): Promise<boolean> {
  return prompts.confirm({
    message: 'Open cases, or do more in Falcon? This takes an API client of the Falcon console',
    initial: true,
  });
}

async function askClient(prompts: Prompts): Promise<Part> {
  const id = await prompts.text({
    message: 'Client ID (Support and resources → API clients and keys)',
    validate: (value) => (/^\s*[\x21-\x7e]+\s*$/.test(value) ? undefined : 'It is one word.'),
  });
  const secret = await prompts.secret({ message: 'Client Secret', validate: refuseEmpty });
  return { client_id: id.trim(), client_secret: secret.trim() };
}

const ACTIONS: readonly { readonly value: FalconVerb; readonly label: string; readonly hint: string }[] = [
  { value: 'event', label: 'Send events and detections', hint: 'Next-Gen SIEM' },
  { value: 'case', label: 'Open cases', hint: namesOf('cases:read', 'cases:write') },
  { value: 'indicator', label: 'Keep indicators of AI domains', hint: namesOf('ioc:read', 'ioc:write') },
  {
    value: 'contain',
    label: 'Isolate hosts when a rule asks for it',
    hint: namesOf('devices:read', 'devices:write'),
  },
  { value: 'workflow', label: 'Start a Fusion workflow', hint: namesOf('workflow:read', 'workflow:write') },
];

function namesOf(...scopes: readonly FalconScope[]): string {
  return scopes.map(scopeName).join(', ');
}

/** What is granted, and what each grant needs to be told. */
async function askActions(prompts: Prompts, hasConnector: boolean): Promise<Part> {
  const options = ACTIONS.filter(({ value }) => value !== 'event' || hasConnector);
  const actions = await prompts.selectMany({
    message: 'What may the relay do there? The API client needs the scopes that are named',
    options,
    initial: hasConnector ? ['event', 'case'] : ['case'],
  });
  const has = (verb: FalconVerb) => actions.includes(verb);
  return {
    actions,
    ...(has('indicator') ? await askIndicators(prompts) : {}),
    ...(has('contain') ? await askSpared(prompts) : {}),
    ...(has('workflow') ? await askWorkflow(prompts) : {}),
  };
}

async function askIndicators(prompts: Prompts): Promise<Part> {
  const text = await prompts.text({
    message: 'AI platforms or domains to watch, separated by commas (empty: only those that rules ask for)',
    placeholder: 'perplexity, deepseek',
    validate: (value) => {
      const [fault] = indicatorFaults(listIn(value), 'indicators', PLATFORMS_DEFAULT);
      return fault && `${listIn(value)[indexIn(fault.path)] ?? 'It'} ${fault.message}.`;
    },
  });
  const indicators = listIn(text);
  return indicators.length === 0 ? {} : { indicators };
}

/** Of `indicators[2]`. */
function indexIn(path: string): number {
  return Number(/\d+/.exec(path)?.[0]);
}

async function askSpared(prompts: Prompts): Promise<Part> {
  const text = await prompts.text({
    message: 'Hosts that are never isolated, separated by commas: your own machines, domain controllers',
    placeholder: 'DC-01, ADMIN-7',
    validate: (value) =>
      /['*\\]/.test(value) ? "They are whole names, without ', * and backslash." : undefined,
  });
  return { contain: { never: listIn(text) } };
}

async function askWorkflow(prompts: Prompts): Promise<Part> {
  const text = await prompts.text({
    message: 'The name of the workflow, whose trigger must be on demand',
    validate: (value) => {
      if (value.trim() === '') return refuseEmpty('');
      return /['*\\]/.test(value)
        ? "Without ', * and backslash: give it another name, or write its id into the file."
        : undefined;
    },
  });
  return { workflow: { name: text.trim() } };
}

function listIn(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
