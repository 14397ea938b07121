/** Lanes as a table for people. Pure. */

import type { LaneView } from '../api-types.ts';
import type { Output } from './output.ts';
import type { Tone } from './paint.ts';
import { printable } from './printable.ts';
import { formatAge } from './time.ts';

const TONES: Readonly<Record<string, Tone>> = {
  idle: 'good',
  running: 'good',
  waiting: 'warning',
  blocked: 'bad',
  disabled: 'faint',
  removed: 'faint',
};

const COLUMNS = [
  { head: 'lane' },
  { head: 'state' },
  { head: 'undelivered', align: 'right' },
  { head: 'parked', align: 'right' },
  { head: 'delivered', align: 'right' },
  { head: 'dead letters', align: 'right' },
  { head: 'expired', align: 'right' },
  { head: 'discarded', align: 'right' },
  { head: 'last delivery', align: 'right' },
] as const;

export function lanesTable(out: Output, lanes: readonly LaneView[], nowMs: number): string {
  if (lanes.length === 0) return 'There are no lanes: the tenant has no destination.';
  const rows = lanes.map((lane) => [
    printable(lane.lane),
    out.paint(TONES[lane.state] ?? 'strong', lane.state),
    ...[lane.undelivered, lane.parked, lane.delivered, lane.deadLettered, lane.expired, lane.discarded].map(
      String,
    ),
    lane.lastDeliveredAt === undefined ? '–' : formatAge(lane.lastDeliveredAt, nowMs),
  ]);
  return [out.table(COLUMNS, rows), ...lanes.flatMap((lane) => why(out, lane, nowMs))].join('\n');
}

/** Why a lane does not deliver, and when it tries again. */
function why(out: Output, lane: LaneView, nowMs: number): string[] {
  const due = lane.due === undefined ? '' : `; tries again ${formatAge(lane.due, nowMs)}`;
  if (lane.state === 'blocked' && lane.blocked) {
    const { reason, detail, since } = lane.blocked;
    return [
      `${out.paint('bad', lane.lane)} ${reason} since ${formatAge(since, nowMs)}: ${sentence(detail, due)}`,
    ];
  }
  if (lane.state === 'waiting' && lane.lastFailure) {
    const { reason, detail, at } = lane.lastFailure;
    return [`${out.paint('warning', lane.lane)} ${reason} ${formatAge(at, nowMs)}: ${sentence(detail, due)}`];
  }
  return [];
}

/** Its full stop goes where more follows. */
function sentence(detail: string, due: string): string {
  const text = printable(detail);
  return due === '' ? text : `${text.replace(/\.$/, '')}${due}`;
}
