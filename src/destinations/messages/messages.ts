/**
 * The one channel of a destination that tells people: detections and events, notices and digests, a message for each matter.
 * A message is remembered as told the moment it is answered. Slack and Teams recognise no message that they have seen: one whose answer
 * was lost is sent again, and may be there twice. Never tells more in an hour than people read.
 */

import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import { type FailedOutcome, NOT_SENT, type Outcome } from '../../domain/outcome.ts';
import type { MessageDestinationConfig } from '../../domain/tenant-config.ts';
import { logEvent } from '../../lib/log.ts';
import { unreachable } from '../../lib/result.ts';
import type { Channel, ChannelContext, DeliveryIo } from '../destination.ts';
import { alertMessage, stormMessage } from './compose-alert.ts';
import { digestMessage } from './compose-digest.ts';
import { noticeMessage, testMessage } from './compose-notice.ts';
import { type Composer, composerOf } from './composer.ts';
import type { Message } from './message.ts';
import { type MessageGroup, type WhoOf, groupsOf, isSameMatter, whoOf } from './message-groups.ts';
import type { MessageProduct } from './product.ts';
import type { Storm } from './storm.ts';
import { Told } from './told.ts';

const BATCH = { eventsMax: 100, lengthMax: 512 * 1024, joins: isSameMatter } as const;
/** A slow product must not hold up a change of the config, or a pause. */
const TURN_MS = 20_000;

/** The channel of a destination whose secrets are open. */
export function messagesChannel(
  config: MessageDestinationConfig,
  context: ChannelContext,
  product: MessageProduct,
): Channel {
  return {
    kind: 'messages',
    batch: BATCH,
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS.notify,
    deliver: async (events, io) => new Turn(config, context, product, io).deliver(events),
  };
}

class Turn {
  readonly #config: MessageDestinationConfig;
  readonly #composer: Composer;
  readonly #product: MessageProduct;
  readonly #io: DeliveryIo;
  readonly #who: WhoOf;
  readonly #told: Told;
  readonly #endsAtMs: number;
  #requests = 0;

  constructor(
    config: MessageDestinationConfig,
    context: ChannelContext,
    product: MessageProduct,
    io: DeliveryIo,
  ) {
    this.#config = config;
    this.#composer = composerOf(context, config.name);
    this.#product = product;
    this.#io = io;
    this.#who = whoOf(io.records);
    this.#told = new Told(io.memory, config.messages, this.#who, io.nowMs);
    this.#endsAtMs = io.nowMs() + TURN_MS;
  }

  async deliver(events: readonly CanonicalEvent[]): Promise<Outcome> {
    const groups = groupsOf(events, this.#who);
    for (const whole of groups) {
      const group = this.#told.fresh(whole);
      const verdict = this.#told.judge(group);
      if (verdict === 'known') continue;
      if (verdict !== 'tell') {
        this.#told.count(group, verdict);
        continue;
      }
      const outcome = await this.#send(group.firstIndex, () => this.#compose(group));
      if (outcome?.kind !== 'delivered') return this.#stop(group.firstIndex, outcome);
      this.#told.noteTold(group);
    }
    return this.#tellStorm(this.#settledOf(events, groups), events.length);
  }

  /** How many entries are done with though the storm can't be told: what was counted last comes again and has it told, what was told doesn't. */
  #settledOf(events: readonly CanonicalEvent[], groups: readonly MessageGroup[]): number {
    const last = events.at(-1);
    const group = groups.find(({ entries }) => last !== undefined && entries.includes(last));
    const isDone = !last || !group || group.kind === 'test' || this.#told.isTold(group, last);
    return isDone ? events.length : events.length - 1;
  }

  /** The end of the turn. */
  async #tellStorm(settled: number, count: number): Promise<Outcome> {
    const storm = this.#told.stormToTell;
    if (!storm) return { kind: 'delivered' };
    const { per_hour_max: cap } = this.#config.messages;
    const compose = (): Message => stormMessage(this.#composer, storm, cap, this.#io.nowMs());
    const outcome = await this.#send(settled, compose);
    if (outcome?.kind === 'delivered') this.#told.noteStorm(storm, 'told');
    else if (outcome?.kind === 'rejected') this.#noteRefused(storm, outcome);
    else if (settled < count) return this.#stop(settled, outcome);
    return { kind: 'delivered' };
  }

  /** No entry's failure: what the storm counts is counted all the same, and told with the next one and the digest. */
  #noteRefused(storm: Storm, { status }: Extract<Outcome, { kind: 'rejected' }>): void {
    this.#told.noteStorm(storm, 'refused');
    const { tenant } = this.#composer.context;
    const lane = `${this.#config.name}/messages`;
    const { count } = storm;
    // Not what the other side answered: it may quote the message.
    logEvent('warn', 'storm_message.refused', { tenant, lane, status: status ?? undefined, count });
  }

  /** Sends one message; the first `settled` entries are done with. Undefined: not sent now. */
  async #send(settled: number, compose: () => Message): Promise<Outcome | undefined> {
    const { send, timeoutMs, attemptId, nowMs, isCurrent, requestsMax } = this.#io;
    if (!isCurrent()) return undefined;
    const mayGoOn = nowMs() < this.#endsAtMs && this.#requests < requestsMax;
    if (settled > 0 && !mayGoOn) return undefined;
    const request = await this.#product.request(compose(), { nowMs: nowMs(), attemptId });
    // Signing takes a moment.
    if (!isCurrent()) return undefined;
    this.#requests++;
    return this.#product.outcome(await send({ ...request, timeoutMs }), nowMs());
  }

  /** What came before is done all the same. */
  #stop(settled: number, others: FailedOutcome | undefined): Outcome {
    this.#told.flush();
    if (settled > 0) return { kind: 'delivered', settled, ...(others && { others }) };
    return others ?? NOT_SENT;
  }

  #compose(group: MessageGroup): Message {
    const composer = this.#composer;
    const { kind, entries } = group;
    const nowMs = this.#io.nowMs();
    const [first] = entries;
    if (!first) throw new Error('Cannot compose a message as a group must have an entry: it has none');
    switch (kind) {
      case 'alert':
        return alertMessage(composer, entries, {
          more: this.#told.moreOf(group),
          isFollowUp: this.#told.isFollowUp(group),
          nowMs,
        });
      case 'notice':
        return noticeMessage(composer, first, factsIn(first.notice), nowMs);
      case 'digest': {
        const digest = factsIn(first.digest);
        return digestMessage(composer, first, digest, this.#told.untold[digest.period]);
      }
      case 'test':
        return testMessage(composer, first);
      default:
        return unreachable(kind);
    }
  }
}

function factsIn<Facts>(facts: Facts | undefined): Facts {
  if (!facts) throw new Error('Cannot compose a message as its entry must have facts: it has none');
  return facts;
}
