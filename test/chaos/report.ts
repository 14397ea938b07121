/** Gathers what the relay says of itself and what arrived, has it audited, and puts it together. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { auditLane, LANE_FAULTS, type LaneAudit } from './audit.ts';
import { ACCEPT_FAULTS, WAKEUP_FAULTS, type LoggedEvent, type WorkerFigures } from './dials.ts';
import type { FaultCounts } from './inject.ts';
import { FAULT_KINDS, type Plan } from './plan-parts.ts';
import type { RelayUnderTest } from './relay-under-test.ts';
import type { TenantSender } from './sender.ts';
import { IN_FLIGHT, type TenantUnderTest } from './tenant-under-test.ts';

/** Examples of a fault that a report names. */
const EXAMPLES_MAX = 5;
/** A kill or an abort shortly before makes a second 429 in a row possible: events came in by other ways. */
const LIMIT_GRACE_MS = 15_000;

export interface Gathered {
  readonly plan: Plan;
  readonly relay: RelayUnderTest;
  readonly tenants: readonly TenantUnderTest[];
  readonly senders: readonly TenantSender[];
  readonly faults: FaultCounts;
  readonly killsSkipped: number;
  readonly unfinished: readonly string[];
  readonly loadMs: number;
  readonly settleMs: number;
}

export interface Report {
  readonly seed: number;
  readonly fingerprint: string;
  readonly loadMs: number;
  readonly settleMs: number;
  /** Events that were answered 202. */
  readonly accepted: number;
  /** Answers to webhooks by status; 0: none came. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly kills: number;
  readonly killsSkipped: number;
  readonly aborts: number;
  readonly objectStarts: number;
  /** What was injected: how often it was begun or planned, and how many requests, calls or messages it hit. */
  readonly injected: readonly {
    readonly what: string;
    readonly planned: number | null;
    readonly hit: number;
  }[];
  readonly lanes: readonly LaneAudit[];
  /** Events with a 202 that were in the local queue, which is in memory, when it was killed. */
  readonly lostWithLocalQueue: number;
  /** Everything that is wrong, in words, with examples. Empty: the run is clean. */
  readonly problems: readonly string[];
}

export async function makeReport(gathered: Gathered): Promise<Report> {
  const { plan, relay, senders } = gathered;
  const lanes: LaneAudit[] = [];
  const problems = [...gathered.unfinished];
  let lostWithLocalQueue = 0;
  for (const [i, tenant] of gathered.tenants.entries()) {
    const sender = senders[i];
    if (!sender) continue;
    const log = await relay.log(tenant.id);
    lanes.push(...(await auditTenant(tenant, sender, relay, log, plan.options.traceFolder)));
    const missing = missingInLog(sender, relay, log);
    lostWithLocalQueue += missing.withLocalQueue;
    problems.push(...describe(`${tenant.id}: accepted and in no log`, missing.lost));
    problems.push(...limitProblems(tenant, sender, relay));
  }
  for (const lane of lanes) {
    for (const fault of LANE_FAULTS)
      problems.push(...describe(`${lane.tenant} ${lane.lane}: ${fault}`, lane.faults[fault]));
  }
  const figures = await sumFigures(relay);
  return {
    seed: plan.options.seed,
    fingerprint: plan.fingerprint,
    loadMs: gathered.loadMs,
    settleMs: gathered.settleMs,
    accepted: senders.reduce((sum, { acceptedCount }) => sum + acceptedCount, 0),
    statuses: sumStatuses(senders),
    kills: relay.kills.length,
    killsSkipped: gathered.killsSkipped,
    aborts: [...relay.aborts.values()].flat().length,
    objectStarts: figures.reduce((sum, { objectStarts }) => sum + objectStarts, 0),
    injected: injectedOf(gathered, figures),
    lanes,
    lostWithLocalQueue,
    problems,
  };
}

async function auditTenant(
  tenant: TenantUnderTest,
  sender: TenantSender,
  relay: RelayUnderTest,
  log: readonly LoggedEvent[],
  folder: string | undefined,
): Promise<LaneAudit[]> {
  const views = await tenant.lanes();
  const letters = await tenant.deadLetters();
  const acceptedAtMs = new Map(
    sender.accepted.flatMap(({ keys, atMs }) => keys.map((key) => [key, atMs] as const)),
  );
  return Promise.all(
    [...tenant.destinations].map(async ([name, destination]) => {
      const { ledger, expectations, rereadAtMs, changes } = destination;
      const lane = `${name}/events`;
      const view = views.find((each) => each.lane === lane);
      const own = letters.filter((letter) => letter.lane === lane);
      const input = {
        tenant: tenant.id,
        lane,
        isBatched: name === 'falcon',
        inFlight: IN_FLIGHT,
        log,
        expectationOf: (event: LoggedEvent) => expectations.of(event),
        arrivals: ledger.arrivals(),
        interruptions: [...relay.kills, ...(relay.aborts.get(tenant.id) ?? [])],
        saves: tenant.saves,
        rereadAtMs,
        deadLetters: new Map(
          own.map(({ eventType, eventId, reason }) => [`${eventType}:${eventId}`, reason] as const),
        ),
        parked: view?.parked ?? 0,
        discarded: view?.discarded ?? 0,
        acceptedAtMs,
      };
      if (folder !== undefined) {
        const trace = {
          ...input,
          deadLetters: own,
          acceptedAtMs: sender.accepted,
          expectations,
          changes,
          view,
        };
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, `${tenant.id}-${name}.json`), JSON.stringify(trace, null, 1));
      }
      return auditLane(input);
    }),
  );
}

