/**
 * The indicators channel of Falcon: domain IOCs that the config names, and those that detections ask for.
 * A change of the config is a whole sync; a detection looks at its own domains alone. Many entries need no more requests than one.
 * Falcon blocks no domain by an indicator: it detects its look-up, or records it. See docs/destinations/falcon.md.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { approvedPlatformOf } from '../../domain/platforms.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import { logEvent } from '../../lib/log.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../destination.ts';
import { falconApi } from './api.ts';
import { cheapRead } from './cheap-read.ts';
import { keepSummary, readSummary, summaryNotes } from './indicator-summary.ts';
import { syncIndicators } from './indicator-sync.ts';
import {
  type ConfigWishes,
  type Refusal,
  configWishes,
  noteResponse,
  responseDomains,
  responseWishes,
} from './indicator-wishes.ts';
import { type WantedIndicator, ownTagOf } from './indicator.ts';

const BATCH = { eventsMax: 100, lengthMax: 512 * 1024 } as const;
/** Of a refusal's reason, in UTF-16 units. */
const EXCERPT_LENGTH_MAX = 300;

/** The channel of a destination whose API client's secret is open. */
export function falconIndicators(config: FalconConfig, context: ChannelContext): Channel {
  return {
    kind: 'indicators',
    batch: BATCH,
    inFlight: 1,
    deliver: async (events, io) => deliver({ config, context, io }, events),
    check: async (io) => check(config, context, io),
  };
}

interface Delivery {
  readonly config: FalconConfig;
  readonly context: ChannelContext;
  readonly io: DeliveryIo;
}

/** An entry of the log, and the domains that it is about. */
interface Task {
  /** Undefined: a change of the config, which is about all of them. */
  readonly domains: readonly string[] | undefined;
}

async function deliver(delivery: Delivery, events: readonly CanonicalEvent[]): Promise<Outcome> {
  const { config, context, io } = delivery;
  const nowMs = io.nowMs();
  const { tasks, refusal } = readTasks(delivery, events, nowMs);
  if (tasks.length === 0) return { kind: 'rejected', status: null, excerpt: refusal ?? '' };
  const wishes = configWishes(config, context.platforms, nowMs);
  const isWhole = tasks.some(({ domains }) => domains === undefined);
  const synced = await syncIndicators({
    api: falconApi(config, context.tenant, io),
    memory: io.memory,
    nowMs,
    ownTag: ownTagOf(context.tenant, config.name),
    wanted: wantedOf(delivery, wishes, isWhole ? undefined : tasks.flatMap(({ domains = [] }) => domains)),
    isWhole,
    isAllowed: (domain) => approvedPlatformOf(domain, context.platforms) === undefined,
  });
  if (!synced.ok) return synced.error.outcome;
  const refused = isWhole ? [...wishes.refused, ...synced.value.refused] : synced.value.refused;
  if (isWhole) {
    const report = { ...synced.value, refused, expired: wishes.expired, atMs: nowMs };
    keepSummary(io.memory, report);
    tell(delivery, report);
  }
  return outcomeOfTasks(tasks, { all: refused, byFalcon: synced.value.refused });
}

/** The first entries that ask for something that may be done, and why the one after them, if any, may not. What they ask for is kept. */
function readTasks(
  { context: { platforms }, io }: Delivery,
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

/** What is to be there: of a domain that both name, the config's indicator. */
function wantedOf(
  { context, io }: Delivery,
  wishes: ConfigWishes,
  only: readonly string[] | undefined,
): ReadonlyMap<string, WantedIndicator> {
  const all = new Map([...responseWishes(io.memory, context.platforms), ...wishes.wanted]);
  if (only === undefined) return all;
  return new Map([...all].filter(([domain]) => only.includes(domain)));
}

/** The entries before the first one that was refused are done; when that is the first, its refusal names each domain and why. */
function outcomeOfTasks(
  tasks: readonly Task[],
  { all, byFalcon }: { readonly all: readonly Refusal[]; readonly byFalcon: readonly Refusal[] },
): Outcome {
  const refusedOf = ({ domains }: Task, refusals: readonly Refusal[]) =>
    refusals.filter(({ domain }) => domains === undefined || domains.includes(domain));
  const firstRefused = tasks.findIndex((task) => refusedOf(task, all).length > 0);
  const [first] = tasks;
  if (firstRefused !== 0 || !first) {
    return { kind: 'delivered', settled: firstRefused === -1 ? tasks.length : firstRefused };
  }
  const isFalcons = refusedOf(first, byFalcon).length > 0;
  const excerpt = refusedOf(first, all)
    .map(({ domain, message }) => `${domain}: ${message}`)
    .join('; ')
    .slice(0, EXCERPT_LENGTH_MAX);
  return { kind: 'rejected', status: isFalcons ? 400 : null, excerpt };
}

function tell(
  { config, context }: Delivery,
  { foreign, refused, ...counts }: Parameters<typeof keepSummary>[1],
): void {
  const { created, updated, removed, unchanged } = counts;
  const names = { tenant: context.tenant, lane: `${config.name}/indicators` };
  logEvent('info', 'indicators.synced', { ...names, created, updated, removed, unchanged });
  if (foreign.length > 0) logEvent('warn', 'indicators.foreign', { ...names, domains: foreign });
  if (refused.length > 0)
    logEvent('warn', 'indicators.refused', { ...names, domains: refused.map(({ domain }) => domain) });
}

async function check(config: FalconConfig, { tenant }: ChannelContext, io: DeliveryIo): Promise<Checked> {
  const api = falconApi(config, tenant, io);
  const path = '/iocs/queries/ioc-types/v1';
  const outcome = await cheapRead(api, { scope: 'ioc:read', path });
  if (outcome.kind !== 'delivered') return { outcome: checkFailure(outcome), notes: [] };
  return {
    outcome,
    notes: [
      'Indicators can be read (IOC Management: Read).',
      'IOC Management: Write was not tested, as that would write: grant it to the API client, too.',
      ...summaryNotes(readSummary(io.memory)),
    ],
  };
}

/** A client that may not read may lack the other scope, too. */
function checkFailure(outcome: Outcome): Outcome {
  if (outcome.kind !== 'blocked' || outcome.reason !== 'scope_missing') return outcome;
  return { ...outcome, detail: `${outcome.detail}; indicators need IOC Management: Read and Write` };
}
