/** What an operator does about the outcome of a destination's test, in one sentence. The longer words are in docs/operations.md. Pure. */

import type { BlockedReason, RetryReason } from '../../domain/outcome.ts';
import type { LaneTest } from '../../domain/destination-requests.ts';
import type { DestinationConfig } from '../../domain/tenant-config.ts';

type OfProduct = 'unauthorized' | 'forbidden' | 'no_such_endpoint';

/** Those that are the same for every lane. */
const HINTS: Readonly<Record<Exclude<RetryReason | BlockedReason, OfProduct | 'not_configured'>, string>> = {
  scope_missing:
    'In the Falcon console, under Support and resources, API clients and keys: give the API client the scopes that the detail names.',
  address_not_allowed:
    "Take the relay's addresses into the API IP allow-list of the Falcon console, or turn it off: Cloudflare Workers have no fixed ones.",
  wrong_region: 'Set region to the one that the detail names, as the API client belongs to that cloud.',
  pending: 'Wait: the destination is at it.',
  redirected: 'Correct the address or the Falcon region, as a redirect is never followed.',
  tls_failure:
    'Give the destination a certificate that is publicly trusted, valid, and for this name: the relay can not skip the check.',
  html_answer: 'Correct the address or the port: a portal or a login page answers there, not the API.',
  host_not_allowed:
    'Add the host to RELAY_EGRESS_ALLOW and deploy, once you know that it is in the EU, or correct the address.',
  rejected_in_a_row: 'Read the last answers in the dead letters: the destination refuses every event.',
  too_many_parked: 'Read the last answers in the dead letters: the destination fails on too many events.',
  unexpected_status: "Read the detail and the destination's own log: the relay does not know this status.",
  timeout:
    "Check address, port and firewall: nothing answered in time, so Cloudflare's addresses may be shut out.",
  network: 'Check that the name resolves on the public internet and that the port is open.',
  busy: 'Repeat the test later: the destination limits the rate.',
  server_error: "Repeat the test later, and look at the destination's own log: it has a fault of its own.",
  unconfirmed: 'Repeat the test later: what the last request did does not show yet.',
  internal_error:
    'Look up the log line delivery.crashed and report it: the relay could not build the request.',
};

const REJECTED =
  'Read the detail: address and token are right, but the destination refuses the event itself, and would refuse others.';

const NOT_OPENED =
  'Write the secrets anew that the detail names, or give the relay RELAY_MASTER_KEY_PREVIOUS, the key that opens them.';

type Tested = Pick<LaneTest, 'lane' | 'outcome' | 'reason' | 'detail'>;

/** None for what was delivered, nor where the detail says all. `type` is the destination's. */
export function hintOf(
  { lane, outcome, reason, detail }: Tested,
  type: DestinationConfig['type'] | undefined,
): string | undefined {
  if (outcome === 'rejected') return REJECTED;
  if (reason === 'unauthorized') return unauthorizedHint(lane, type);
  if (reason === 'forbidden') return FORBIDDEN[type ?? 'harfanglab'];
  if (reason === 'no_such_endpoint') return endpointHint(lane, type);
  if (reason === 'not_configured') return detail?.startsWith('sealed values ') ? NOT_OPENED : undefined;
  // Of an object of a newer version it may be a reason that is not known here.
  return reason === undefined || !Object.hasOwn(HINTS, reason) ? undefined : HINTS[reason];
}

const NEW_ADDRESS =
  'Make a new address there and write it into url: the one that it was given is not taken, or its channel or workflow is gone.';

const FORBIDDEN: Readonly<Record<DestinationConfig['type'], string>> = {
  harfanglab:
    "Give the token's user the right that the detail names, or else the right to write events, or use another token.",
  falcon: "Give the token's user the right to write events, or use another token.",
  slack:
    'Make a new incoming webhook and write its address into url, unless the detail names another cause: a workspace can turn webhooks off, or the channel may be archived.',
  teams:
    'Turn the workflow on again, or make another one and write its address into url: the tenant of Microsoft 365 may not let it post there.',
  webhook: 'Correct headers or secrets: the receiver knows them and does not let them post.',
};

/** Names the credential of this lane: a Falcon destination has two. */
function unauthorizedHint(lane: string, type: DestinationConfig['type'] | undefined): string {
  switch (type) {
    case 'falcon':
      return lane.endsWith('/events')
        ? 'Write hec.token anew: the connector does not take the API key that it was given.'
        : 'Write client_id and client_secret anew, unless the detail names another cause: Falcon does not take the API client as it is.';
    case 'slack':
    case 'teams':
      return NEW_ADDRESS;
    case 'webhook':
      return 'Write headers or secrets anew: the receiver does not take the ones that it was given.';
    default:
      return 'Write the token anew: the destination does not take the one that it was given.';
  }
}

/** What is at another path, or nowhere. */
function endpointHint(lane: string, type: DestinationConfig['type'] | undefined): string {
  if (type === 'slack' || type === 'teams') return NEW_ADDRESS;
  if (type === 'webhook') return 'Correct url: nothing takes messages at this path.';
  const key = GUIDE_KINDS.find((kind) => lane.endsWith(`/${kind}`));
  if (type === 'harfanglab')
    return key === undefined
      ? 'Correct base_url: nothing is at this path of it. A manager of another version may lack it.'
      : `Correct base_url or ${key}_path: nothing is at this path. Where the manager has no such endpoint, use mode native.`;
  return 'Correct base_url or hec.url: nothing is at this path. Some managers and Falcon accounts do not have the endpoint.';
}

const GUIDE_KINDS: readonly string[] = ['events', 'incidents', 'alerts'];