/** What was answered 202 and is not in the log. Only what was perhaps in OVERFLOW as it was killed has an excuse. */
function missingInLog(
  sender: TenantSender,
  relay: RelayUnderTest,
  log: readonly LoggedEvent[],
): { readonly lost: string[]; readonly withLocalQueue: number } {
  const known = new Set(log.map(({ key }) => key));
  const lost: string[] = [];
  let withLocalQueue = 0;
  for (const { keys, atMs, isPerhapsOverflow } of sender.accepted) {
    const missing = keys.filter((key) => !known.has(key));
    const isExcused =
      isPerhapsOverflow &&
      relay.kills.some(({ overflowEmptyMs, toMs }) => atMs >= overflowEmptyMs && atMs <= toMs);
    if (isExcused) withLocalQueue += missing.length;
    else lost.push(...missing);
  }
  return { lost, withLocalQueue };
}

function limitProblems(tenant: TenantUnderTest, sender: TenantSender, relay: RelayUnderTest): string[] {
  if (!tenant.plan.isLimited) return [];
  const interruptions = [...relay.kills, ...(relay.aborts.get(tenant.id) ?? [])];
  const early = sender.refusedAgain.filter(
    ({ atMs }) => !interruptions.some(({ fromMs }) => atMs > fromMs && atMs < fromMs + LIMIT_GRACE_MS),
  );
  return describe(
    `${tenant.id}: a 429 although its Retry-After was obeyed`,
    early.map(({ waitedSeconds }) => `after ${waitedSeconds} s`),
  );
}

function describe(what: string, examples: readonly string[]): string[] {
  if (examples.length === 0) return [];
  const more = examples.length > EXAMPLES_MAX ? ', …' : '';
  return [`${what}: ${examples.length}: ${examples.slice(0, EXAMPLES_MAX).join(', ')}${more}`];
}

async function sumFigures(relay: RelayUnderTest): Promise<WorkerFigures[]> {
  return [...relay.figuresBefore, await relay.figures()];
}

function sumStatuses(senders: readonly TenantSender[]): Record<number, number> {
  const sums: Record<number, number> = {};
  for (const { statuses } of senders) {
    for (const [status, count] of Object.entries(statuses))
      sums[Number(status)] = (sums[Number(status)] ?? 0) + count;
  }
  return sums;
}

function injectedOf(
  { plan, relay, tenants, faults }: Gathered,
  figures: readonly WorkerFigures[],
): Report['injected'] {
  const count = (of: (each: WorkerFigures) => number): number =>
    figures.reduce((sum, each) => sum + of(each), 0);
  const ledgers = tenants.flatMap(({ destinations }) =>
    [...destinations.values()].map(({ ledger }) => ledger),
  );
  const configs = plan.actions.filter(({ kind }) => kind === 'config');
  const spoilt = (status: number): Report['injected'][number] => ({
    what: `destination: always ${status}`,
    planned: plan.spoilt.filter((event) => event.status === status).length,
    hit: tenants
      .flatMap((tenant) => tenant.spoilt)
      .reduce((sum, own) => sum + (own.status === status ? own.fault.hits : 0), 0),
  });
  return [
    ...FAULT_KINDS.map((kind) => ({
      what: `destination: ${kind}`,
      planned: plan.actions.filter((action) => action.kind === 'fault' && action.fault === kind).length,
      hit:
        kind === '401'
          ? ledgers.reduce((sum, ledger) => sum + ledger.countStatus(401), 0)
          : faults.hits(kind),
    })),
    spoilt(500),
    spoilt(400),
    ...ACCEPT_FAULTS.map((kind) => ({
      what: `accept: ${kind}`,
      planned: null,
      hit: count(({ accept }) => accept[kind]),
    })),
    ...WAKEUP_FAULTS.map((kind) => ({
      what: `wake-up: ${kind}`,
      planned: null,
      hit: count(({ wakeups }) => wakeups[kind]),
    })),
    { what: 'wake-up: passed', planned: null, hit: count(({ wakeups }) => wakeups.passed) },
    {
      what: 'wake-up: stray',
      planned: plan.actions.filter(({ kind }) => kind === 'stray wake-up').length,
      hit: plan.actions.filter(({ kind }) => kind === 'stray wake-up').length,
    },
    { what: 'OVERFLOW: messages', planned: null, hit: count(({ overflowSent }) => overflowSent) },
    { what: 'runtime: SIGKILL', planned: plan.options.kills, hit: relay.kills.length },
    {
      what: 'object: aborted',
      planned: plan.actions.filter(({ kind }) => kind === 'abort').length,
      hit: [...relay.aborts.values()].flat().length,
    },
    { what: 'config: changed under load', planned: configs.length, hit: configs.length },
    {
      what: 'config: saved by the operator',
      planned: null,
      hit: tenants.reduce((sum, { counts }) => sum + counts.puts, 0),
    },
    {
      what: 'lane: resumed by the operator',
      planned: null,
      hit: tenants.reduce((sum, { counts }) => sum + counts.resumes, 0),
    },
  ];
}
