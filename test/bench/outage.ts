/**
 * HarfangLab is down for a while, in three ways, while events for it wait: how soon it has them all when it is back, and what
 * Falcon notices of it. The same load is offered throughout, and undisturbed before and after each outage.
 */

import { parseArgs } from 'node:util';

import type { Stage, TestTenant } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import {
  type Sent,
  Webhooks,
  answerTimes,
  arrivalsOf,
  expectTaken,
  latencies,
  nowMs,
  offer,
} from './load.ts';
import { numberOf } from './options.ts';
import { type Promised, type Report, both, ms, promiseMost, promiseRatio } from './report.ts';
import { openStage } from './stages.ts';

/** From the end of the outage to the arrival of the last event that waited. */
const RECOVERY_MS_MAX = 20_000;
/** Falcon's p99 during the outage, to that before and after it. */
const RATIO_MAX = 2;
const UNDISTURBED_SAMPLES = 1_000;
/** Not measured: the first webhooks meet code that has never run. */
const WARM_UP_SAMPLES = 300;
const GIVE_UP_MS = 120_000;
/** Requests under way when connections break: HarfangLab may have taken them, and the relay can't know. */
const IN_FLIGHT = 4;

const KINDS = ['503', 'refused', 'hang'] as const;
type Kind = (typeof KINDS)[number];
const WORDS: Readonly<Record<Kind, string>> = {
  '503': 'answers 503',
  refused: 'refuses connections',
  hang: 'never answers',
};

interface Bench {
  readonly stage: Stage;
  readonly tenant: TestTenant;
  readonly webhooks: Webhooks;
  readonly perSecond: number;
  /** Events that wait at the end of an outage. */
  readonly waiting: number;
}

interface Outage {
  readonly kind: Kind;
  /** Sent before and after it, with nothing wrong. */
  readonly calm: readonly Sent[];
  readonly during: readonly Sent[];
  /** Sent after it, while HarfangLab had not everything yet. */
  readonly catchingUp: readonly Sent[];
  readonly endedAtMs: number;
  /** Requests that came while it was down, as far as HarfangLab can tell. */
  readonly requests: number;
}

export async function outage(args: readonly string[]): Promise<Report> {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string' }, events: { type: 'string' }, kinds: { type: 'string' } },
  });
  const seconds = numberOf('seconds', values.seconds, 60);
  const waiting = numberOf('events', values.events, 5_000);
  const kinds = kindsOf(values.kinds ?? KINDS.join(','));
  await using stage = await openStage();
  const tenant = await stage.addTenant('bench', { limits: { events_per_minute: 60_000, burst: 60_000 } });
  using webhooks = new Webhooks(stage.url, tenant);
  const bench: Bench = { stage, tenant, webhooks, waiting, perSecond: waiting / seconds };
  const title = `HarfangLab down for ${seconds} s, ${bench.perSecond.toFixed(0)} webhooks/s`;
  return reportOf(title, await sufferAll(bench, kinds), stage);
}

function kindsOf(list: string): Kind[] {
  return list.split(',').map((name) => {
    const kind = KINDS.find((known) => known === name);
    if (kind) return kind;
    throw new Error(
      `Cannot run as --kinds must be some of ${KINDS.join(',')}: it has ${JSON.stringify(name)}`,
    );
  });
}

async function sufferAll(bench: Bench, kinds: readonly Kind[]): Promise<Outage[]> {
  await calm(bench, WARM_UP_SAMPLES);
  const outages: Outage[] = [];
  let before = await calm(bench, UNDISTURBED_SAMPLES);
  for (const kind of kinds) {
    const suffered = await suffer(bench, kind);
    const after = await calm(bench, UNDISTURBED_SAMPLES);
    outages.push({ ...suffered, calm: [...before, ...after] });
    before = after;
  }
  return outages;
}

async function calm({ stage, tenant, webhooks, perSecond }: Bench, samples: number): Promise<Sent[]> {
  const sent = await offer(
    perSecond,
    async () => webhooks.send(newId()),
    (count) => count >= samples,
  );
  expectTaken(sent);
  await stage.untilDone(tenant.id, { withinMs: GIVE_UP_MS });
  return sent;
}

