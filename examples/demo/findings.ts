/** What the day's critical events became: incidents, cases and messages, how many there must be of each, and one example. */

import Table from 'cli-table3';

import { cutText } from '../../src/lib/short-text.ts';
import type { HecEvent } from '../../test/simulators/falcon-hec.ts';
import type { Stage } from './stage.ts';

/** As in the relay, for cases and for messages: what comes above within an hour is counted in one of them. */
const PER_HOUR_MAX = 20;
/** ECS `event.severity` of what is critical, from where on examples/acme.yaml wants incidents, cases and messages. */
const CRITICAL = 90;
const EXAMPLE_LENGTH_MAX = 48;
/** A digest may be due while the day is played. */
const DIGEST_PATTERN = /^(?:Daily|Weekly) digest/;
const STORM_PATTERN = /^More than \d+ messages/;

interface Finding {
  readonly what: string;
  readonly counted: number;
  readonly expected: number;
  readonly example: string | undefined;
}

/** One row for each kind, with an example. */
export function findingsTable(stage: Stage): string {
  const table = new Table({
    head: [`${criticalGroups(stage).length} critical events became`, 'counted', 'expected', 'such as'],
    colAligns: ['left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { what, counted, expected, example = '' } of findingsOf(stage))
    table.push([what, counted, expected, cutText(example, EXAMPLE_LENGTH_MAX)]);
  return `${table.toString()}\nThose of one user, platform and type share one; above ${PER_HOUR_MAX} an hour, cases and messages end in one that counts.`;
}

/** What the vendors lack, or have too much of. */
export function missingFindings(stage: Stage): string[] {
  return findingsOf(stage)
    .filter(({ counted, expected }) => counted !== expected)
    .map(({ what, counted, expected }) => `there are ${counted} ${what}, ${expected} should be there`);
}

function findingsOf(stage: Stage): readonly Finding[] {
  const { edr, falcon } = stage;
  const groups = new Set(criticalGroups(stage)).size;
  const single = Math.min(groups, PER_HOUR_MAX);
  const storms = groups > PER_HOUR_MAX ? 1 : 0;
  const [stormCases, cases] = split(falcon.cases, ({ tags }) => tags.includes('storm'));
  const caseName = (one: (typeof cases)[number] | undefined) => one && `${one.reference_id} ${one.name}`;
  const told = stage.slack.messages.map(({ text }) => text).filter((text) => !DIGEST_PATTERN.test(text));
  const [stormMessages, messages] = split(told, (text) => STORM_PATTERN.test(text));
  const [indicator] = falcon.indicators;
  const title = edr.incidents[0]?.body['title'];
  return [
    finding('incidents at HarfangLab', edr.incidents, groups, typeof title === 'string' ? title : undefined),
    finding('cases at Falcon', cases, single, caseName(cases[0])),
    finding('storm cases at Falcon', stormCases, storms, caseName(stormCases[0])),
    finding('messages in Slack', messages, single, messages[0]),
    finding('storm messages in Slack', stormMessages, storms, stormMessages[0]),
    finding(
      'indicators at Falcon, of the config',
      falcon.indicators,
      1,
      indicator && `${indicator.type} ${indicator.value}: ${indicator.action}`,
    ),
  ];
}

function finding(
  what: string,
  list: readonly unknown[],
  expected: number,
  example: string | undefined,
): Finding {
  return { what, counted: list.length, expected, example };
}

/** Those for which it holds, and the others. */
function split<T>(list: readonly T[], holds: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter(holds), list.filter((one) => !holds(one))];
}

/** The group of each critical event, by the events that Falcon got. */
function criticalGroups({ falcon }: Stage): readonly string[] {
  return falcon.events.flatMap((event) => groupOf(event) ?? []);
}

/** What shares an incident, a case and a message: the events of one user, platform and type. Undefined: not critical. */
function groupOf({ envelope }: HecEvent): string | undefined {
  const { event } = envelope;
  if (typeof event !== 'object') return undefined;
  const {
    event: facts,
    user,
    noxys,
  } = event as {
    readonly event: { readonly severity: number; readonly action: string };
    readonly user?: { readonly id?: string };
    readonly noxys: { readonly platform_id?: string };
  };
  return facts.severity < CRITICAL ? undefined : JSON.stringify([user?.id, noxys.platform_id, facts.action]);
}
