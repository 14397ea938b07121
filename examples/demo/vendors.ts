/** The simulated vendors of examples/acme.yaml: HarfangLab, Falcon and Slack on loopback, with the credentials that the file has. */

import { FalconSimulator } from '../../test/simulators/falcon.ts';
import { HarfangLabSimulator } from '../../test/simulators/harfanglab.ts';
import { SlackSimulator } from '../../test/simulators/slack.ts';
import { freePort } from './ports.ts';

/** As in examples/acme.yaml. */
const VENDORS_PORT = 8701;

interface DestinationFile {
  readonly name: string;
  base_url?: string;
  url?: string;
  readonly token?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly hec?: { url: string; readonly token: string };
}

export interface TenantFile {
  readonly webhook: { readonly secrets: string[] };
  readonly destinations: readonly DestinationFile[];
}

export interface Vendors {
  readonly edr: HarfangLabSimulator;
  readonly falcon: FalconSimulator;
  readonly slack: SlackSimulator;
}

/** Starts the vendors with the credentials of the tenant's file, and writes their addresses into it. */
export async function startVendors(tenant: TenantFile): Promise<Vendors> {
  const edr = destinationIn(tenant, 'edr');
  const falcon = destinationIn(tenant, 'falcon');
  // The same ones each time, where they are free: a tenant file that was written for one run fits the next.
  const edrPort = await freePort(VENDORS_PORT);
  const falconPort = await freePort(Math.max(VENDORS_PORT, edrPort) + 1);
  const slackPort = await freePort(Math.max(VENDORS_PORT + 1, falconPort) + 1);
  const { client_id: id = '', client_secret: secret = '', hec } = falcon;
  const vendors = {
    edr: new HarfangLabSimulator({ token: edr.token ?? '', port: edrPort }),
    falcon: new FalconSimulator({ hecKey: hec?.token ?? '', client: { id, secret }, port: falconPort }),
    slack: new SlackSimulator({ port: slackPort }),
  };
  try {
    await Promise.all([vendors.edr.start(), vendors.falcon.start(), vendors.slack.start()]);
  } catch (error) {
    await stopAll(vendors);
    throw error;
  }
  edr.base_url = vendors.edr.url;
  falcon.base_url = vendors.falcon.url;
  if (hec) hec.url = vendors.falcon.hecUrl;
  destinationIn(tenant, 'soc').url = vendors.slack.webhookUrl;
  return vendors;
}

export async function stopAll({ edr, falcon, slack }: Vendors): Promise<void> {
  await Promise.all([edr.stop(), falcon.stop(), slack.stop()]);
}

export function destinationIn({ destinations }: TenantFile, name: string): DestinationFile {
  const destination = destinations.find((one) => one.name === name);
  if (destination) return destination;
  throw new Error(`Cannot start as examples/acme.yaml must have a destination ${name}: it has none`);
}
