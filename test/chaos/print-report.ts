/** A report as tables for a terminal. Pure. */

import Table from 'cli-table3';

import type { LaneAudit } from './audit.ts';
import type { Report } from './report.ts';

const PLAIN = { head: [], border: [] };
/** No line between rows. */
const DENSE = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

export function reportText(report: Report): string {
  const { problems } = report;
  return [
    injectedTable(report),
    lanesTable(report.lanes),
    summary(report),
    ...(problems.length === 0
      ? ['✔ lost = 0, and every duplicate has a reason.']
      : ['✖ This must not be:', ...problems.map((problem) => `  ${problem}`)]),
  ].join('\n');
}

function injectedTable({ injected }: Report): string {
  const table = new Table({
    head: ['injected', 'planned', 'requests, calls or messages'],
    colAligns: ['left', 'right', 'right'],
    style: PLAIN,
    chars: DENSE,
  });
  for (const { what, planned, hit } of injected) table.push([what, planned ?? '', hit]);
  return table.toString();
}

function lanesTable(lanes: readonly LaneAudit[]): string {
  const table = new Table({
    head: [
      'lane',
      'wanted',
      'delivered',
      'dead',
      'parked',
      'given up',
      'repeated:\nunseen answer',
      'repeated:\nkill or abort',
      'unexplained',
      'lost',
      'disordered',
      'overtaken\nat most by',
      'longest\nwait',
    ],
    colAligns: ['left', ...Array.from({ length: 12 }, () => 'right' as const)],
    style: PLAIN,
    chars: DENSE,
  });
  for (const lane of lanes) table.push([`${lane.tenant} ${lane.lane}`, ...cells(lane)]);
  return table.toString();
}

function cells(lane: LaneAudit): (string | number)[] {
  return [
    lane.wanted,
    lane.delivered,
    lane.deadLettered,
    lane.parked,
    lane.discarded,
    lane.duplicatesAfterUnseen,
    lane.duplicatesAfterInterruption,
    lane.faults.unexplained.length,
    lane.faults.lost.length,
    lane.faults.disordered.length,
    lane.overtakersMax,
    `${(lane.longestWaitMs / 1000).toFixed(1)} s`,
  ];
}

function summary(report: Report): string {
  const { lanes, statuses } = report;
  const sum = (of: (lane: LaneAudit) => number): number => lanes.reduce((total, lane) => total + of(lane), 0);
  const answers = Object.entries(statuses)
    .map(([status, count]) => `${status === '0' ? 'none' : status} ${count}`)
    .join(' · ');
  const table = new Table({ style: PLAIN, chars: DENSE });
  table.push(
    ['seed, plan', `${report.seed}, ${report.fingerprint}`],
    [
      'load, then until idle',
      `${(report.loadMs / 1000).toFixed(1)} s, ${(report.settleMs / 1000).toFixed(1)} s`,
    ],
    ['events accepted', report.accepted],
    ['deliveries', sum(({ delivered }) => delivered)],
    ['answers to webhooks', answers],
    ['kills, aborts, object starts', `${report.kills}, ${report.aborts}, ${report.objectStarts}`],
    ['kills left out: OVERFLOW not empty', report.killsSkipped],
    ['in the local queue when killed', report.lostWithLocalQueue],
    ['dead letters, parked', `${sum(({ deadLettered }) => deadLettered)}, ${sum(({ parked }) => parked)}`],
    ['repeated after an unseen answer', sum(({ duplicatesAfterUnseen }) => duplicatesAfterUnseen)],
    ['repeated after a kill or an abort', sum(({ duplicatesAfterInterruption: count }) => count)],
    ['repeated without a reason', sum(({ faults }) => faults.unexplained.length)],
    ['lost', sum(({ faults }) => faults.lost.length)],
  );
  return table.toString();
}
