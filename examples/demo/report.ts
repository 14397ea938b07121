/** What became of the working day: tables for people, and what does not add up. */

import Table from 'cli-table3';

import { wantsColour } from '../../cli/output/paint.ts';
import type { LaneView } from '../../src/domain/lane-view.ts';
import {
  type DayTotals,
  type RefusalReason,
  expectedTotals,
} from '../../test/simulators/working-day-expectation.ts';
import { findingsTables, missingFindings } from './findings.ts';
import { panels } from './panels.ts';
import type { Answered, Played } from './play.ts';
import type { Stage } from './stage.ts';

const REFUSALS: Record<RefusalReason, string> = {
  unauthorized: 'refused: forged, stale, unsigned or wrong secret (401)',
  malformed: 'refused: nothing usable in the body (400)',
  too_large: 'refused: larger than 256 KiB (413)',
  unsupported_media_type: 'refused: not JSON by its content type (415)',
};

const STATUS_OF: Record<RefusalReason, number> = {
  unauthorized: 401,
  malformed: 400,
  too_large: 413,
  unsupported_media_type: 415,
};

interface Counts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly filtered: number;
  readonly rejected: number;
}

/** Everything that is not as it must be, in sentences; empty when the day adds up. */
export async function findMissing(stage: Stage, { answers }: Played): Promise<string[]> {
  const expected = expectedTotals(answers.map(({ send }) => send));
  const counted = countsOf(answers);
  const missing = (['accepted', 'duplicates', 'filtered', 'rejected'] as const)
    .filter((kind) => counted[kind] !== expected[kind])
    .map((kind) => `${counted[kind]} events were ${kind}, ${expected[kind]} should be`);
  for (const { send, result } of answers) {
    if (result.status === send.expectation.expectedStatus) continue;
    missing.push(
      `webhook ${send.index} (${send.kind}) was answered ${result.status}, not ${send.expectation.expectedStatus}`,
    );
  }
  const ids = new Set(answers.flatMap(({ send }) => send.acceptedIds));
  for (const [name, vendor] of vendorsOf(stage)) {
    const arrived = new Set(vendor.idsInOrder());
    const lost = [...ids].filter((id) => !arrived.has(id));
    if (lost.length > 0)
      missing.push(`${name} lacks ${lost.length} events, such as ${lost.slice(0, 3).join(', ')}`);
    const events = name === 'Falcon' ? stage.ecsEvents().filter(({ rule }) => !rule) : vendor.events;
    if (events.length !== expected.accepted)
      missing.push(`${name} has ${events.length} events, ${expected.accepted} were accepted`);
    if (vendor.duplicates().length > 0)
      missing.push(`${name} got ${vendor.duplicates().length} events twice`);
  }
  missing.push(...(await missingFindings(stage)), ...(await stage.lanes()).flatMap(leftBehind));
  return missing;
}

/** What a lane did not bring to an end. */
function leftBehind({ lane, undelivered, deadLettered, expired }: LaneView): string[] {
  const left = { undelivered, 'dead-lettered': deadLettered, expired };
  return Object.entries(left).flatMap(([state, count]) =>
    count > 0 ? [`${lane} has ${count} ${state} events`] : [],
  );
}

export async function printReport(stage: Stage, played: Played, missing: readonly string[]): Promise<void> {
  const { answers } = played;
  const expected = expectedTotals(answers.map(({ send }) => send));
  console.log(`\n${answersTable(answers, expected, stage.log)}`);
  console.log(`\n${await lanesTable(stage, answers)}`);
  console.log('Latency is from sending the webhook to its arrival at the destination, all on this machine.');
  console.log(`\n${await findingsTables(stage)}`);
  const isColoured = wantsColour({ env: process.env, isTTY: process.stdout.isTTY, isOff: false });
  console.log(`\n${panels(stage, isColoured)}`);
  if (missing.length === 0) {
    console.log(
      `\n✔ It adds up: ${expected.accepted} events accepted, each at HarfangLab and Falcon exactly once; what the rules found became ${stage.edr.incidents.length} incidents, ${stage.falcon.cases.length} cases and ${stage.slack.messages.length} messages.`,
    );
  } else {
    console.log(`\n✖ It does not add up:\n${missing.map((line) => `  - ${line}`).join('\n')}`);
  }
}

