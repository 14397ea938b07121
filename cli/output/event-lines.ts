/** Events and what became of them, as people read them. Pure. */

import type { EventView, Explanation } from '../api-types.ts';
import type { Output } from './output.ts';
import type { Tone } from './paint.ts';
import { printable } from './printable.ts';
import { count, formatAge, formatInstant } from './time.ts';

/** One event in one line, for `tail`. */
export function eventLine(out: Output, event: EventView): string {
  const { seq, receivedAt, type, id, platform, severity, riskScore, policy, user, device } = event;
  const facts = [
    ['platform', platform?.id],
    ['severity', severity],
    ['risk', riskScore?.toString()],
    ['policy', policy?.decision],
    ['user', user?.email ?? user?.id ?? user?.key],
    ['device', device?.hostname ?? device?.id ?? device?.key],
    ['found', event.classifications.join(',') || undefined],
    ['faults', event.faults.length === 0 ? undefined : String(event.faults.length)],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${printable(value)}`]));
  return [
    out.paint('faint', String(seq).padStart(6)),
    formatInstant(receivedAt),
    out.paint('strong', printable(type)),
    printable(id),
    ...facts,
  ].join('  ');
}

const COLUMNS = [
  { head: 'seq', align: 'right' },
  { head: 'received (UTC)' },
  { head: 'type' },
  { head: 'id' },
  { head: 'platform' },
  { head: 'severity' },
  { head: 'policy' },
  { head: 'user' },
] as const;

export function eventsTable(out: Output, events: readonly EventView[]): string {
  const rows = events.map((event) => [
    String(event.seq),
    formatInstant(event.receivedAt),
    printable(event.type),
    printable(event.id),
    printable(event.platform?.id ?? '–'),
    event.severity ?? '–',
    event.policy?.decision ?? '–',
    printable(event.user?.email ?? event.user?.id ?? event.user?.key ?? '–'),
  ]);
  return out.table(COLUMNS, rows);
}

const TONES: Readonly<Record<string, Tone>> = {
  delivered: 'good',
  dead_letter: 'bad',
  expired: 'bad',
  parked: 'warning',
  waiting: 'warning',
  discarded: 'bad',
};

/** What each lane did with an event, a line each; those that did not want it come last. */
export function explanationLines(
  out: Output,
  lanes: readonly Explanation[],
  nowMs: number,
): readonly string[] {
  const width = Math.max(...lanes.map(({ outcome }) => printable(outcome).length));
  const inOrder = [...lanes.filter((one) => !isPassedOver(one)), ...lanes.filter(isPassedOver)];
  return inOrder.map(({ lane, outcome, why, deadLetter, tries, due }) => {
    const more = [
      ...(tries === undefined ? [] : [count(tries, 'try', 'tries')]),
      ...(deadLetter === undefined ? [] : [`dead letter ${deadLetter}`]),
      ...(due === undefined ? [] : [`tries again ${formatAge(due, nowMs)}`]),
    ];
    const tail = more.length === 0 ? '' : ` (${more.join(', ')})`;
    return `  ${out.paint(TONES[outcome] ?? 'faint', printable(outcome).padEnd(width))}  ${printable(lane)}: ${printable(why)}${tail}`;
  });
}

function isPassedOver({ outcome }: Explanation): boolean {
  return outcome === 'not_wanted';
}
