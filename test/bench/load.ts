/** A busy sender of signed webhooks, at a pace that does not depend on the answers, and what came of each webhook. */

import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { TestTenant } from '../e2e/stage.ts';
import type { SignedRequest } from '../simulators/noxys.ts';

export interface Sent {
  readonly id: string;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** 0: the connection broke off. */
  readonly status: number;
}

/** Wall-clock time with fractions of a millisecond: sender and simulated destinations share it. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** One tenant's webhooks, over connections that are kept, as a busy sender would. */
export class Webhooks implements Disposable {
  readonly #url: string;
  readonly #tenant: TestTenant;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(relayUrl: string, tenant: TestTenant) {
    this.#url = `${relayUrl}/hooks/${tenant.id}`;
    this.#tenant = tenant;
  }

  /** Sends one event, or what is given in its place. Never throws. */
  async send(id: string, body: unknown = eventOf(id)): Promise<Sent> {
    const signed = this.sign(body);
    const sentAtMs = nowMs();
    const status = await this.post(signed);
    return { id, sentAtMs, answeredAtMs: nowMs(), status };
  }

  sign(body: unknown): SignedRequest {
    return this.#tenant.sender.sign(body);
  }

  /** The status of the answer. Node's own client: its fetch would be the bottleneck. */
  async post(signed: SignedRequest): Promise<number> {
    const { headers, body } = signed;
    return new Promise((resolve) => {
      const options = { method: 'POST', agent: this.#agent, headers };
      const request = httpRequest(this.#url, options, (response) => {
        response.resume().once('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
      });
      request.once('error', () => {
        // The relay closed the idle connection at the moment of its next use. Source: Node, request.reusedSocket.
        resolve(request.reusedSocket ? this.post(signed) : 0);
      });
      request.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** Sends so many times a second, without waiting for answers, until it is over; then waits for them. */
export async function offer(
  perSecond: number,
  send: (index: number) => Promise<Sent>,
  isOver: (count: number) => boolean,
): Promise<Sent[]> {
  const sent: Promise<Sent>[] = [];
  const startMs = nowMs();
  while (!isOver(sent.length)) {
    const waitMs = startMs + (sent.length * 1000) / perSecond - nowMs();
    if (waitMs > 0) await sleep(waitMs);
    else sent.push(send(sent.length));
  }
  return Promise.all(sent);
}

/** Throws unless every webhook was taken. */
export function expectTaken(sent: readonly Sent[]): void {
  const refused = sent.find(({ status }) => status !== 202);
  if (refused)
    throw new Error(`Cannot measure as every webhook must be answered 202: one got ${refused.status}`);
}

/** When each event came first. */
export function arrivalsOf(
  events: readonly { readonly id?: string; readonly receivedAtMs: number }[],
): ReadonlyMap<string, number> {
  const arrivals = new Map<string, number>();
  for (const { id, receivedAtMs } of events) {
    if (id !== undefined && !arrivals.has(id)) arrivals.set(id, receivedAtMs);
  }
  return arrivals;
}

/** From the moment of sending to the arrival. Throws when one has not arrived. */
export function latencies(sent: readonly Sent[], arrivals: ReadonlyMap<string, number>): number[] {
  return sent.map(({ id, sentAtMs }) => {
    const arrivedAtMs = arrivals.get(id);
    if (arrivedAtMs === undefined) throw new Error(`Cannot measure as ${id} must have arrived: it has not`);
    return arrivedAtMs - sentAtMs;
  });
}

/** From the moment of sending to the answer. */
export function answerTimes(sent: readonly Sent[]): number[] {
  return sent.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs);
}

/** The value that a share of all samples does not exceed. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function eventOf(id: string): Record<string, unknown> {
  return {
    id,
    type: 'interaction.policy_violated',
    timestamp: new Date().toISOString(),
    user_id: 'user-1',
    data: { platform_id: 'deepseek', policy_decision: 'block', risk_score: 0.7, classifications: ['IBAN'] },
  };
}
