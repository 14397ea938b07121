/**
 * Noxys as it sends to one tenant: each webhook again and again, signed anew under the same id, until it is answered 202.
 * Waits as long as a 429 says.
 */

import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { NoxysSender, type SignedRequest } from '../simulators/noxys.ts';
import { NoxysEvents } from '../simulators/noxys-events.ts';
import type { Spelling } from '../simulators/noxys-spellings.ts';
import { pick, type Random, seededRandom } from '../simulators/random.ts';
import { OVERFLOW_HEADER } from './dials.ts';
import type { PlannedTenant, PlannedWebhook } from './plan-parts.ts';

/** With an id of their own that the relay takes over. */
const SPELLINGS: readonly Spelling[] = ['nested', 'nested_event_type', 'flat', 'user_outside', 'sentinel'];
/** Webhooks under way at once; the limited tenant has one, so that waiting as told must be enough. */
const WIDTH = 2;
const ANSWER_MS_MAX = 20_000;
const UNREACHABLE_MS = 200;
/** A 503 names 10 s; the bench has less patience. */
const UNAVAILABLE_MS = 1_000;

export interface Accepted {
  readonly keys: readonly string[];
  /** Of the 202. */
  readonly atMs: number;
  /** The Worker put events into OVERFLOW meanwhile: perhaps these. */
  readonly isPerhapsOverflow: boolean;
}

interface Answer {
  /** 0: none. */
  readonly status: number;
  readonly retryAfterSeconds: number;
  readonly isPerhapsOverflow: boolean;
}

export class TenantSender {
  readonly accepted: Accepted[] = [];
  /** Answers by status; 0: the connection failed. */
  readonly statuses: Record<number, number> = {};
  readonly refusedAgain: { readonly atMs: number; readonly waitedSeconds: number }[] = [];
  readonly #plan: PlannedTenant;
  readonly #url: () => string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sender: NoxysSender;
  readonly #events: NoxysEvents;
  readonly #random: Random;
  readonly #signal: AbortSignal;
  #eventCount = 0;

  constructor(
    plan: PlannedTenant,
    options: {
      readonly seed: number;
      readonly secret: string;
      readonly url: () => string;
      readonly signal: AbortSignal;
    },
  ) {
    this.#plan = plan;
    this.#url = options.url;
    this.#signal = options.signal;
    this.#sender = new NoxysSender({ url: '', tenantSecret: options.secret, scheme: 'standard-webhooks' });
    this.#random = seededRandom(options.seed);
    this.#events = new NoxysEvents({ seed: options.seed, nowMs: Date.now });
  }

  get acceptedCount(): number {
    return this.#eventCount;
  }

  /** Sends the whole plan, from a moment on. */
  async run(startMs: number): Promise<void> {
    const waiting = this.#plan.webhooks.entries();
    const work = async (): Promise<void> => {
      for (const [i, webhook] of waiting) {
        const body = this.#body(webhook);
        await this.#wait(startMs + webhook.atMs - Date.now());
        await this.#send(webhook, body, `msg_${this.#plan.id}_${i}`);
      }
    };
    try {
      await Promise.all(Array.from({ length: this.#plan.isLimited ? 1 : WIDTH }, work));
    } finally {
      this.#agent.destroy();
    }
  }

  async #send(webhook: PlannedWebhook, body: string, webhookId: string): Promise<void> {
    const answer = await this.#until202(body, webhookId);
    this.#eventCount += webhook.events.length;
    this.accepted.push({
      keys: webhook.events.map(({ id, type }) => `${type}:${id}`),
      atMs: Date.now(),
      isPerhapsOverflow: answer.isPerhapsOverflow,
    });
    if (webhook.isRepeated) await this.#until202(body, webhookId);
  }

  async #until202(body: string, webhookId: string): Promise<Answer> {
    let waitedSeconds = 0;
    for (;;) {
      const answer = await this.#post(this.#sender.sign(body, { webhookId }));
      this.statuses[answer.status] = (this.statuses[answer.status] ?? 0) + 1;
      if (answer.status === 202) return answer;
      if (answer.status === 429 && waitedSeconds > 0)
        this.refusedAgain.push({ atMs: Date.now(), waitedSeconds });
      waitedSeconds = answer.status === 429 ? answer.retryAfterSeconds : 0;
      await this.#wait(waitMsAfter(answer));
    }
  }

  /** Drawn in the order of the plan, so that the same seed gives the same events. */
  #body({ events }: PlannedWebhook): string {
    const spelt = events.map((event) =>
      this.#events.next({ ...event, spelling: pick(this.#random, SPELLINGS) }),
    );
    return JSON.stringify(spelt.map(({ body }) => body));
  }

  async #post({ headers, body }: SignedRequest): Promise<Answer> {
    const url = `${this.#url()}/hooks/${this.#plan.id}`;
    return new Promise((resolve) => {
      const none = (): void => resolve({ status: 0, retryAfterSeconds: 0, isPerhapsOverflow: false });
      const request = httpRequest(
        url,
        { method: 'POST', agent: this.#agent, headers, timeout: ANSWER_MS_MAX },
        (response) => {
          response
            .resume()
            .once('error', none)
            .once('end', () =>
              resolve({
                status: response.statusCode ?? 0,
                retryAfterSeconds: Number(response.headers['retry-after'] ?? Number.NaN),
                isPerhapsOverflow: response.headers[OVERFLOW_HEADER] !== undefined,
              }),
            );
        },
      );
      request.once('timeout', () => request.destroy());
      request.once('error', none).end(body);
    });
  }

  async #wait(ms: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (ms > 0) await sleep(ms, undefined, { signal: this.#signal });
  }
}

/** Throws when a 429 does not say how long to wait. */
function waitMsAfter({ status, retryAfterSeconds }: Answer): number {
  if (status === 0) return UNREACHABLE_MS;
  if (status !== 429) return UNAVAILABLE_MS;
  if (Number.isInteger(retryAfterSeconds) && retryAfterSeconds > 0) return retryAfterSeconds * 1000;
  throw new Error(
    `Cannot obey a 429 as Retry-After must be a whole number of seconds: it is ${retryAfterSeconds}`,
  );
}
