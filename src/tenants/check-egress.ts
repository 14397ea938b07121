/**
 * Whether a tenant may have a destination where it is: its host, the country that is declared, the basis of a transfer. Pure.
 * The same is checked again with every request; here it is said what to write.
 */

import type { EgressDestination, EgressRefusal } from '../destinations/egress.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { isLoopbackHost } from '../lib/host-name.ts';
import { hostRefusals } from '../residency.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

const UNLISTED: Readonly<Record<EgressDestination['type'], string>> = {
  falcon: "is not a host that the tenant's residency allows",
  harfanglab:
    'is not on the allow-list for EU tenants: once you know that it is in the EU, add its host name to RELAY_EGRESS_ALLOW',
  slack:
    'is not on the allow-list for EU tenants: Slack is outside the EU. An operator who accepts that what is written there leaves the EU adds hooks.slack.com to RELAY_EGRESS_ALLOW; otherwise use type: webhook and a chat in the EU',
  teams:
    'is not on the allow-list for EU tenants: Microsoft decides where a workflow runs and where Teams keeps what it posts. An operator who knows it, or accepts that it may leave the EU, adds the host to RELAY_EGRESS_ALLOW; otherwise use type: webhook and a chat in the EU',
  webhook:
    'is not on the allow-list for EU tenants: once you know that it is in the EU, add its host name to RELAY_EGRESS_ALLOW',
};

const IS_SLACK =
  "is Slack's, which an EU tenant may reach with type: slack alone: then no user, no device and no free text is told";
const NO_COUNTRY =
  'is missing: an EU tenant declares where each host is, so write the country where this one processes its data, such as country: FR';
const NO_BASIS =
  'is missing: an EU tenant records on what ground messages leave the EU. Write transfer_basis: { mechanism: standard_contractual_clauses, reference: … }, or adequacy_decision, binding_corporate_rules or derogation, with where it is written down; otherwise use type: webhook and a chat in the EU';

/** What of the address itself speaks against it, as a sentence; undefined: nothing, or the residency is not known. */
export function hostFault(
  url: string,
  destination: EgressDestination,
  context: DestinationContext,
): string | undefined {
  const found = refusalsOf(url, destination, context).find((refusal) => !DECLARED.has(refusal));
  if (found === undefined) return undefined;
  return found === 'is_slack' ? IS_SLACK : UNLISTED[destination.type];
}

const DECLARED: ReadonlySet<EgressRefusal> = new Set(['no_country', 'foreign_country', 'no_transfer_basis']);

/** What an EU tenant must declare of a destination and does not. `url`: undefined, where it is kept or can't be read. */
export function declarationFaults(
  url: string | undefined,
  destination: EgressDestination,
  context: DestinationContext,
): readonly ConfigFault[] {
  // It may be this machine.
  if (url === undefined && context.settings.env === 'local') return [];
  return refusalsOf(url ?? ANY_HOST, destination, context).flatMap((refusal): ConfigFault[] => {
    switch (refusal) {
      case 'no_country':
        return [{ path: pathIn(context, 'country'), message: NO_COUNTRY }];
      case 'foreign_country':
        return [{ path: pathIn(context, 'country'), message: foreign(destination.country ?? '') }];
      case 'no_transfer_basis':
        return [{ path: pathIn(context, 'transfer_basis'), message: NO_BASIS }];
      default:
        return [];
    }
  });
}

/** Stands for an address that is not known: what is declared is the same of all. */
const ANY_HOST = 'https://example.com/';

function foreign(country: string): string {
  return `is outside the EU and the EEA (${country}): an EU tenant's events may not go there, whatever is agreed for that country. Use a host in the EU or the EEA, or residency: global`;
}

function refusalsOf(
  url: string,
  destination: EgressDestination,
  { residency, settings }: DestinationContext,
): readonly EgressRefusal[] {
  const read = URL.parse(url);
  if (residency === undefined || !read) return [];
  if (settings.env === 'local' && isLoopbackHost(read.hostname)) return [];
  return hostRefusals(settings, residency, destination)(read);
}