async function suffer(bench: Bench, kind: Kind): Promise<Omit<Outage, 'calm'>> {
  const { stage, tenant, webhooks, perSecond, waiting } = bench;
  const { edr, falcon } = stage;
  const send = async (): Promise<Sent> => webhooks.send(newId());
  const arrivedBefore = edr.events.length;
  const requestsBefore = edr.requests.length;
  if (kind === '503') edr.fail({ status: 503 });
  if (kind === 'hang') edr.fail({ hang: true });
  if (kind === 'refused') await edr.stop();
  const during = await offer(perSecond, send, (count) => count >= waiting);
  const requests = edr.requests.length - requestsBefore;
  if (edr.events.length > arrivedBefore)
    throw new Error('Cannot measure as HarfangLab must be down: it took an event');
  if (kind === 'refused') await edr.start();
  edr.heal();
  const endedAtMs = nowMs();
  const isBack = (): boolean =>
    edr.events.length - arrivedBefore >= waiting || nowMs() - endedAtMs > GIVE_UP_MS;
  const catchingUp = await offer(perSecond, send, isBack);
  expectTaken([...during, ...catchingUp]);
  await stage.untilDone(tenant.id, { withinMs: GIVE_UP_MS });
  await until('Falcon has everything', () => falcon.events.length >= edr.events.length, { withinMs: 1_000 });
  return { kind, during, catchingUp, endedAtMs, requests };
}

function reportOf(title: string, outages: readonly Outage[], { edr, falcon }: Stage): Report {
  const columns = outages.map((suffered) =>
    columnOf(suffered, arrivalsOf(edr.events), arrivalsOf(falcon.events)),
  );
  // A request that is under way when connections break may be taken and is sent again.
  const repeatsMax = outages.filter(({ kind }) => kind === 'refused').length * IN_FLIGHT;
  const repeats = edr.duplicates().length + falcon.duplicates().length;
  const names = [...(columns[0]?.figures.keys() ?? [])];
  return {
    head: [title, ...outages.map(({ kind }) => WORDS[kind])],
    rows: names.map((name) => [name, ...columns.map(({ figures }) => figures.get(name) ?? '')]),
    promises: [
      ...columns.flatMap(({ promises }) => promises),
      promiseMost('events delivered twice', repeats, repeatsMax, String),
    ],
  };
}

function columnOf(
  { kind, calm: undisturbed, during, catchingUp, endedAtMs, requests }: Outage,
  edrArrivals: ReadonlyMap<string, number>,
  falconArrivals: ReadonlyMap<string, number>,
): { readonly figures: ReadonlyMap<string, string>; readonly promises: readonly Promised[] } {
  const backMs = latencies(during, edrArrivals).map(
    (latencyMs, i) => latencyMs + (during[i]?.sentAtMs ?? 0) - endedAtMs,
  );
  const [firstMs, lastMs] = [Math.min(...backMs), Math.max(...backMs)];
  const before = latencies(undisturbed, falconArrivals);
  const meanwhile = latencies(during, falconArrivals);
  const figures = new Map([
    ['events that waited', String(during.length)],
    ['requests to HarfangLab meanwhile', kind === 'refused' ? 'none arrives' : String(requests)],
    ['HarfangLab has the first of them after', ms(firstMs)],
    ['HarfangLab has all of them after', ms(lastMs)],
    ['webhook to Falcon, undisturbed, p50 · p99', both(before)],
    ['webhook to Falcon, outage, p50 · p99', both(meanwhile)],
    ['webhook to Falcon, catching up, p50 · p99', both(latencies(catchingUp, falconArrivals))],
    ['202 after, undisturbed, p50 · p99', both(answerTimes(undisturbed))],
    ['202 after, outage, p50 · p99', both(answerTimes(during))],
  ]);
  return {
    figures,
    promises: [
      promiseMost(`${WORDS[kind]}: all delivered after`, lastMs, RECOVERY_MS_MAX, ms),
      promiseRatio(`${WORDS[kind]}: Falcon's p99`, meanwhile, before, RATIO_MAX),
    ],
  };
}

let lastId = 0;
function newId(): string {
  return `outage-${++lastId}`;
}
