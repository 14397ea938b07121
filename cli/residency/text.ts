/** `residency check` for people: the components one by one, below each what was found of it, and what may be said. Pure. */

import type { EnvironmentName } from '../deploy/environment.ts';
import type { Output } from '../output/output.ts';
import type { Tone } from '../output/paint.ts';
import { count } from '../output/time.ts';
import { COMPONENT_IDS, COMPONENTS, type ComponentId } from './components.ts';
import { isProven, type Finding, type Level } from './finding.ts';
import { WITH_ENTERPRISE, WITHOUT_ENTERPRISE } from './statement.ts';

export interface View {
  readonly env: EnvironmentName;
  readonly isOffline: boolean;
  readonly isBrief: boolean;
  readonly isVerbose: boolean;
}

/** The worst first. */
const MARKS: Readonly<Record<Level, readonly [mark: string, tone: Tone]>> = {
  failure: ['✖', 'bad'],
  unproven: ['?', 'bad'],
  warning: ['!', 'warning'],
  skipped: ['–', 'faint'],
  ok: ['✔', 'good'],
};
const LEVELS = Object.keys(MARKS) as readonly Level[];
const LABEL_WIDTH = 10;

export function textOf(out: Output, findings: readonly Finding[], view: View): string {
  const shown = COMPONENT_IDS.flatMap((id) => {
    const own = findings.filter(({ component }) => component === id);
    const lines = own
      .filter(({ level }) => view.isVerbose || level !== 'ok')
      .flatMap((finding) => findingLines(out, finding));
    return view.isBrief ? lines : ['', ...componentLines(out, id, own), ...lines];
  });
  return [...shown.slice(view.isBrief ? 0 : 1), ...closing(out, findings, view)].join('\n');
}

function componentLines(out: Output, id: ComponentId, own: readonly Finding[]): readonly string[] {
  const { name, holds, rests, runs, enforcedBy, open } = COMPONENTS[id];
  const worst = LEVELS.find((level) => own.some((finding) => finding.level === level));
  // What no check can look at has no mark.
  const [mark, tone] = worst === undefined ? (['·', 'faint'] as const) : MARKS[worst];
  const line = (label: string, text: string) => `    ${out.paint('faint', label.padEnd(LABEL_WIDTH))}${text}`;
  return [
    `${out.paint(tone, mark)} ${out.paint('strong', name)}`,
    line('holds', holds),
    line('rests', rests),
    line('runs', runs),
    line('enforced', enforcedBy),
    line('open', open),
  ];
}

function findingLines(out: Output, { level, tenant, what, fix }: Finding): readonly string[] {
  const [mark, tone] = MARKS[level];
  const whose = tenant === undefined ? '' : `${out.paint('strong', tenant)} `;
  return [`  ${out.paint(tone, mark)} ${whose}${what}`, ...(fix === undefined ? [] : [`    → ${fix}`])];
}

function closing(
  out: Output,
  findings: readonly Finding[],
  { env, isOffline, isBrief }: View,
): readonly string[] {
  const numberOf = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const parts = [
    `${count(numberOf('ok'), 'check')} in order`,
    count(numberOf('warning'), 'accepted risk'),
    count(numberOf('failure'), 'failure'),
    `${numberOf('unproven')} not proven`,
    ...(isOffline ? [`${numberOf('skipped')} not asked (--offline)`] : []),
  ];
  const summary = `${parts.join(', ')}.`;
  const gap = findings.length > 0 || !isBrief ? [''] : [];
  if (!isProven(findings))
    return [...gap, summary, 'Nothing is to be promised of the EU until this is mended.'];
  if (env === 'global')
    return [
      ...gap,
      summary,
      'EU tenants have their objects in the EU; the EU form (--env eu) promises more.',
    ];
  if (isOffline)
    return [
      ...gap,
      summary,
      'What is written is in order. What runs was not asked: run it without --offline.',
    ];
  return [
    ...gap,
    summary,
    '',
    out.paint('strong', 'What you may say, word for word:'),
    WITHOUT_ENTERPRISE,
    out.paint(
      'faint',
      'With a regional hostname and the Customer Metadata Boundary at eu (Enterprise; not seen from here) add:',
    ),
    WITH_ENTERPRISE,
  ];
}
