/** What the tests of destinations found, for people: a line for each lane, and below it why, what works, and what to do. Pure. */

import type { DestinationTested, LaneTest } from '../api-types.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

/** Of workerd, for its own log. */
const RUNTIME_REFERENCE = /;? ?reference = [a-z0-9]{8,}/g;
const INDENT = '    ';

export function isDelivered({ outcome }: LaneTest): boolean {
  return outcome === 'delivered';
}

export function testsText(out: Output, tested: readonly DestinationTested[]): string {
  const lanes = tested.flatMap(({ tests }) => tests.map(({ lane }) => printable(lane)));
  if (lanes.length === 0) return 'There is nothing to test: the tenant has no destination.';
  const width = Math.max(...lanes.map(({ length }) => length));
  const hinted = new Set<string>();
  return tested
    .flatMap(({ tests, summary }) => [
      ...tests.flatMap((test) => linesOf(out, test, { width, hinted })),
      ...(summary === undefined ? [] : [`${out.paint('good', '✔')} ${printable(summary)}`]),
    ])
    .join('\n');
}

/** `hinted`: what was said to do already, of another lane. */
function linesOf(
  out: Output,
  test: LaneTest & { readonly hint?: string },
  { width, hinted }: { readonly width: number; readonly hinted: Set<string> },
): readonly string[] {
  const { lane, status, durationMs, notes = [], hint } = test;
  const mark = isDelivered(test) ? out.paint('good', '✔') : out.paint('bad', '✖');
  const facts = [status === undefined ? undefined : `HTTP ${status}`, `${durationMs} ms`].filter(Boolean);
  const why = [test.reason, test.detail].filter((part) => part !== undefined).join(': ');
  const isNew = hint !== undefined && !hinted.has(hint);
  if (isNew) hinted.add(hint);
  return [
    `${mark} ${printable(lane).padEnd(width)}  ${wordOf(test)} (${facts.join(', ')})`,
    ...(why === '' ? [] : [`${INDENT}${printable(why).replaceAll(RUNTIME_REFERENCE, '')}`]),
    ...notes.map((note) => `${INDENT}${printable(note)}`),
    ...(isNew ? [`${INDENT}→ ${printable(hint)}`] : []),
  ];
}

/** What was not tested by an event works, as far as a harmless request can tell. */
function wordOf(test: LaneTest): string {
  return isDelivered(test) && test.eventId === undefined ? 'works' : test.outcome;
}
