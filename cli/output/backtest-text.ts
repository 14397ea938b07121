/** What a run of rules over events found, for people. Pure. */

import type { BacktestReport } from '../api-types.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';
import { count, formatInstant } from './time.ts';

/** A report of the relay, or of this machine, which knows no marks and has no period of its own. */
export type BacktestFound = Pick<BacktestReport, 'scanned' | 'rules'> &
  Partial<Pick<BacktestReport, 'since' | 'until' | 'forgottenWindows'>>;
type RuleFound = BacktestReport['rules'][number];

const COLUMNS = [
  { head: 'rule' },
  { head: 'hits', align: 'right' },
  { head: 'a day', align: 'right' },
] as const;
const MARK_COLUMNS = [
  { head: 'marked true', align: 'right' },
  { head: 'marked false', align: 'right' },
] as const;
const BAR_WIDTH_MAX = 40;

export function backtestText(out: Output, found: BacktestFound): string {
  const { scanned, rules, since, until, forgottenWindows: forgotten = 0 } = found;
  const isOfRelay = since !== undefined && until !== undefined;
  const period = isOfRelay ? `, received from ${formatInstant(since)} to ${formatInstant(until)} UTC` : '';
  // The relay's log has detections, too.
  const what = isOfRelay ? `${count(scanned, 'entry', 'entries')} of the log` : count(scanned, 'event');
  const looked = `${what} looked at${period}.`;
  const head = `${looked} Days and times below are of the events.`;
  if (rules.length === 0) return `${looked} There is no rule that alerts.`;
  const rows = rules.map((rule) => [
    printable(rule.rule),
    String(rule.hits),
    average(rule),
    ...(isOfRelay ? [String(rule.markedTrue), String(rule.markedFalse)] : []),
  ]);
  return [
    head,
    ...(forgotten === 0
      ? []
      : [`${count(forgotten, 'window')} forgotten, as too many were open: hits may be missing.`]),
    '',
    out.table(isOfRelay ? [...COLUMNS, ...MARK_COLUMNS] : COLUMNS, rows),
    ...rules.flatMap((rule) => detailsOf(out, rule)),
  ].join('\n');
}

/** Over the days that had hits. */
function average({ hits, perDay }: RuleFound): string {
  const days = Object.keys(perDay).length;
  return days === 0 ? '–' : (hits / days).toFixed(1);
}

function detailsOf(out: Output, rule: RuleFound): readonly string[] {
  if (rule.hits === 0 && rule.failures === 0) return [];
  const days = Object.entries(rule.perDay).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const most = Math.max(1, ...days.map(([, hits]) => hits));
  return [
    '',
    `${out.paint('strong', printable(rule.rule))}: ${printable(rule.title)}`,
    ...days.map(([day, hits]) => `  ${printable(day)}  ${bar(hits, most)} ${hits}`),
    ...(rule.topUsers.length === 0
      ? []
      : [`  most: ${rule.topUsers.map(({ user, hits }) => `${printable(user)} (${hits})`).join(', ')}`]),
    ...rule.samples.map(
      ({ eventId, at, count: events }) =>
        `  ${formatInstant(at)}  ${printable(eventId)}${events > 1 ? `, ${count(events, 'event')} counted` : ''}`,
    ),
    ...(rule.failures === 0 ? [] : [out.paint('bad', `  failed on ${count(rule.failures, 'event')}`)]),
  ];
}

function bar(hits: number, most: number): string {
  return '█'.repeat(Math.max(1, Math.round((BAR_WIDTH_MAX * hits) / most)));
}
