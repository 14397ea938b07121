/** Detections and what became of them, as people read them. Pure. */

import type { DetectionView, ExplainedDetection, ResponseOutcome } from '../api-types.ts';
import { typed } from '../verdicts.ts';
import { explanationLines } from './event-lines.ts';
import type { Output } from './output.ts';
import type { Tone } from './paint.ts';
import { printable } from './printable.ts';
import { count, formatDuration, formatInstant } from './time.ts';

const COLUMNS = [
  { head: 'seq', align: 'right' },
  { head: 'last (UTC)' },
  { head: 'id' },
  { head: 'rule' },
  { head: 'level' },
  { head: 'events', align: 'right' },
  { head: 'user' },
  { head: 'verdict' },
] as const;

export function detectionsTable(out: Output, detections: readonly DetectionView[]): string {
  if (detections.length === 0) return 'No detection is like that.';
  const rows = detections.map((view) => {
    const { detection, verdict } = view;
    return [
      String(view.seq),
      formatInstant(detection.lastAt),
      printable(view.id),
      `${printable(detection.ruleName)}${detection.dryRun ? ' (dry run)' : ''}`,
      detection.level,
      String(detection.count),
      printable(userOfView(view) ?? '–'),
      verdict === undefined ? '–' : typed(verdict),
    ];
  });
  return out.table(COLUMNS, rows);
}

/** All are in the answer as JSON. */
const EVENT_IDS_MAX = 10;

function userOfView({ user }: DetectionView): string | undefined {
  return user?.email ?? user?.id ?? user?.key;
}

export function explainedText(out: Output, explained: ExplainedDetection, nowMs: number): string {
  const { detection: view, responses, lanes } = explained;
  const { detection } = view;
  const { windowSeconds } = detection;
  const within = windowSeconds === 0 ? '' : ` within ${formatDuration(windowSeconds * 1000)}`;
  const facts = [
    ['rule', `${detection.ruleName} (${detection.level}${detection.dryRun ? ', dry run' : ''})`],
    [
      'events',
      `${count(detection.count, 'event')}${within}, the last ${formatInstant(detection.lastAt)} UTC`,
    ],
    ['event ids', eventIdsOf(detection)],
    ['user', userOfView(view)],
    ['device', view.device?.hostname ?? view.device?.id ?? view.device?.key],
    ['platforms', detection.platforms.join(', ') || undefined],
    ['found', view.classifications.join(', ') || undefined],
    [
      'watched',
      detection.watchedUntil === undefined ? undefined : `until ${formatInstant(detection.watchedUntil)} UTC`,
    ],
    ['playbook', detection.playbook],
    ['verdict', view.verdict === undefined ? undefined : typed(view.verdict)],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${printable(value)}`]));
  return [
    out.paint('strong', `${printable(view.id)}: ${printable(detection.title)}`),
    ...facts,
    '',
    ...responseLines(out, responses),
    ...(lanes === undefined
      ? ['', 'The log no longer has it: what each lane did is not known any more.']
      : lanes.length === 0
        ? []
        : ['', ...explanationLines(out, lanes, nowMs)]),
  ].join('\n');
}

/** The newest, each of which `events explain` takes. */
function eventIdsOf({ count: counted, eventIds }: DetectionView['detection']): string {
  const shown = eventIds.slice(-EVENT_IDS_MAX).toReversed();
  const others = counted - shown.length;
  return `${shown.join(', ')}${others > 0 ? ` and ${others} earlier` : ''}`;
}

const TONES: Readonly<Record<string, Tone>> = {
  done: 'good',
  waiting: 'warning',
  failed: 'bad',
  skipped: 'faint',
  would: 'good',
  unknown: 'faint',
};

const OUTCOME_WIDTH = 'skipped'.length;
/** Of names that others are aligned with; longer ones are alone in their length. */
const NAMES_WIDTH = 24;

/** A line for each outcome: of which responses, where, and why. */
export function responseLines(out: Output, responses: readonly ResponseOutcome[]): readonly string[] {
  if (responses.length === 0) return ['  Nothing is asked for.'];
  const groups = Map.groupBy(responses, ({ outcome, why, lane }) => JSON.stringify([outcome, why, lane]));
  const rows = [...groups.values()].flatMap(([first, ...more]) =>
    first ? [{ ...first, names: [first, ...more].map(({ response }) => response).join(', ') }] : [],
  );
  const width = Math.max(
    0,
    ...rows.map(({ names }) => names.length).filter((length) => length <= NAMES_WIDTH),
  );
  return rows.map(({ names, outcome, why, lane }) => {
    const word = out.paint(TONES[outcome] ?? 'strong', outcome.padEnd(OUTCOME_WIDTH));
    const where = lane === undefined ? '' : `${printable(lane)}: `;
    return `  ${word}  ${names.padEnd(width)}  ${where}${printable(why)}`;
  });
}
