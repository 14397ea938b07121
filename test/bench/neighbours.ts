/**
 * One tenant's sender floods the relay, far above its limit: what another tenant notices of it. Calm and flood take turns, so that
 * whatever else the machine does disturbs both alike. Locally all tenants share one isolate and its thread, in production they don't:
 * the flood must leave the thread some time, or the bench measures the machine.
 */

import type { Stage, TestTenant } from '../e2e/stage.ts';
import { type Sent, Webhooks, answerTimes, arrivalsOf, expectTaken, latencies, offer } from './load.ts';
import { numbersOf } from './options.ts';
import { type Report, both, promiseMost, promiseRatio } from './report.ts';
import { openStage } from './stages.ts';

const RATIO_MAX = 2;
const TURN_MS = 2_000;
const FLOODER_LIMITS = { events_per_minute: 60, burst: 100 };
/** Of the flood, what must have been refused for it to be one. */
const REFUSED_SHARE_MIN = 0.9;
const GIVE_UP_MS = 30_000;

interface Bench {
  readonly stage: Stage;
  readonly quiet: TestTenant;
  readonly webhooks: Webhooks;
  readonly flood: Webhooks;
  /** Webhooks a second. */
  readonly rate: number;
  readonly floodRate: number;
}

export async function neighbours(args: readonly string[]): Promise<Report> {
  const options = numbersOf(args, { turns: 15, rate: 40, flood: 60 });
  await using stage = await openStage();
  const quiet = await stage.addTenant('quiet', { limits: { events_per_minute: 60_000, burst: 60_000 } });
  const flooder = await stage.addTenant('flooder', { limits: FLOODER_LIMITS });
  using webhooks = new Webhooks(stage.url, quiet);
  using flood = new Webhooks(stage.url, flooder);
  const bench: Bench = { stage, quiet, webhooks, flood, rate: options.rate, floodRate: options.flood };

  await takeTurn(bench, true);
  const calm: Sent[] = [];
  const disturbed: Sent[] = [];
  const flooded: Sent[] = [];
  for (let turn = 0; turn < options.turns; turn++) {
    calm.push(...(await takeTurn(bench, false)).sent);
    const { sent, flooded: refused } = await takeTurn(bench, true);
    disturbed.push(...sent);
    flooded.push(...refused);
  }
  calm.push(...(await takeTurn(bench, false)).sent);
  const failures = (await stage.lanes(quiet.id)).map(({ lastFailure }) => lastFailure?.detail ?? 'none');
  const { rows, ...report } = reportOf(bench, calm, disturbed, flooded);
  // A lane pauses up to a second after the first failure: then the figures are not about the flood alone.
  return { ...report, rows: [...rows, ['last failure of a lane', '', failures.join(' · ')]] };
}

async function takeTurn(
  { stage, quiet, webhooks, flood, rate, floodRate }: Bench,
  isFlooded: boolean,
): Promise<{ readonly sent: readonly Sent[]; readonly flooded: readonly Sent[] }> {
  const [sent, flooded] = await Promise.all([
    offer(
      rate,
      async () => webhooks.send(newId()),
      (count) => count >= (rate * TURN_MS) / 1000,
    ),
    isFlooded
      ? offer(
          floodRate,
          async () => flood.send(newId()),
          (count) => count >= (floodRate * TURN_MS) / 1000,
        )
      : [],
  ]);
  expectTaken(sent);
  await stage.untilDone(quiet.id, { withinMs: GIVE_UP_MS });
  return { sent, flooded };
}

function reportOf(
  { stage: { edr, falcon }, rate, floodRate }: Bench,
  calm: readonly Sent[],
  disturbed: readonly Sent[],
  flooded: readonly Sent[],
): Report {
  const [toEdr, toFalcon] = [arrivalsOf(edr.events), arrivalsOf(falcon.events)];
  const figures = [
    { what: '202 after', of: answerTimes },
    { what: 'webhook to HarfangLab', of: (sent: readonly Sent[]) => latencies(sent, toEdr) },
    { what: 'webhook to Falcon', of: (sent: readonly Sent[]) => latencies(sent, toFalcon) },
  ];
  const refused = flooded.filter(({ status }) => status === 429);
  const others = flooded.filter(({ status }) => status !== 429 && status !== 202).length;
  const refusedShare = refused.length / flooded.length;
  const timesLimit = (floodRate * 60) / FLOODER_LIMITS.events_per_minute;
  return {
    head: [`a tenant with ${rate} webhooks/s`, 'undisturbed', `neighbour floods with ${floodRate}/s`],
    rows: [
      ['webhooks', String(calm.length), String(disturbed.length)],
      ...figures.map(({ what, of }) => [`${what}, p50 · p99`, both(of(calm)), both(of(disturbed))]),
      ['flood: webhooks · above its limit', '', `${flooded.length} · ${timesLimit} ×`],
      ['flood: 429 after, p50 · p99', '', both(answerTimes(refused))],
    ],
    promises: [
      ...figures.map(({ what, of }) =>
        promiseRatio(`${what}: p99 beside the flood`, of(disturbed), of(calm), RATIO_MAX),
      ),
      {
        what: 'the flood is answered 429',
        measured: `${(refusedShare * 100).toFixed(1)} %`,
        bound: `≥ ${REFUSED_SHARE_MIN * 100} %`,
        isKept: refusedShare >= REFUSED_SHARE_MIN,
      },
      promiseMost('flood: answers other than 202 and 429', others, 0, String),
    ],
  };
}

let lastId = 0;
function newId(): string {
  return `neighbours-${++lastId}`;
}
