/** What the tests of destinations found, for people: a line for each lane, and below it why, what works, and what to do. Pure. */

import type { DestinationTested, LaneTest } from '../api-types.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

/** Of workerd, for its own log. */
const RUNTIME_REFERENCE = /;? ?reference = [a-z0-9]{8,}/g;
const INDENT = '    ';
const FAILED_STATUS_MIN = 400;

export function isDelivered({ outcome }: LaneTest): boolean {
  return outcome === 'delivered';
}

export function testsText(out: Output, tested: readonly DestinationTested[]): string {
  const lanes = tested.flatMap(({ tests }) => tests.map(({ lane }) => printable(lane)));
  if (lanes.length === 0) return 'There is nothing to test: the tenant has no destination.';
  const width = Math.max(...lanes.map(({ length }) => length));
  const hinted = new Set<string>();
  return tested
    .flatMap(({ tests, summary }) => {
      const reasons = new Set<string>();
      return [
        ...tests.flatMap((test) => linesOf(out, test, { width, hinted, reasons })),
        ...(summary === undefined ? [] : [`${out.paint('good', '✔')} ${printable(summary)}`]),
      ];
    })
    .join('\n');
}

interface Said {
  readonly width: number;
  /** What was said to do already, of another lane. */
  readonly hinted: Set<string>;
  /** What was said to be wrong already, of another lane of the same destination. */
  readonly reasons: Set<string>;
}

function linesOf(
  out: Output,
  test: LaneTest & { readonly hint?: string },
  { width, hinted, reasons }: Said,
): readonly string[] {
  const { lane, durationMs, notes = [], hint } = test;
  const status = shownStatus(test);
  const mark = isDelivered(test) ? out.paint('good', '✔') : out.paint('bad', '✖');
  const facts = [status === undefined ? undefined : `HTTP ${status}`, `${durationMs} ms`].filter(Boolean);
  const why = [test.reason, test.detail].filter((part) => part !== undefined).join(': ');
  const isNew = hint !== undefined && !hinted.has(hint);
  if (isNew) hinted.add(hint);
  const isReasonNew = why !== '' && !reasons.has(why);
  reasons.add(why);
  return [
    `${mark} ${printable(lane).padEnd(width)}  ${wordOf(test)} (${facts.join(', ')})`,
    ...(isReasonNew ? [`${INDENT}${printable(why).replaceAll(RUNTIME_REFERENCE, '')}`] : []),
    ...notes.map((note) => `${INDENT}${printable(note)}`),
    ...(isNew ? [`${INDENT}→ ${printable(hint)}`] : []),
  ];
}

/** A refusal of the method says that the path is there: as a number it looks like a failure. */
function shownStatus(test: LaneTest): number | undefined {
  const isRefusal = test.status !== undefined && test.status >= FAILED_STATUS_MIN;
  return isRefusal && isDelivered(test) ? undefined : test.status;
}

/** What was not tested by an event works, as far as a harmless request can tell. */
function wordOf(test: LaneTest): string {
  return isDelivered(test) && test.eventId === undefined ? 'works' : test.outcome;
}
