/**
 * HarfangLab is down for a while, in three ways, while events for it wait: how soon it has them all when it is back, and what
 * Falcon notices of it. The same load is offered during each outage, and undisturbed before and after it. A twin, a second relay
 * with nothing wrong, gets the same webhooks at the same moments: whatever else the machine does meanwhile disturbs both alike.
 */

import { parseArgs } from 'node:util';

import type { Stage, TestTenant } from '../e2e/stage.ts';
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
import { type Promised, type Report, both, ms, promiseMost, promiseRatio, ratioOf } from './report.ts';
import { openStage } from './stages.ts';

/** From the end of the outage to the arrival of the last event that waited. */
const RECOVERY_MS_MAX = 20_000;
/** Falcon's p99 during the outage, to the twin's at the same time. */
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

interface Place extends Disposable {
  readonly stage: Stage;
  readonly tenant: TestTenant;
  readonly webhooks: Webhooks;
}

interface Bench {
  readonly place: Place;
  readonly twin: Place;
  readonly perSecond: number;
  /** Events that wait at the end of an outage. */
  readonly waiting: number;
}

interface Outage {
  readonly kind: Kind;
  /** Sent before and after it, with nothing wrong. */
  readonly calm: readonly Sent[];
  readonly during: readonly Sent[];
  /** To the twin, while it lasted. */
  readonly beside: readonly Sent[];
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
  await using twinStage = await openStage();
  using place = await placeOn(stage);
  using twin = await placeOn(twinStage);
  const bench: Bench = { place, twin, waiting, perSecond: waiting / seconds };
  const title = `HarfangLab down for ${seconds} s, ${bench.perSecond.toFixed(0)} webhooks/s`;
  return reportOf(title, await sufferAll(bench, kinds), bench);
}

async function placeOn(stage: Stage): Promise<Place> {
  const tenant = await stage.addTenant('bench', { limits: { events_per_minute: 60_000, burst: 60_000 } });
  const webhooks = new Webhooks(stage.url, tenant);
  return { stage, tenant, webhooks, [Symbol.dispose]: () => webhooks[Symbol.dispose]() };
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

async function calm(bench: Bench, samples: number): Promise<Sent[]> {
  const [sent] = await offerBoth(bench, (count) => count >= samples);
  await settle(bench);
  return sent;
}

async function suffer(bench: Bench, kind: Kind): Promise<Omit<Outage, 'calm'>> {
  const { edr } = bench.place.stage;
  const before = { events: edr.events.length, requests: edr.requests.length };
  if (kind === '503') edr.fail({ status: 503 });
  if (kind === 'hang') edr.fail({ hang: true });
  if (kind === 'refused') await edr.stop();
  const [during, beside] = await offerBoth(bench, (count) => count >= bench.waiting);
  const requests = edr.requests.length - before.requests;
  if (edr.events.length > before.events)
    throw new Error('Cannot measure as HarfangLab must be down: it took an event');
  if (kind === 'refused') await edr.start();
  edr.heal();
  const endedAtMs = nowMs();
  await settle(bench);
  return { kind, during, beside, endedAtMs, requests };
}

/** To the relay and to its twin. */
async function offerBoth(
  { place, twin, perSecond }: Bench,
  isOver: (count: number) => boolean,
): Promise<[Sent[], Sent[]]> {
  const [sent, beside] = await Promise.all([
    offer(perSecond, async () => place.webhooks.send(newId()), isOver),
    offer(perSecond, async () => twin.webhooks.send(newId()), isOver),
  ]);
  expectTaken([...sent, ...beside]);
  return [sent, beside];
}

async function settle({ place, twin }: Bench): Promise<void> {
  for (const { stage, tenant } of [place, twin]) await stage.untilDone(tenant.id, { withinMs: GIVE_UP_MS });
}

function reportOf(title: string, outages: readonly Outage[], { place, twin }: Bench): Report {
  const { edr, falcon } = place.stage;
  const arrivals: Arrivals = {
    edr: arrivalsOf(edr.events),
    falcon: arrivalsOf(falcon.events),
    twinFalcon: arrivalsOf(twin.stage.falcon.events),
  };
  const columns = outages.map((suffered) => columnOf(suffered, arrivals));
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

interface Arrivals {
  readonly edr: ReadonlyMap<string, number>;
  readonly falcon: ReadonlyMap<string, number>;
  readonly twinFalcon: ReadonlyMap<string, number>;
}

function columnOf(
  { kind, calm: undisturbed, during, beside, endedAtMs, requests }: Outage,
  arrivals: Arrivals,
): { readonly figures: ReadonlyMap<string, string>; readonly promises: readonly Promised[] } {
  const backMs = during.map(({ id }) => (arrivals.edr.get(id) ?? Infinity) - endedAtMs);
  const [firstMs, lastMs] = [Math.min(...backMs), Math.max(...backMs)];
  const before = latencies(undisturbed, arrivals.falcon);
  const meanwhile = latencies(during, arrivals.falcon);
  const twins = latencies(beside, arrivals.twinFalcon);
  const figures = new Map([
    ['events that waited', String(during.length)],
    ['requests to HarfangLab meanwhile', kind === 'refused' ? 'none arrives' : String(requests)],
    ['HarfangLab has the first of them after', ms(firstMs)],
    ['HarfangLab has all of them after', ms(lastMs)],
    ['to Falcon, before and after, p50 · p99', both(before)],
    ['to Falcon, outage, p50 · p99', both(meanwhile)],
    ["to the twin's Falcon, outage, p50 · p99", both(twins)],
    ['p99 in the outage, to before and after', ratioOf(meanwhile, before)],
    ['202 after, outage, p50 · p99', both(answerTimes(during))],
    ["the twin's 202 after, outage, p50 · p99", both(answerTimes(beside))],
  ]);
  return {
    figures,
    promises: [
      promiseMost(`${WORDS[kind]}: all delivered after`, lastMs, RECOVERY_MS_MAX, ms),
      promiseRatio(`${WORDS[kind]}: Falcon's p99, to the twin's`, meanwhile, twins, RATIO_MAX),
    ],
  };
}

let lastId = 0;
function newId(): string {
  return `outage-${++lastId}`;
}
