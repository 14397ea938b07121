/** What the rules found in the day, what it became at the vendors, how much there must be of each, and one example. */

import Table from 'cli-table3';

import type { DetectionView } from '../../src/domain/rule-views.ts';
import { cutText } from '../../src/lib/short-text.ts';
import { expectedDetections } from './expected-detections.ts';
import type { Stage } from './stage.ts';

/** As in the relay, for cases and for messages: what comes above within an hour is counted in one of them. */
const PER_HOUR_MAX = 20;
const EXAMPLE_LENGTH_MAX = 48;
const STORM_TAG = 'storm';

/** Why the numbers differ. */
const WHY = [
  `Each rule asks for its own: those of HarfangLab's guide (hl) for incidents, of Falcon's (cs) for cases, those on Noxys' alerts for both and, from high on, an alert.`,
  `A rule and its user share a case, and one message tells of all rules that an event matched; above ${PER_HOUR_MAX} an hour, cases and messages end in one that counts.`,
].join('\n');

interface Finding {
  readonly what: string;
  readonly counted: number;
  readonly expected: number;
  /** There may be more: how many depends on how events came together. */
  readonly isLeast?: true;
  readonly example: string | undefined;
}

/** A row for each rule, and one for each kind of what came of it. */
export async function findingsTables(stage: Stage): Promise<string> {
  const detections = await stage.detections();
  const rules = table('the rules found', rulesOf(stage, detections));
  const responses = table(`${detections.length} detections became`, responsesOf(stage, detections));
  return `${rules}\n\n${responses}\n${WHY}`;
}

function table(title: string, findings: readonly Finding[]): string {
  const rows = new Table({
    head: [title, 'counted', 'expected', 'such as'],
    colAligns: ['left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { what, counted, expected, isLeast, example = '' } of findings)
    rows.push([what, counted, isLeast ? `≥ ${expected}` : expected, cutText(example, EXAMPLE_LENGTH_MAX)]);
  return rows.toString();
}

/** What the vendors or the relay lack, or have too much of. */
export async function missingFindings(stage: Stage): Promise<string[]> {
  const detections = await stage.detections();
  return [...rulesOf(stage, detections), ...responsesOf(stage, detections)]
    .filter(({ counted, expected, isLeast }) => (isLeast ? counted < expected : counted !== expected))
    .map(({ what, counted, expected }) => `there are ${counted} of ${what}, ${expected} should be there`);
}

/** By the relay, and by hand from the events that Falcon got. */
function rulesOf(stage: Stage, detections: readonly DetectionView[]): readonly Finding[] {
  const expected = expectedDetections(stage.ecsEvents().filter(({ rule }) => rule === undefined));
  const byRule = Map.groupBy(detections, ({ detection }) => detection.ruleName);
  const names = [...new Set([...expected.keys(), ...byRule.keys()])].toSorted();
  return names.map((name) => {
    const found = byRule.get(name) ?? [];
    const [first] = found;
    return {
      what: name,
      counted: found.length,
      expected: expected.get(name) ?? 0,
      example: first && `${first.detection.level}: ${first.detection.title}`,
    };
  });
}

function responsesOf(stage: Stage, detections: readonly DetectionView[]): readonly Finding[] {
  const { edr, falcon, slack } = stage;
  const asking = (response: 'incident' | 'case' | 'alert'): readonly DetectionView[] =>
    detections.filter(({ detection }) => detection.respond?.includes(response));
  const groups = new Set(asking('case').map(groupOf)).size;
  const [stormCases, cases] = split(falcon.cases, ({ tags }) => tags.includes(STORM_TAG));
  const caseName = (one: (typeof cases)[number] | undefined) => one && `${one.reference_id} ${one.name}`;
  const title = edr.incidents[0]?.body['title'];
  const copies = stage.ecsEvents().filter(({ rule }) => rule !== undefined);
  const [indicator] = falcon.indicators;
  return [
    {
      what: 'incidents at HarfangLab',
      counted: edr.incidents.length,
      expected: asking('incident').length,
      example: typeof title === 'string' ? title : undefined,
    },
    {
      what: 'alerts at HarfangLab',
      counted: edr.alerts.length,
      expected: asking('alert').length,
      example: undefined,
    },
    {
      what: 'cases at Falcon',
      counted: cases.length,
      expected: Math.min(groups, PER_HOUR_MAX),
      example: caseName(cases[0]),
    },
    {
      what: 'storm cases at Falcon',
      counted: stormCases.length,
      expected: groups > PER_HOUR_MAX ? 1 : 0,
      example: caseName(stormCases[0]),
    },
    {
      what: 'detections in Falcon Next-Gen SIEM',
      counted: copies.length,
      expected: detections.length,
      example: undefined,
    },
    {
      what: 'indicators at Falcon, of the config',
      counted: falcon.indicators.length,
      expected: 1,
      example: indicator && `${indicator.type} ${indicator.value}: ${indicator.action}`,
    },
    {
      what: 'messages in Slack that tell of rules',
      counted: slack.messages.filter(tellsOfRule).length,
      expected: Math.min(1, detections.length),
      isLeast: true,
      example: slack.messages.find(tellsOfRule)?.text,
    },
  ];
}

function tellsOfRule(message: Stage['slack']['messages'][number]): boolean {
  return JSON.stringify(message.attachments).includes('noxys_');
}

/** What shares a case. */
function groupOf({ detection, user }: DetectionView): string {
  return JSON.stringify([detection.ruleId, user?.key]);
}

/** Those for which it holds, and the others. */
function split<T>(list: readonly T[], holds: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter(holds), list.filter((one) => !holds(one))];
}
