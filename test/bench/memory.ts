/**
 * Events come in while no destination takes any: HarfangLab answers 503 (its lane backs off), Falcon 401 (its lane is blocked).
 * Then both take everything. What the object holds in memory must not depend on how many events wait.
 */

import type { Stage, TestTenant } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import { Webhooks, eventOf, expectTaken, offer } from './load.ts';
import { numbersOf } from './options.ts';
import { type Promised, type Report, promiseMost } from './report.ts';
import { openStage } from './stages.ts';
import { type MemorySample, WorkerdMemory } from './workerd-memory.ts';

const EVENTS_PER_WEBHOOK = 100;
/** A webhook may hold 100 events; this many of them a second stay within the tenant's own limit. */
const WEBHOOKS_PER_SECOND = 15;
const STEPS = 10;
/** Seen in samples of one state: code compiled late, caches, what was under way. A window of the log adds to it while a lane sends. */
const HEAP_GROWTH_MAX = 5e6;
/** Half a kilobyte for each event of the default number would break it. */
const RSS_GROWTH_MAX = 50e6;
const STEP_MS_MAX = 240_000;

interface Taken {
  readonly phase: 'undelivered' | 'delivered to HarfangLab';
  readonly events: number;
  readonly sample: MemorySample;
}

interface Bench {
  readonly stage: Stage;
  readonly tenant: TestTenant;
  readonly webhooks: Webhooks;
  readonly memory: WorkerdMemory;
  readonly perStep: number;
}

export async function memory(args: readonly string[]): Promise<Report> {
  const { events } = numbersOf(args, { events: 100_000 });
  await using stage = await openStage({ hasInspector: true });
  const tenant = await stage.addTenant('bench', { limits: { events_per_minute: 60_000, burst: 60_000 } });
  using webhooks = new Webhooks(stage.url, tenant);
  using workerd = await WorkerdMemory.of(stage);
  const perStep = Math.ceil(events / STEPS / EVENTS_PER_WEBHOOK) * EVENTS_PER_WEBHOOK;
  const bench: Bench = { stage, tenant, webhooks, memory: workerd, perStep };

  // Both destinations take a first step, so that all code has run when the heap is first looked at.
  await sendStep(bench);
  await stage.untilDone(tenant.id, { withinMs: STEP_MS_MAX });
  const filling = await fill(bench);
  const draining = await drain(bench);
  const duplicates = stage.edr.duplicates().length + stage.falcon.duplicates().length;
  return reportOf([...filling, ...draining], perStep, duplicates);
}

async function sendStep({ webhooks, perStep }: Bench): Promise<void> {
  const batch = (): unknown[] => Array.from({ length: EVENTS_PER_WEBHOOK }, () => eventOf(newId()));
  expectTaken(
    await offer(
      WEBHOOKS_PER_SECOND,
      async () => webhooks.send('', batch()),
      (count) => count * EVENTS_PER_WEBHOOK >= perStep,
    ),
  );
}

async function fill(bench: Bench): Promise<Taken[]> {
  const { stage, tenant, perStep } = bench;
  stage.edr.fail({ status: 503 });
  stage.falcon.fail({ status: 401 });
  const taken: Taken[] = [{ phase: 'undelivered', events: 0, sample: await bench.memory.sample() }];
  for (let step = 1; step <= STEPS; step++) {
    await sendStep(bench);
    const events = step * perStep;
    const waiting = (await stage.lanes(tenant.id)).map(({ undelivered }) => undelivered);
    if (waiting.some((count) => count !== events))
      throw new Error(
        `Cannot measure as ${events} events must wait in each lane: it is ${waiting.join(', ')}`,
      );
    taken.push({ phase: 'undelivered', events, sample: await bench.memory.sample() });
  }
  return taken;
}

/** Samples while both lanes send, by what HarfangLab has: it takes one event a request, Falcon is done much sooner. */
async function drain({ stage, tenant, memory: workerd, perStep }: Bench): Promise<Taken[]> {
  const { edr, falcon } = stage;
  const arrivedBefore = edr.events.length;
  edr.heal();
  falcon.heal();
  // Saving the config ends every pause, a block's too.
  const saved = await stage.admin.put(
    tenant.id,
    stage.document(tenant.id, tenant.secret, {
      limits: { events_per_minute: 60_000, burst: 60_000 },
    }),
  );
  if (saved.status !== 200) throw new Error(`Cannot go on as the config must be saved: ${saved.text}`);
  const taken: Taken[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const hasStep = (): boolean => edr.events.length - arrivedBefore >= step * perStep;
    await until('HarfangLab has the next events', hasStep, { withinMs: STEP_MS_MAX });
    edr.forgetRequests();
    const sample = await workerd.sample();
    taken.push({ phase: 'delivered to HarfangLab', events: edr.events.length - arrivedBefore, sample });
  }
  await stage.untilDone(tenant.id, { withinMs: STEP_MS_MAX });
  return taken;
}

function reportOf(taken: readonly Taken[], perStep: number, duplicates: number): Report {
  const first = taken[1]?.sample.heapAfter ?? NaN;
  const full = taken[STEPS]?.sample.heapAfter ?? NaN;
  const per10k = ((full - first) / ((STEPS - 1) * perStep)) * 10_000;
  const growth = Math.max(...taken.slice(1).map(({ sample }) => sample.heapAfter)) - first;
  return {
    head: ['events', 'heap after GC', 'heap before GC', 'buffers', 'workerd RSS', 'workerd PSS'],
    rows: taken.map(({ phase, events, sample: { heapAfter, heapBefore, buffers, rss, pss } }) => [
      `${events} ${phase}`,
      ...[heapAfter, heapBefore, buffers, rss, pss].map(megabytes),
    ]),
    promises: [
      promiseMost(
        `heap after GC: growth per 10,000 events waiting, from ${perStep} to ${STEPS * perStep}`,
        per10k,
        HEAP_GROWTH_MAX / STEPS,
        megabytes,
      ),
      promiseMost(`heap after GC: any sample, above that at ${perStep}`, growth, HEAP_GROWTH_MAX, megabytes),
      ...pagesPromises(taken, perStep),
      promiseMost('events delivered twice', duplicates, 0, String),
    ],
  };
}

/** Where /proc tells. The first deliveries make workerd's allocator take pages that it keeps: only what comes later could be a leak. */
function pagesPromises(taken: readonly Taken[], perStep: number): Promised[] {
  const growth = (from: number, to: number): number =>
    (taken[to]?.sample.rss ?? NaN) - (taken[from]?.sample.rss ?? NaN);
  const [waiting, drained] = [growth(1, STEPS), growth(STEPS + STEPS / 2, 2 * STEPS)];
  if (Number.isNaN(waiting)) return [];
  const [from, to] = [perStep, STEPS * perStep];
  return [
    promiseMost(`RSS: growth from ${from} to ${to} waiting`, waiting, RSS_GROWTH_MAX, megabytes),
    promiseMost('RSS: growth over the second half delivered', drained, RSS_GROWTH_MAX, megabytes),
  ];
}

function megabytes(bytes: number): string {
  return Number.isNaN(bytes) ? 'not known' : `${(bytes / 1e6).toFixed(2)} MB`;
}

let lastId = 0;
function newId(): string {
  return `memory-${++lastId}`;
}