function answersTable(answers: readonly Answered[], expected: DayTotals, log: readonly string[]): string {
  const table = new Table({
    head: [`${answers.length} webhooks`, 'counted', 'expected'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  const counted = countsOf(answers);
  table.push(
    ['events accepted', counted.accepted, expected.accepted],
    ['events known already (duplicates)', counted.duplicates, expected.duplicates],
    ['events filtered: not forwarded by the tenant', counted.filtered, expected.filtered],
    ['events rejected in an accepted webhook', counted.rejected, expected.rejected],
  );
  for (const reason of Object.keys(REFUSALS) as RefusalReason[]) {
    const count = answers.filter(({ result }) => result.status === STATUS_OF[reason]).length;
    table.push([`webhooks ${REFUSALS[reason]}`, count, expected.refused[reason]]);
  }
  return `${table.toString()}\n${refusalCauses(log)}`;
}

/** The sender is never told why; the relay's log is. */
function refusalCauses(log: readonly string[]): string {
  const causes = new Map<string, number>();
  for (const line of log) {
    const { event, reason } = JSON.parse(line) as { event: string; reason?: string };
    if (event === 'webhook.refused' && reason) causes.set(reason, (causes.get(reason) ?? 0) + 1);
  }
  const counted = [...causes].toSorted((a, b) => b[1] - a[1]).map(([cause, times]) => `${cause} ${times}`);
  return `Why 401, by the log: ${counted.join(', ')}.`;
}

async function lanesTable(stage: Stage, answers: readonly Answered[]): Promise<string> {
  const table = new Table({
    head: ['lane', 'delivered', 'dead letters', 'undelivered', 'requests', 'p50', 'p99'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  const sentAtMs = new Map(
    answers.flatMap(({ send, result }) => send.acceptedIds.map((id) => [id, result.sentAtMs] as const)),
  );
  const vendors = new Map<string, Stage['edr'] | Stage['falcon']>([
    ['edr/events', stage.edr],
    ['falcon/events', stage.falcon],
  ]);
  for (const lane of await stage.lanes()) {
    const vendor = vendors.get(lane.lane);
    const latencies = (vendor?.events ?? [])
      .flatMap(({ id, receivedAtMs }) => {
        const atMs = id === undefined ? undefined : sentAtMs.get(id);
        return atMs === undefined ? [] : [receivedAtMs - atMs];
      })
      .toSorted((a, b) => a - b);
    table.push([
      lane.lane,
      lane.delivered,
      lane.deadLettered,
      lane.undelivered,
      requestsOf(stage, lane.lane),
      quantile(latencies, 0.5),
      quantile(latencies, 0.99),
    ]);
  }
  return table.toString();
}

/** Requests of one lane; those for tokens belong to none. */
function requestsOf({ edr, falcon, slack }: Stage, lane: string): number {
  const requests: Record<string, readonly [Pick<typeof edr, 'requests'>, string]> = {
    'edr/events': [edr, '/api/v1/events'],
    'edr/incidents': [edr, '/api/v1/incidents'],
    'edr/alerts': [edr, '/api/v1/alerts'],
    'falcon/events': [falcon, '/services/'],
    'falcon/cases': [falcon, '/cases/'],
    'falcon/indicators': [falcon, '/iocs/'],
    'soc/messages': [slack, '/services/'],
  };
  const [vendor, path = ''] = requests[lane] ?? [];
  return vendor?.requests.filter((request) => request.path.startsWith(path)).length ?? 0;
}

function countsOf(answers: readonly Answered[]): Counts {
  const sum = { accepted: 0, duplicates: 0, filtered: 0, rejected: 0 };
  for (const { result } of answers) {
    if (result.status !== 202) continue;
    const body = result.body as Omit<Counts, 'rejected'> & { readonly rejected: readonly unknown[] };
    sum.accepted += body.accepted;
    sum.duplicates += body.duplicates;
    sum.filtered += body.filtered;
    sum.rejected += body.rejected.length;
  }
  return sum;
}

function vendorsOf(stage: Stage): [string, Stage['edr'] | Stage['falcon']][] {
  return [
    ['HarfangLab', stage.edr],
    ['Falcon', stage.falcon],
  ];
}

function quantile(sorted: readonly number[], share: number): string {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? '–' : `${value} ms`;
}
