/**
 * Where the destinations of one EU tenant are, by its config: Falcon's cloud, the country of the others, the basis of a transfer.
 * Pure. The relay checks the same when a config is saved and at each request; this looks at what is there now.
 */

import { FALCON_HOSTS, normaliseRegion } from '../../src/destinations/falcon/regions.ts';
import { KEPT_SECRET } from '../../src/tenants/kept-secret.ts';
import { isInEea } from '../../src/domain/countries.ts';
import { accepted, failing, ok, unproven, type Finding } from './finding.ts';
import { tableOf, tablesOf, type Table } from './read-config.ts';

/** The one host of Slack's incoming webhooks, whose addresses are secrets. */
const SLACK_HOST = 'hooks.slack.com';
const NAMELESS = 'A destination';

/** A host that a tenant's destination sends to. */
export interface DestinationHost {
  readonly destination: string;
  readonly host: string;
}

/** Each finding with the path in the config that it is about. */
export interface PlacedFinding {
  readonly path: string;
  readonly finding: Finding;
}

export function checkDestinations(config: unknown): readonly PlacedFinding[] {
  return tablesOf(tableOf(config)['destinations']).map((destination, index) =>
    checkOne(destination, `destinations[${index}]`),
  );
}

function checkOne(destination: Table, path: string): PlacedFinding {
  const type = destination['type'];
  if (type === 'falcon') return falcon(destination, path);
  if (type === 'harfanglab' || type === 'webhook') return declared(destination, path);
  if (type === 'slack' || type === 'teams') return chat(destination, path);
  const finding = unproven(
    ['egress', 'destination_type'],
    `${nameOf(destination)} is of a type that this command line does not know.`,
    'Use the command line of the version that is deployed.',
  );
  return { path: `${path}.type`, finding };
}

function falcon(destination: Table, path: string): PlacedFinding {
  const { region } = destination;
  const known = typeof region === 'string' ? normaliseRegion(region) : undefined;
  const finding =
    known === 'eu-1'
      ? ok(['egress', 'falcon_region'], `${nameOf(destination)} is Falcon eu-1.`)
      : failing(
          ['egress', 'falcon_region'],
          `${nameOf(destination)} is Falcon ${known ?? 'of an unknown region'}, outside the EU.`,
          'Write region: eu-1 with an account of that cloud, or remove the destination; then apply.',
        );
  return { path: `${path}.region`, finding };
}

function declared(destination: Table, path: string): PlacedFinding {
  const { country } = destination;
  const at = `${path}.country`;
  const name = nameOf(destination);
  if (typeof country === 'string' && isInEea(country))
    return { path: at, finding: ok(['egress', 'country'], `${name} is declared to be in ${country}.`) };
  const finding = failing(
    ['egress', 'country'],
    typeof country === 'string'
      ? `${name} is declared to be in ${country}, outside the EU and the EEA.`
      : `${name} declares no country.`,
    'Write the country in which its host stands, such as country: FR, once you know that it is one of the EU or EEA; else remove the destination. Then apply.',
  );
  return { path: at, finding };
}

function chat(destination: Table, path: string): PlacedFinding {
  const { transfer_basis: basis, type } = destination;
  const { mechanism, reference } = tableOf(basis);
  const name = nameOf(destination);
  const product = type === 'slack' ? 'Slack' : 'Teams';
  if (typeof mechanism === 'string' && typeof reference === 'string') {
    const what = `${name} sends to ${product}, which may keep it outside the EU (${mechanism}: ${reference}). Users, devices and free text are left out.`;
    const fix = 'See that the basis still holds. A webhook to a chat in the EU needs none.';
    return { path: `${path}.transfer_basis`, finding: accepted(['egress', 'transfer_basis'], what, fix) };
  }
  const finding = failing(
    ['egress', 'transfer_basis'],
    `${name} sends to ${product} without a recorded transfer basis.`,
    'Write transfer_basis: {mechanism: …, reference: …} once there is one, or use type: webhook and a chat in the EU; then apply.',
  );
  return { path: `${path}.transfer_basis`, finding };
}

/** The hosts that a config names; of an address that is kept secret, the one that its product has. */
export function hostsOf(config: unknown): readonly DestinationHost[] {
  return tablesOf(tableOf(config)['destinations']).flatMap((destination) => {
    const { type, region, base_url: baseUrl, url, hec } = destination;
    const known = type === 'falcon' && typeof region === 'string' ? normaliseRegion(region) : undefined;
    const hosts = [
      known === undefined ? undefined : FALCON_HOSTS[known].api,
      hostIn(tableOf(hec)['url']),
      hostIn(baseUrl),
      url === KEPT_SECRET && type === 'slack' ? SLACK_HOST : hostIn(url),
    ].filter((host) => host !== undefined);
    return [...new Set(hosts)].map((host) => ({ destination: nameOf(destination), host }));
  });
}

/** Destinations whose address is a secret that the relay does not show: their hosts are not known here. */
export function hiddenHosts(config: unknown): readonly string[] {
  return tablesOf(tableOf(config)['destinations'])
    .filter(({ type, url }) => url === KEPT_SECRET && type !== 'slack')
    .map(nameOf);
}

function hostIn(value: unknown): string | undefined {
  const written = typeof value === 'string' && value !== KEPT_SECRET ? value.trim() : '';
  const text = written === '' || written.includes('://') ? written : `https://${written}`;
  return URL.parse(text)?.hostname || undefined;
}

function nameOf({ name }: Table): string {
  return typeof name === 'string' ? `The destination ${name}` : NAMELESS;
}
