/** What rules made of one event, for people: the steps, the window, and what would be done. Pure. */

import type { RuleTest } from '../api-types.ts';
import { responseLines } from './detections-text.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';

export function ruleTestsText(out: Output, tests: readonly RuleTest[]): string {
  if (tests.length === 0) return 'There is no rule to test: none is on.';
  const matching = tests.filter(({ matches }) => matches);
  const blocks = [...matching, ...tests.filter(({ matches }) => !matches)].map((test) => testText(out, test));
  const sum = `${matching.length} of ${tests.length} ${tests.length === 1 ? 'rule matches' : 'rules match'}.`;
  return [...blocks, sum].join('\n\n');
}

/** Whether the rule matches or not: what would be done by it, and the lines for people. */
export function playbookTestsText(out: Output, playbook: string, tests: readonly RuleTest[]): string {
  return tests
    .map((test) => {
      const { matches, responses, checklist = [] } = test;
      return [
        headOf(out, test),
        ...(matches ? [] : ['    This event does not make it fire. If it fired:']),
        ...indented(responseLines(out, responses)),
        ...(checklist.length === 0
          ? [`    There is no checklist of ${playbook} for it.`]
          : checklist.map((line) => `      ${printable(line)}`)),
      ].join('\n');
    })
    .join('\n\n');
}

function testText(out: Output, test: RuleTest): string {
  const { matches, condition, window, responses, counted = [] } = test;
  return [
    headOf(out, test),
    ...selectionLines(out, test),
    ...(condition === undefined ? [] : [`    condition  ${printable(condition)}`]),
    ...counted.flatMap((base) => countedLines(out, base)),
    ...(window === undefined ? [] : [`    window     ${windowText(window)}`]),
    ...(responses.length > 0 || matches
      ? [`    ${whenOf(test)}`, ...indented(responseLines(out, responses))]
      : []),
    ...checklistLines(test),
  ].join('\n');
}

/** Of what is not done by this event, when it would be. */
function whenOf({ matches, window, counted }: RuleTest): string {
  if (matches) return 'would do';
  return window === undefined && counted === undefined ? 'if it fired:' : 'if it crossed:';
}

function selectionLines(out: Output, { selections = [] }: Pick<RuleTest, 'selections'>): readonly string[] {
  return selections.flatMap(({ name, matches, items }) => [
    `    ${mark(out, matches)} ${printable(name)}`,
    ...items.map((item) => `        ${mark(out, item.matches)} ${printable(item.item)}`),
  ]);
}

/** A rule that a correlation counts; its selections where it does not match. */
function countedLines(out: Output, base: NonNullable<RuleTest['counted']>[number]): readonly string[] {
  const { matches, title, rule, condition } = base;
  return [
    `    counts     ${mark(out, matches)} ${printable(title)}  ${out.paint('faint', printable(rule))}`,
    ...(matches
      ? []
      : indented([
          ...selectionLines(out, base),
          ...(condition === undefined ? [] : [`    condition  ${printable(condition)}`]),
        ])),
  ];
}

/** Its title and name, as its id tells people little. */
function headOf(out: Output, { name, title, level, matches }: RuleTest): string {
  return `${mark(out, matches)} ${out.paint('strong', printable(title))} (${level})  ${out.paint('faint', printable(name))}`;
}

function windowText({ value, condition, crossed, isQuiet }: NonNullable<RuleTest['window']>): string {
  const now = value === null ? 'nothing is counted yet' : `${value} with this event`;
  const verdict = crossed
    ? isQuiet
      ? 'crossed, and quiet: it has alerted already'
      : 'crossed'
    : 'not crossed';
  return `${now}, needs ${printable(condition)}: ${verdict}`;
}

function checklistLines({ playbook, checklist = [] }: RuleTest): readonly string[] {
  if (playbook === undefined) return [];
  return [`    playbook   ${playbook}`, ...checklist.map((line) => `      ${printable(line)}`)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `    ${line}`);
}

function mark(out: Output, isMet: boolean): string {
  return isMet ? out.paint('good', '✓') : out.paint('faint', '✗');
}
