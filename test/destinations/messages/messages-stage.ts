/** The messages channel in front of a simulated Slack, over real HTTP, with a clock that the test turns. It asserts nothing. */

import type { Channel, ChannelContext, DeliveryIo } from '../../../src/destinations/destination.ts';
import type { Message } from '../../../src/destinations/messages/message.ts';
import { messagesChannel } from '../../../src/destinations/messages/messages.ts';
import type { MessageProduct } from '../../../src/destinations/messages/product.ts';
import { NO_RECORDS } from '../../../src/destinations/no-records.ts';
import { slackProduct } from '../../../src/destinations/slack/slack.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import { DIGEST_TYPE, type DigestFacts, type DigestTotals } from '../../../src/domain/digest.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { slackSchema } from '../../../src/domain/messages-config.ts';
import { NOTICE_TYPE, type NoticeFacts } from '../../../src/domain/notice.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { SlackConfig } from '../../../src/domain/tenant-config.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import { type SlackOptions, SlackSimulator } from '../../simulators/slack.ts';
import { blockedEvent } from '../blocked-event.ts';
import { PLAIN_CONTEXT, laneForTest, memoryForTest } from '../ports.ts';

export const START_MS = Date.UTC(2026, 10, 22, 8);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DELIVERED: Outcome = { kind: 'delivered' };

export interface StageOptions {
  readonly slack?: SlackOptions;
  readonly messages?: Record<string, unknown>;
  readonly context?: Partial<ChannelContext>;
}

export class Stage {
  readonly slack: SlackSimulator;
  nowMs = START_MS;
  requestsMax = 500;
  isCurrent = true;
  readonly memory = memoryForTest(() => this.nowMs);
  /** What was composed, in order, whether or not Slack took it. */
  readonly composed: Message[] = [];
  /** What Slack took, in order. */
  readonly taken: Message[] = [];
  records = NO_RECORDS;
  readonly #config: SlackConfig;
  readonly #context: ChannelContext;

  private constructor(options: StageOptions) {
    this.slack = new SlackSimulator({ nowMs: () => this.nowMs, ...options.slack });
    const url = 'http://127.0.0.1/not-started';
    this.#config = slackSchema.parse({ name: 'soc', type: 'slack', url, messages: options.messages ?? {} });
    this.#context = { ...PLAIN_CONTEXT, timeZone: 'Europe/Paris', ...options.context };
  }

  static async start(options: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(options);
    await stage.slack.start();
    return stage;
  }

  async stop(): Promise<void> {
    await this.slack.stop();
  }

  /** As the lane does after a restart of the object: nothing but the memory is kept. */
  get channel(): Channel {
    const product = slackProduct({ ...this.#config, url: this.slack.webhookUrl });
    const watched: MessageProduct = {
      request: async (message, around) => {
        this.composed.push(message);
        return product.request(message, around);
      },
      outcome: (result, nowMs) => {
        const outcome = product.outcome(result, nowMs);
        if (outcome.kind === 'delivered') this.taken.push(...this.composed.slice(-1));
        return outcome;
      },
    };
    return messagesChannel(this.#config, this.#context, watched);
  }

  async deliver(...events: CanonicalEvent[]): Promise<Outcome> {
    return this.channel.deliver(events, this.io);
  }

  get io(): DeliveryIo {
    return laneForTest({
      timeoutMs: 250,
      nowMs: () => this.nowMs,
      memory: this.memory,
      records: this.records,
      requestsMax: this.requestsMax,
      isCurrent: () => this.isCurrent,
    });
  }

  /** As a lane does: what was not settled comes again, until all is. Time passes where it must wait. */
  async deliverAll(events: readonly CanonicalEvent[], turnsMax = 100): Promise<void> {
    let rest = events;
    for (let i = 0; i < turnsMax && rest.length > 0; i++) {
      const outcome = await this.deliver(...rest.slice(0, 100));
      const count = Math.min(100, rest.length);
      if (outcome.kind === 'delivered') rest = rest.slice(outcome.settled ?? count);
      if (outcome.kind !== 'delivered' || outcome.others) this.nowMs += 1000;
    }
    if (rest.length > 0) throw new Error(`Cannot deliver all: ${rest.length} are left`);
  }

  passes(ms: number): void {
    this.nowMs += ms;
  }

  get titles(): readonly string[] {
    return this.slack.messages.map(({ text }) => text);
  }

  get remembered(): string {
    return JSON.stringify([...this.memory.values]);
  }

  get now(): string {
    return new Date(this.nowMs).toISOString();
  }

  event(id: string, changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
    return blockedEvent(this.now, {
      id,
      user: { id: 'user-42', email: 'ada@acme.fr' },
      device: { id: 'dev-7', hostname: 'WKS-7' },
      platform: { id: 'chatgpt', name: 'chatgpt' },
      policy: { decision: 'block', name: 'No secrets' },
      riskScore: 0.87,
      classifications: ['API_KEY'],
      ...changes,
    });
  }

  detection(id: string, changes: Partial<Detection> = {}): CanonicalEvent {
    const eventIds = [`evt-of-${id}`];
    const facts = detectionForTest({ id, level: 'critical', lastAt: this.now, eventIds, ...changes });
    return detectionEvent(facts, { tenant: 'acme', receivedAt: this.now });
  }

  notice(id: string, notice: NoticeFacts): CanonicalEvent {
    return { ...this.#own(id), type: NOTICE_TYPE, notice };
  }

  digest(id: string, changes: Partial<DigestFacts> = {}): CanonicalEvent {
    const digest: DigestFacts = {
      period: 'daily',
      from: '2026-11-21T07:00:00.000Z',
      to: '2026-11-22T07:00:00.000Z',
      timeZone: 'Europe/Paris',
      totals: NOTHING,
      before: NOTHING,
      notices: {},
      blockedLanes: [],
      ...changes,
    };
    return { ...this.#own(id), type: DIGEST_TYPE, digest };
  }

  #own(id: string): Omit<CanonicalEvent, 'type'> {
    const none = { classifications: [], classificationCount: 0, faults: [] };
    return { id, occurredAt: this.now, receivedAt: this.now, tenant: 'acme', ...none, source: 'noxys' };
  }
}

export const NOTHING: DigestTotals = {
  events: 0,
  limited: 0,
  byLevel: {},
  byDecision: {},
  byPlatform: {},
  byClassification: {},
  detections: [],
};
