/**
 * Which hosts a tenant's requests may go to: one table, by residency and by kind of destination.
 * Pure. What is not named is refused. residency.ts alone uses it: there it is decided what a public address is at all.
 */

import { isInEea } from '../domain/countries.ts';
import type { DestinationConfig, Residency } from '../domain/tenant-config.ts';
import { FALCON_REGIONS, type FalconRegion, isFalconHost } from './falcon/regions.ts';
import { SLACK_HOSTS, isSlackHost } from './slack/hosts.ts';

/** What of a destination decides where it may be. */
export interface EgressDestination {
  readonly type: DestinationConfig['type'];
  readonly country?: string | undefined;
  readonly transfer_basis?: object | undefined;
}

export type EgressRefusal =
  | 'not_public' // no https, an address, a private name, a user in the URL
  | 'not_falcon' // no host of a CrowdStrike cloud that the residency allows
  | 'not_slack' // no host of incoming webhooks
  | 'is_slack' // Slack's, under another type
  | 'no_country'
  | 'foreign_country' // outside the EU and the EEA
  | 'no_transfer_basis'
  | 'not_listed'; // not in RELAY_EGRESS_ALLOW

interface Asked {
  readonly destination: EgressDestination;
  readonly hostname: string;
  readonly allowed: readonly string[];
}

/** What speaks against a host; undefined: nothing. */
type Rule = (asked: Asked) => EgressRefusal | undefined;

const falconIn =
  (regions: readonly FalconRegion[]): Rule =>
  ({ hostname }) =>
    isFalconHost(hostname, regions) ? undefined : 'not_falcon';

const atSlack: Rule = ({ hostname }) => (SLACK_HOSTS.includes(hostname) ? undefined : 'not_slack');

/** What goes to Slack is reduced as Slack's: under another type it would not be. */
const notSlack: Rule = ({ hostname }) => (isSlackHost(hostname) ? 'is_slack' : undefined);

const declaredInEea: Rule = ({ destination: { country } }) => {
  if (country === undefined) return 'no_country';
  return isInEea(country) ? undefined : 'foreign_country';
};

const transferRecorded: Rule = ({ destination }) =>
  destination.transfer_basis === undefined ? 'no_transfer_basis' : undefined;

const listed: Rule = ({ hostname, allowed }) =>
  allowed.some((entry) => isMatch(entry, hostname)) ? undefined : 'not_listed';

function isMatch(entry: string, hostname: string): boolean {
  return entry.startsWith('*.') ? hostname.endsWith(entry.slice(1)) : hostname === entry;
}

const EGRESS: Readonly<Record<Residency, Readonly<Record<DestinationConfig['type'], readonly Rule[]>>>> = {
  eu: {
    falcon: [falconIn(['eu-1'])],
    harfanglab: [notSlack, declaredInEea, listed],
    webhook: [notSlack, declaredInEea, listed],
    slack: [atSlack, transferRecorded, listed],
    teams: [notSlack, transferRecorded, listed],
  },
  global: {
    falcon: [falconIn(FALCON_REGIONS)],
    harfanglab: [],
    webhook: [],
    slack: [atSlack],
    teams: [],
  },
};

/** All that speaks against a public host. Empty: requests may go there. */
export function egressRefusals(residency: Residency, asked: Asked): readonly EgressRefusal[] {
  return EGRESS[residency][asked.destination.type].flatMap((rule) => rule(asked) ?? []);
}
