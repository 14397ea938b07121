/** How fast a relay takes and delivers signed webhooks, and how soon an idle one delivers. Promises nothing but that all arrive once. */

import type { FalconSimulator } from '../simulators/falcon.ts';
import type { HarfangLabSimulator } from '../simulators/harfanglab.ts';
import { Webhooks, eventOf, quantile } from './load.ts';
import { numbersOf } from './options.ts';
import type { Report } from './report.ts';
import { openStage } from './stages.ts';

const ARRIVAL_MS_MAX = 60_000;

interface Bench {
  readonly webhooks: Webhooks;
  readonly edr: HarfangLabSimulator;
  readonly falcon: FalconSimulator;
}

export async function throughput(args: readonly string[]): Promise<Report> {
  const options = numbersOf(args, { events: 3000, senders: 20, idle: 200 });
  await using stage = await openStage();
  const tenant = await stage.addTenant('bench', { limits: { events_per_minute: 60_000, burst: 60_000 } });
  using webhooks = new Webhooks(stage.url, tenant);
  const { edr, falcon } = stage;
  const bench: Bench = { webhooks, edr, falcon };
  const idle = await measureIdle(bench, options.idle);
  const load = await measureLoad(bench, options.events, options.senders);
  const duplicates = edr.duplicates().length + falcon.duplicates().length;
  return {
    head: ['figure', 'value'],
    rows: [...idle, ...load],
    promises: [{ what: 'no duplicates', measured: String(duplicates), bound: '0', isKept: duplicates === 0 }],
  };
}

/** One webhook at a time, the next when the last has arrived everywhere. */
async function measureIdle({ webhooks, edr, falcon }: Bench, count: number): Promise<string[][]> {
  const edrMs: number[] = [];
  const falconMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const id = `idle-${i}`;
    const { sentAtMs } = await webhooks.send(id);
    await untilSoon(() => falcon.events.at(-1)?.id === id && edr.events.at(-1)?.id === id);
    edrMs.push((edr.events.at(-1)?.receivedAtMs ?? 0) - sentAtMs);
    falconMs.push((falcon.events.at(-1)?.receivedAtMs ?? 0) - sentAtMs);
  }
  return [
    ['idle: webhook to HarfangLab, p50 · p99', inWholeMs(edrMs)],
    ['idle: webhook to Falcon, p50 · p99', inWholeMs(falconMs)],
  ];
}

/** Senders that each send their next webhook, signed before, when the last was answered. */
async function measureLoad(
  { webhooks, edr, falcon }: Bench,
  count: number,
  senders: number,
): Promise<string[][]> {
  const signed = Array.from({ length: count }, (_, i) => webhooks.sign(eventOf(`load-${i}`)));
  const before = { edr: edr.events.length, falcon: falcon.events.length };
  const startedAtMs = performance.now();
  let next = 0;
  const answeredMs: number[] = [];
  const send = async (): Promise<void> => {
    for (let request = signed[next++]; request; request = signed[next++]) {
      const sentAtMs = performance.now();
      const status = await webhooks.post(request);
      if (status !== 202) throw new Error(`a webhook was answered ${status}`);
      answeredMs.push(performance.now() - sentAtMs);
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  const takenMs = performance.now() - startedAtMs;
  await untilSoon(
    () => falcon.events.length - before.falcon >= count && edr.events.length - before.edr >= count,
  );
  const deliveredMs = performance.now() - startedAtMs;
  return [
    [`load: ${count} webhooks, ${senders} senders`, `${perSecond(count, takenMs)} webhooks/s accepted`],
    ['load: 202 after, p50 · p99', inWholeMs(answeredMs)],
    ['load: delivered to both', `${perSecond(2 * count, deliveredMs)} deliveries/s`],
    ['load: requests to Falcon', String(falcon.batches.length)],
  ];
}

/** Looks every millisecond: the next webhook of an idle relay waits for it. */
async function untilSoon(condition: () => boolean): Promise<void> {
  const endsAtMs = performance.now() + ARRIVAL_MS_MAX;
  while (!condition()) {
    if (performance.now() > endsAtMs) throw new Error('the events did not arrive within a minute');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function inWholeMs(samples: readonly number[]): string {
  return `${quantile(samples, 0.5).toFixed(0)} · ${quantile(samples, 0.99).toFixed(0)} ms`;
}

function perSecond(count: number, elapsedMs: number): number {
  return Math.round((count * 1000) / elapsedMs);
}
