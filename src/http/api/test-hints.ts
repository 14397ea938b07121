/** What an operator does about the outcome of a destination's test, in one sentence. The longer words are in docs/operations.md. Pure. */

import type { BlockedReason, RetryReason } from '../../domain/outcome.ts';
import type { LaneTest } from '../../domain/rpc.ts';

const HINTS: Readonly<Record<RetryReason | BlockedReason, string>> = {
  unauthorized:
    'Write the token anew, or client_id and client_secret: the destination does not take what it was given.',
  forbidden: "Give the token's user the right to write events, or use another token.",
  scope_missing:
    'In the Falcon console, under Support and resources, API clients and keys: give the API client the scopes that the detail names.',
  address_not_allowed:
    "Take the relay's addresses into the API IP allow-list of the Falcon console, or turn it off: Cloudflare Workers have no fixed ones.",
  wrong_region: 'Set region to the one that the detail names, as the API client belongs to that cloud.',
  no_such_endpoint:
    'Correct base_url, events_path or hec.url: nothing is at this path. Some managers and Falcon accounts do not have the endpoint.',
  redirected: 'Correct the address or the Falcon region, as a redirect is never followed.',
  tls_failure:
    'Give the destination a certificate that is publicly trusted, valid, and for this name: the relay can not skip the check.',
  html_answer: 'Correct the address or the port: a portal or a login page answers there, not the API.',
  host_not_allowed:
    'Add the host to RELAY_EGRESS_ALLOW and deploy, once you know that it is in the EU, or correct the address.',
  rejected_in_a_row: 'Read the last answers in the dead letters: the destination refuses every event.',
  too_many_parked: 'Read the last answers in the dead letters: the destination fails on too many events.',
  not_configured:
    'Read the detail: a workflow that it names must exist and be enabled; secrets that do not open are written anew, or opened with RELAY_MASTER_KEY_PREVIOUS.',
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

/** None for what was delivered. */
export function hintOf({ outcome, reason }: Pick<LaneTest, 'outcome' | 'reason'>): string | undefined {
  if (outcome === 'rejected') return REJECTED;
  // Of an object of a newer version it may be a reason that is not known here.
  return reason === undefined || !Object.hasOwn(HINTS, reason) ? undefined : HINTS[reason];
}
