/** What destinations answered to a test event, as a table for people. Pure. */

import type { DestinationTest, DestinationTested } from '../api-types.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

const COLUMNS = [
  { head: 'lane' },
  { head: 'outcome' },
  { head: 'status', align: 'right' },
  { head: 'ms', align: 'right' },
  { head: 'why' },
] as const;

/** What to do about an outcome's reason; docs/operations.md has all of them. */
const HINTS: Readonly<Record<string, string>> = {
  unauthorized: 'The token is wrong: copy it again, or make a new one.',
  forbidden: "The token's user lacks the right to write events.",
  no_such_endpoint: 'Check the address and its path; the product may not have this endpoint.',
  redirected: 'The address is not the API itself, or the Falcon region is another.',
  html_answer: 'A web page answered: check the address and the port.',
  tls_failure: 'The certificate must be publicly trusted, valid, and for this name.',
  host_not_allowed: 'Add the host to RELAY_EGRESS_ALLOW and deploy, once you know that it is in the EU.',
  network: 'Check the host name and the port, and that it can be reached from the internet.',
  timeout: 'A firewall may swallow the request.',
};

export function isDelivered({ outcome }: DestinationTest): boolean {
  return outcome === 'delivered';
}

export function testsTable(out: Output, tested: readonly DestinationTested[]): string {
  const tests = tested.flatMap((one) => one.tests);
  if (tests.length === 0) return 'There is nothing to test: the tenant has no destination.';
  const rows = tests.map((test) => [
    printable(test.lane),
    out.paint(isDelivered(test) ? 'good' : 'bad', test.outcome),
    test.status === undefined ? '–' : String(test.status),
    String(test.durationMs),
    printable([test.reason, test.detail].filter((part) => part !== undefined).join(': ')),
  ]);
  const hints = new Set(tests.flatMap(({ reason }) => (reason === undefined ? [] : (HINTS[reason] ?? []))));
  return [out.table(COLUMNS, rows), ...hints].join('\n');
}
