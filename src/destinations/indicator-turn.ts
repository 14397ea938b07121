/**
 * A turn of an indicators channel, whichever product it is of: what entries of the log ask for, and what came of them.
 * A change of the config is a whole sync; a detection looks at its own domains alone. Many entries need no more requests than one.
 * Sends nothing itself: the product's own `sync` does.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { type FailedOutcome, NOT_SENT, type Outcome } from '../domain/outcome.ts';
import { approvedPlatformOf } from '../domain/platforms.ts';
import { logEvent } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import type { ApiFailure } from './api-account.ts';
import type { ChannelContext, DeliveryIo } from './destination.ts';
import { type IndicatorSummary, type SyncReport, keepSummary } from './indicator-summary.ts';
import {
  type ConfiguredIndicator,
  type IndicatorActions,
  type Refusal,
  type WantedIndicators,
  configWishes,
  noteResponse,
  responseDomains,
  responseWishes,
} from './indicator-wishes.ts';

export const INDICATOR_BATCH = { eventsMax: 100, lengthMax: 512 * 1024 } as const;
/** Of a refusal's reason, in UTF-16 units. */
const EXCERPT_LENGTH_MAX = 300;

export interface IndicatorTurn<Action extends string> {
  readonly config: {
    readonly name: string;
    readonly indicators?: readonly ConfiguredIndicator[] | undefined;
  };
  readonly context: ChannelContext;
  readonly io: DeliveryIo;
  readonly actions: IndicatorActions<Action>;
  /** Brings the destination in line. An error is about all of the domains. */
  readonly sync: (input: IndicatorWork<Action>) => Promise<Result<Synced, ApiFailure>>;
}

export interface IndicatorWork<Action extends string> {
  readonly nowMs: number;
  readonly wanted: WantedIndicators<Action>;
  /** Whether all that this destination made is looked at, and what is wanted no more is removed. Otherwise only the wanted domains are. */
  readonly isWhole: boolean;
  /** Whether there may be an indicator of a domain: what a detection asked for stays until it expires only where there may. */
  readonly isAllowed: (domain: string) => boolean;
}

export interface Synced extends SyncReport {
  /** Some domains were not dealt with, and why. What is reported of the others holds. */
  readonly stopped?: { readonly domains: ReadonlySet<string>; readonly outcome: FailedOutcome };
}

/** An entry of the log, and the domains that it is about. */
interface Task {
  /** Undefined: a change of the config, which is about all of them. */
  readonly domains: readonly string[] | undefined;
}

export async function deliverIndicators<Action extends string>(
  turn: IndicatorTurn<Action>,
  events: readonly CanonicalEvent[],
): Promise<Outcome> {
  const { config, context, io, actions } = turn;
  const { platforms } = context;
  const nowMs = io.nowMs();
  const { tasks, refusal } = readTasks(turn, events, nowMs);
  if (tasks.length === 0) return { kind: 'rejected', status: null, excerpt: refusal ?? '' };
  const wishes = configWishes(config.indicators ?? [], platforms, { actions, nowMs });
  const isWhole = tasks.some(({ domains }) => domains === undefined);
  // Of a domain that both name, the config's indicator is wanted.
  const all = new Map([...responseWishes(io.memory, platforms, actions.response), ...wishes.wanted]);
  const only = new Set(tasks.flatMap(({ domains = [] }) => domains));
  const synced = await turn.sync({
    nowMs,
    wanted: isWhole ? all : new Map([...all].filter(([domain]) => only.has(domain))),
    isWhole,
    isAllowed: (domain) => approvedPlatformOf(domain, platforms) === undefined,
  });
  if (!synced.ok) return synced.error.outcome;
  const { stopped, ...report } = synced.value;
  const refused = isWhole ? [...wishes.refused, ...report.refused] : report.refused;
  if (isWhole && !stopped) {
    const summary = { ...report, refused, expired: wishes.expired, atMs: nowMs };
    keepSummary(io.memory, summary);
    tell(turn, summary);
  }
  return outcomeOfTasks(tasks, { all: refused, byProduct: report.refused, stopped });
}

/** The first entries that ask for something that may be done, and why the one after them, if any, may not. What they ask for is kept. */
function readTasks(
  { context: { platforms }, io }: Pick<IndicatorTurn<string>, 'context' | 'io'>,
  events: readonly CanonicalEvent[],
  nowMs: number,
): { readonly tasks: readonly Task[]; readonly refusal?: string } {
  const tasks: Task[] = [];
  for (const { detection } of events) {
    if (!detection) {
      tasks.push({ domains: undefined });
      continue;
    }
    const domains = responseDomains(detection, platforms, nowMs);
    if (!domains.ok) return { tasks, refusal: domains.error };
    for (const domain of domains.value) noteResponse(io.memory, domain, detection);
    tasks.push({ domains: domains.value });
  }
  return { tasks };
}

interface Unsettled {
  readonly all: readonly Refusal[];
  readonly byProduct: readonly Refusal[];
  readonly stopped: Synced['stopped'];
}

/** The entries before the first one that was refused or not dealt with are done; when that is the first, its refusal names each domain and why. */
function outcomeOfTasks(tasks: readonly Task[], { all, byProduct, stopped }: Unsettled): Outcome {
  const refusedOf = ({ domains }: Task, refusals: readonly Refusal[]) =>
    refusals.filter(({ domain }) => domains === undefined || domains.includes(domain));
  const isStopped = ({ domains }: Task) =>
    stopped !== undefined && (domains?.some((domain) => stopped.domains.has(domain)) ?? true);
  const settled = tasks.findIndex((task) => isStopped(task) || refusedOf(task, all).length > 0);
  const open = tasks[settled];
  if (!open) return { kind: 'delivered', settled: tasks.length };
  if (isStopped(open) && stopped) return settled === 0 ? stopped.outcome : partOf(settled, stopped.outcome);
  if (settled > 0) return { kind: 'delivered', settled };
  const excerpt = refusedOf(open, all)
    .map(({ domain, message }) => `${domain}: ${message}`)
    .join('; ')
    .slice(0, EXCERPT_LENGTH_MAX);
  return { kind: 'rejected', status: refusedOf(open, byProduct).length > 0 ? 400 : null, excerpt };
}

/** What stopped because the turn was over is no failure: the others are sent again at once. */
function partOf(settled: number, others: FailedOutcome): Outcome {
  const isTurnOver = others.kind === 'retry' && (others.isAside === true || others === NOT_SENT);
  return { kind: 'delivered', settled, ...(!isTurnOver && { others }) };
}

function tell(
  { config, context }: Pick<IndicatorTurn<string>, 'config' | 'context'>,
  { foreign, refused, created, updated, removed, unchanged }: IndicatorSummary,
): void {
  const names = { tenant: context.tenant, lane: `${config.name}/indicators` };
  logEvent('info', 'indicators.synced', { ...names, created, updated, removed, unchanged });
  if (foreign.length > 0) logEvent('warn', 'indicators.foreign', { ...names, domains: foreign });
  if (refused.length > 0)
    logEvent('warn', 'indicators.refused', { ...names, domains: refused.map(({ domain }) => domain) });
}
