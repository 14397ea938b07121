/** What destinations answered to a test event, as a table for people. Pure. */

import type { LaneTest, DestinationTested } from '../api-types.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

const COLUMNS = [
  { head: 'lane' },
  { head: 'outcome' },
  { head: 'status', align: 'right' },
  { head: 'ms', align: 'right' },
  { head: 'why' },
] as const;

/** Of workerd, for its own log. */
const RUNTIME_REFERENCE = /;? ?reference = [a-z0-9]{8,}/g;

export function isDelivered({ outcome }: LaneTest): boolean {
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
    printable([test.reason, test.detail].filter((part) => part !== undefined).join(': ')).replaceAll(
      RUNTIME_REFERENCE,
      '',
    ),
  ]);
  const hints = new Set(tests.flatMap(({ hint }) => (hint === undefined ? [] : printable(hint))));
  return [out.table(COLUMNS, rows), ...hints].join('\n');
}
