/** Rules and their changes as people read them. Pure. */

import { stringify } from 'yaml';

import type { RuleChange, RuleDetail, RuleView } from '../api-types.ts';
import type { Output } from './output.ts';
import type { Tone } from './paint.ts';
import { printable, printableLines } from './printable.ts';
import { count, formatAge, formatInstant } from './time.ts';

const COLUMNS = [
  { head: 'rule' },
  { head: 'level' },
  { head: 'state' },
  { head: 'responds with' },
  { head: 'detections', align: 'right' },
  { head: 'dry runs', align: 'right' },
  { head: 'true', align: 'right' },
  { head: 'false', align: 'right' },
  { head: 'failures', align: 'right' },
  { head: 'last', align: 'right' },
] as const;

export function rulesTable(out: Output, rules: readonly RuleView[], nowMs: number): string {
  if (rules.length === 0)
    return 'There are no rules: the tenant file switches them on with `rules: {catalog: all}`.';
  const rows = rules.map((rule) => {
    const { detections, dryRuns, truePositives, falsePositives, failures, lastDetectionAt } = rule.counts;
    const { tone, word } = stateOf(rule);
    return [
      printable(rule.name),
      rule.level,
      out.paint(tone, word),
      rule.alerts ? rule.respond.join(', ') || 'nothing' : '–',
      String(detections),
      String(dryRuns),
      String(truePositives),
      String(falsePositives),
      failures === 0 ? '0' : out.paint('bad', String(failures)),
      lastDetectionAt === undefined ? '–' : formatAge(lastDetectionAt, nowMs),
    ];
  });
  const failing = rules.filter(({ counts }) => counts.failures > 0);
  return [
    out.table(COLUMNS, rows),
    ...failing.map(
      ({ name, counts }) =>
        `${out.paint('bad', printable(name))} failed on ${count(counts.failures, 'event')}: they went on without it.`,
    ),
  ].join('\n');
}

function stateOf({ enabled, dryRun, alerts }: RuleView): { readonly tone: Tone; readonly word: string } {
  if (!enabled) return { tone: 'faint', word: 'off' };
  if (!alerts) return { tone: 'faint', word: 'part of others' };
  return dryRun ? { tone: 'warning', word: 'dry run' } : { tone: 'good', word: 'on' };
}

export function ruleText(out: Output, rule: RuleDetail, nowMs: number): string {
  const { detections, dryRuns, truePositives, falsePositives, failures, lastDetectionAt } = rule.counts;
  const judged = truePositives + falsePositives;
  const rate = judged === 0 ? '' : ` (${Math.round((100 * falsePositives) / judged)} % of what was marked)`;
  const facts = [
    ['id', rule.id],
    ['level', `${rule.level}, ${rule.source} ${rule.kind}, ${stateOf(rule).word}`],
    ['responds', rule.respond.join(', ') || 'with nothing'],
    ['filtered', rule.filters === undefined ? undefined : `by ${rule.filters.join(', ')}`],
    ['playbook', rule.playbook],
    ['author', rule.author],
    ['tags', rule.tags.join(', ') || undefined],
    [
      'found',
      `${count(detections, 'detection')}, ${count(dryRuns, 'dry run')}${lastOf(lastDetectionAt, nowMs)}`,
    ],
    ['marked', `${truePositives} true, ${falsePositives} false${rate}`],
    ['failures', failures === 0 ? undefined : count(failures, 'event')],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [`${name.padEnd(9)} ${printable(value)}`]));
  return [
    out.paint('strong', `${printable(rule.name)}: ${printable(rule.title)}`),
    ...facts,
    ...(rule.description === undefined ? [] : ['', printableLines(rule.description.trim())]),
    ...listOf('False positives:', rule.falsepositives),
    ...listOf('References:', rule.references),
    '',
    out.paint('faint', 'As it is evaluated:'),
    printableLines(stringify(logicOf(rule), { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()),
  ].join('\n');
}

/** What of the document is not said above. */
const HEADER: ReadonlySet<string> = new Set([
  'kind',
  'title',
  'id',
  'name',
  'status',
  'description',
  'references',
  'author',
  'date',
  'modified',
  'tags',
  'falsepositives',
  'level',
]);

function logicOf({ document }: RuleDetail): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !HEADER.has(name)));
}

function lastOf(at: string | undefined, nowMs: number): string {
  return at === undefined ? '' : `, the last ${formatAge(at, nowMs)}`;
}

function listOf(head: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : ['', head, ...items.map((item) => `  ${printable(item)}`)];
}

const SIGNS = { added: ['good', '+'], changed: ['warning', '~'], removed: ['bad', '-'] } as const;

export function changesText(out: Output, changes: readonly RuleChange[]): string {
  if (changes.length === 0) return 'The rules have not changed.';
  return changes
    .map(({ at, version, by, reason, changes: rules }) =>
      [
        `${out.paint('strong', `${formatInstant(at)} UTC`)}  version ${version}  ${printable(by)}${reason === undefined ? '' : `: ${printable(reason)}`}`,
        ...rules.flatMap(({ rule, change, parts }) => {
          const [tone, sign] = SIGNS[change] ?? ['strong', '?'];
          return [
            `  ${out.paint(tone, sign)} ${printable(rule)}`,
            ...parts.map(
              ({ part, from = '–', to = '–' }) =>
                `      ${printable(part)}  ${printable(from)} → ${printable(to)}`,
            ),
          ];
        }),
      ].join('\n'),
    )
    .join('\n');
}
