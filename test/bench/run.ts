/**
 * `npm run bench`: how fast a local relay takes and delivers signed webhooks. Build first (`npm run build`).
 * Relay, vendors and sender share this machine, so the figures are floors for it and say nothing of the network:
 * no replication latency, no jurisdictions, no connection limits of the platform.
 */

import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { parseArgs } from 'node:util';

import Table from 'cli-table3';

import { spawnRelay } from '../e2e/relay-process.ts';
import { FalconSimulator } from '../simulators/falcon.ts';
import { HarfangLabSimulator } from '../simulators/harfanglab.ts';
import { NoxysSender, type SignedRequest } from '../simulators/noxys.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '3000' },
    senders: { type: 'string', default: '20' },
    idle: { type: 'string', default: '200' },
  },
});

const adminToken = randomBytes(24).toString('base64url');
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const edr = await new HarfangLabSimulator({ token: 'bench-token' }).start();
const falcon = await new FalconSimulator({ hecKey: 'bench-key' }).start();
const relay = await spawnRelay({
  vars: {
    RELAY_MASTER_KEY: randomBytes(32).toString('base64url'),
    RELAY_ADMIN_TOKEN: adminToken,
  },
});
const url = `${relay.url}/hooks/bench`;
/** Connections are kept, as a busy sender would. */
const agent = new Agent({ keepAlive: true });
const sender = new NoxysSender({
  url,
  tenantSecret: secret,
  scheme: 'standard-webhooks',
});

try {
  await applyTenant();
  const idle = await measureIdle(Number(values.idle));
  const load = await measureLoad(Number(values.events), Number(values.senders));
  const table = new Table({ head: ['figure', 'value'], style: { head: [], border: [] } });
  table.push(...idle, ...load);
  console.log(table.toString());
} finally {
  agent.destroy();
  await Promise.all([relay.kill(), edr.stop(), falcon.stop()]);
}

async function applyTenant(): Promise<void> {
  const response = await fetch(`${relay.url}/api/v1/tenants/bench`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'bench',
      residency: 'eu',
      webhook: { secrets: [secret] },
      limits: { events_per_minute: 60_000, burst: 60_000 },
      destinations: [
        { name: 'edr', type: 'harfanglab', base_url: edr.url, token: 'bench-token' },
        { name: 'falcon', type: 'falcon', region: 'eu-1', hec: { url: falcon.hecUrl, token: 'bench-key' } },
      ],
    }),
  });
  if (!response.ok) throw new Error(`the tenant was refused: ${await response.text()}`);
}

/** One webhook at a time, the next when the last has arrived everywhere. */
async function measureIdle(count: number): Promise<string[][]> {
  const edrMs: number[] = [];
  const falconMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const id = `idle-${i}`;
    const signed = sender.sign(event(id));
    const sentAtMs = Date.now();
    await post(signed);
    await until(() => falcon.events.at(-1)?.id === id && edr.events.at(-1)?.id === id);
    edrMs.push((edr.events.at(-1)?.receivedAtMs ?? 0) - sentAtMs);
    falconMs.push((falcon.events.at(-1)?.receivedAtMs ?? 0) - sentAtMs);
  }
  return [
    ['idle: webhook to HarfangLab, p50 · p99', `${quantile(edrMs, 0.5)} · ${quantile(edrMs, 0.99)} ms`],
    ['idle: webhook to Falcon, p50 · p99', `${quantile(falconMs, 0.5)} · ${quantile(falconMs, 0.99)} ms`],
  ];
}

/** Senders that each send their next webhook, signed before, when the last was answered. */
async function measureLoad(count: number, senders: number): Promise<string[][]> {
  const signed = Array.from({ length: count }, (_, i) => sender.sign(event(`load-${i}`)));
  const before = { edr: edr.events.length, falcon: falcon.events.length };
  const startedAtMs = performance.now();
  let next = 0;
  const answeredMs: number[] = [];
  const send = async (): Promise<void> => {
    for (let request = signed[next++]; request; request = signed[next++]) {
      const sentAtMs = performance.now();
      const status = await post(request);
      if (status !== 202) throw new Error(`a webhook was answered ${status}`);
      answeredMs.push(Math.round(performance.now() - sentAtMs));
    }
  };
  await Promise.all(Array.from({ length: senders }, send));
  const takenMs = performance.now() - startedAtMs;
  await until(() => falcon.events.length - before.falcon >= count && edr.events.length - before.edr >= count);
  const deliveredMs = performance.now() - startedAtMs;
  return [
    [`load: ${count} webhooks, ${senders} senders`, `${perSecond(count, takenMs)} webhooks/s accepted`],
    ['load: 202 after, p50 · p99', `${quantile(answeredMs, 0.5)} · ${quantile(answeredMs, 0.99)} ms`],
    ['load: delivered to both', `${perSecond(2 * count, deliveredMs)} deliveries/s`],
    ['load: requests to Falcon', String(falcon.batches.length)],
    ['duplicates', String(edr.duplicates().length + falcon.duplicates().length)],
  ];
}

/** The status of the answer. Node's own client: its fetch would be the bottleneck. */
async function post({ headers, body }: SignedRequest): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    request.once('error', reject).end(body);
  });
}

function event(id: string): Record<string, unknown> {
  return {
    id,
    type: 'interaction.policy_violated',
    timestamp: new Date().toISOString(),
    user_id: 'user-1',
    data: { platform_id: 'deepseek', policy_decision: 'block', risk_score: 0.7, classifications: ['IBAN'] },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const endsAtMs = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > endsAtMs) throw new Error('the events did not arrive within a minute');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function perSecond(count: number, ms: number): number {
  return Math.round((count * 1000) / ms);
}
