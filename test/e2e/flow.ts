/** A steady flow of webhooks, as a sender with patience: what is not answered, or answered 503, is sent again under the same id. */

import { setTimeout as sleep } from 'node:timers/promises';

import type { NoxysSender } from '../simulators/noxys.ts';
import { makeEvents } from './events.ts';
import { untilMoment } from './until.ts';

const REPEAT_MS = 200;
/** A sender gives up in the end; by then something is wrong. */
const ATTEMPTS_MAX = 100;

export class Flow {
  /** Ids of the events that were answered 202. */
  readonly accepted: string[] = [];
  /** How many answers there were of each status; 0: the connection broke off. */
  readonly statuses: Record<number, number> = {};
  #isOver = false;
  readonly #done: Promise<void>;

  /** Sends so many webhooks a second until `stop`. `sender` is asked for each: its secret may change. */
  constructor(perSecond: number, sender: () => NoxysSender) {
    this.#done = this.#run(perSecond, sender);
    this.#done.catch(() => undefined);
  }

  /** Waits until so many more are accepted. */
  async untilMore(count: number): Promise<void> {
    const target = this.accepted.length + count;
    while (this.accepted.length < target) await sleep(REPEAT_MS / 10);
  }

  /** Sends no more, and waits for what is under way. Throws when a webhook was refused. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #run(perSecond: number, sender: () => NoxysSender): Promise<void> {
    const sending: Promise<void>[] = [];
    const startMs = Date.now();
    for (let i = 0; !this.#isOver; i++) {
      sending.push(this.#send(sender));
      await untilMoment(startMs + ((i + 1) * 1000) / perSecond);
    }
    await Promise.all(sending);
  }

  async #send(sender: () => NoxysSender): Promise<void> {
    const [event] = makeEvents(1);
    if (!event) return;
    const webhookId = `msg_${event.id}`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const result = await sender()
        .send(event.body, { webhookId })
        .catch(() => undefined);
      const status = result?.status ?? 0;
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
      if (status === 202) return void this.accepted.push(event.id);
      if (status !== 0 && status !== 503) break;
      await sleep(REPEAT_MS);
    }
    throw new Error(`Cannot go on as a webhook must be accepted: ${JSON.stringify(this.statuses)}`);
  }
}
