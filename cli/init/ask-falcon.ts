/** Asks for a Falcon destination: its region, the credentials of one kind or both, and what the relay may do with them. */

import { normaliseHecUrl } from '../../src/destinations/falcon/hec-url.ts';
import { FALCON_HOSTS, FALCON_REGIONS, type FalconRegion } from '../../src/destinations/falcon/regions.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import type { Prompts } from '../io.ts';
import { isLoopback } from '../origin.ts';
import { askActions, type FalconActions } from './ask-falcon-actions.ts';
import { askSecret } from './ask-secret.ts';

/** The destination without its name and type. */
export interface FalconAnswers extends FalconActions {
  readonly region: FalconRegion;
  readonly hec?: { readonly url: string; readonly token: string };
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly base_url?: string;
}

export interface FalconPlace {
  readonly residency: Residency;
  /** The relay is on this machine: so may be what it sends to. */
  readonly isRelayLocal: boolean;
}

/** `before`: what was answered, to be offered again. */
export async function askFalcon(
  prompts: Prompts,
  { residency, isRelayLocal }: FalconPlace,
  before?: FalconAnswers,
): Promise<FalconAnswers> {
  const regions: readonly FalconRegion[] = residency === 'eu' ? ['eu-1'] : FALCON_REGIONS;
  const region = await prompts.select({
    message: "Region, as in the console's address (falcon.eu-1.crowdstrike.com)",
    options: regions.map((value) => ({ value, label: guideSpelling(value), hint: value })),
    ...(before && { initial: before.region }),
  });
  const hec = await askConnector(prompts, region, before);
  if (hec && !(await wantsClient(prompts, before))) return { region, hec };
  // Before the secret: where the simulator stands in for Falcon, it must not go to the real host.
  const origin = hec && isLoopback(hec.url) ? new URL(hec.url).origin : undefined;
  const api = isRelayLocal || origin !== undefined ? await askApi(prompts, { region, origin, before }) : {};
  const client = await askClient(prompts, before);
  const actions = await askActions(prompts, hec !== undefined, before ?? {});
  return { region, ...api, ...client, ...(hec && { hec }), ...actions };
}

/** As Noxys spells it: `EU1`. */
function guideSpelling(region: FalconRegion): string {
  return region.toUpperCase().replace(/-(?=\d$)/, '');
}

/** Undefined: no events are sent. Not asked where CrowdStrike publishes no ingest host. */
async function askConnector(
  prompts: Prompts,
  region: FalconRegion,
  before: FalconAnswers | undefined,
): Promise<FalconAnswers['hec']> {
  const { ingest } = FALCON_HOSTS[region];
  if (ingest === undefined) return undefined;
  const isWanted = await prompts.confirm({
    message: 'Send events to Next-Gen SIEM? This takes a HEC / HTTP event connector of the Falcon console',
    initial: before === undefined || before.hec !== undefined,
  });
  if (!isWanted) return undefined;
  const url = await prompts.text({
    message: "The connector's URL",
    placeholder: `https://….${ingest}/services/collector`,
    ...(before?.hec && { initial: before.hec.url }),
    validate: (value) => {
      const read = normaliseHecUrl(value, { region, isLocal: true });
      return read.ok ? undefined : `It ${read.error}.`;
    },
  });
  const token = await askSecret(prompts, "The connector's API key", before?.hec?.token);
  return { url: url.trim(), token };
}

async function wantsClient(prompts: Prompts, before: FalconAnswers | undefined): Promise<boolean> {
  return prompts.confirm({
    message: 'Open cases, or do more in Falcon? This takes an API client of the Falcon console',
    initial: before === undefined || before.client_id !== undefined,
  });
}

interface ApiQuestion {
  readonly region: FalconRegion;
  /** Of a connector on this machine; undefined: Falcon itself may be meant. */
  readonly origin: string | undefined;
  readonly before: FalconAnswers | undefined;
}

async function askApi(
  prompts: Prompts,
  { region, origin, before }: ApiQuestion,
): Promise<Pick<FalconAnswers, 'base_url'>> {
  const { api } = FALCON_HOSTS[region];
  const instead = origin === undefined ? ` (empty: Falcon itself, ${api})` : `, instead of ${api}`;
  const initial = before?.base_url ?? origin;
  const text = await prompts.text({
    message: `base_url: the simulated Falcon API on this machine${instead}`,
    ...(initial !== undefined && { initial }),
    validate: (value) => {
      if (value.trim() === '' && origin === undefined) return undefined;
      return isLoopback(value.trim())
        ? undefined
        : 'It is a loopback address, such as http://127.0.0.1:8702.';
    },
  });
  return text.trim() === '' ? {} : { base_url: text.trim() };
}

async function askClient(
  prompts: Prompts,
  before: FalconAnswers | undefined,
): Promise<Pick<FalconAnswers, 'client_id' | 'client_secret'>> {
  const id = await prompts.text({
    message: 'Client ID (Support and resources → API clients and keys)',
    ...(before?.client_id !== undefined && { initial: before.client_id }),
    validate: (value) => {
      if (value.trim() === '')
        return 'It is missing: the console shows it beside the name of the API client.';
      return /^\s*[\x21-\x7e]+\s*$/.test(value) ? undefined : 'It is one word.';
    },
  });
  const secret = await askSecret(prompts, 'Client Secret', before?.client_secret);
  return { client_id: id.trim(), client_secret: secret };
}
