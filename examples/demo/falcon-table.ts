/** What the day made of the simulated Falcon: cases and indicators, for people, and how many there must be. */

import Table from 'cli-table3';

import type { HecEvent } from '../../test/simulators/falcon-hec.ts';
import type { Stage } from './stage.ts';

/** Cases that the table names; the others are counted. */
const CASES_SHOWN = 8;
/** As in the relay: what comes above within an hour goes into one case. */
const CASES_PER_HOUR_MAX = 20;
/** ECS `event.severity` of what is critical, from where on examples/acme.yaml wants cases. */
const CRITICAL = 90;

/** What Falcon holds, as two tables in one. */
export function falconTable({ falcon }: Stage): string {
  const table = new Table({
    head: ['at Falcon', 'name', 'severity', 'tags'],
    style: { head: [], border: [], compact: true },
    colWidths: [17, 46, 10, 34],
    wordWrap: true,
  });
  const { cases } = falcon;
  const storms = cases.filter(isStorm);
  const others = cases.filter((one) => !isStorm(one)).slice(0, CASES_SHOWN - storms.length);
  for (const { reference_id: reference, name, severity, tags } of [...others, ...storms])
    table.push([`case ${reference}`, name, severity, tags.join(', ')]);
  if (cases.length > CASES_SHOWN) table.push(['cases', `and ${cases.length - CASES_SHOWN} more`, '', '']);
  for (const { type, value, action, severity, tags } of falcon.indicators)
    table.push(['indicator', `${type} ${value}: ${action}`, severity ?? '', tags.join(', ')]);
  return `${table.toString()}\n${casesLine(falcon)}`;
}

/** The relay tags it so. */
function isStorm({ tags }: { readonly tags: readonly string[] }): boolean {
  return tags.includes('storm');
}

/** Why there are fewer cases than critical events. */
function casesLine({ cases, events }: Stage['falcon']): string {
  const critical = events.filter((event) => groupOf(event) !== undefined).length;
  const rest = cases.some(isStorm) ? `, and above ${CASES_PER_HOUR_MAX} an hour they share a storm case` : '';
  return `${critical} critical events went into ${cases.length} cases: those of one user, platform and type share one${rest}.`;
}

/** What Falcon lacks of cases and indicators, by the events that it got itself. */
export function missingAtFalcon({ falcon }: Stage): string[] {
  const groups = new Set(falcon.events.flatMap((event) => groupOf(event) ?? []));
  // One more for all that came above the cap.
  const expected = groups.size > CASES_PER_HOUR_MAX ? CASES_PER_HOUR_MAX + 1 : groups.size;
  const missing: string[] = [];
  if (falcon.cases.length !== expected)
    missing.push(`Falcon has ${falcon.cases.length} cases, ${expected} should be there`);
  if (falcon.indicators.length !== 1)
    missing.push(`Falcon has ${falcon.indicators.length} indicators, 1 should be there`);
  return missing;
}

/** What shares a case: the events of one user, platform and type, where they are critical. */
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
