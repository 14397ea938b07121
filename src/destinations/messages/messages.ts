/**
 * The one channel of a destination that tells people: detections and events, notices and digests, a message for each matter.
 * A message is remembered as told the moment it is answered. Slack and Teams recognise no message that they have seen: one whose answer
 * was lost is sent again, and may be there twice. Never tells more in an hour than people read.
 */

import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import { type FailedOutcome, NOT_SENT, type Outcome } from '../../domain/outcome.ts';
import type { MessageDestinationConfig } from '../../domain/tenant-config.ts';
import { unreachable } from '../../lib/result.ts';
import type { Channel, ChannelContext, DeliveryIo } from '../destination.ts';
import { alertMessage, stormMessage } from './compose-alert.ts';
import { digestMessage } from './compose-digest.ts';
import { noticeMessage, testMessage } from './compose-notice.ts';
import { type Composer, composerOf } from './composer.ts';
import type { Message } from './message.ts';
import { type MessageGroup, groupsOf } from './message-groups.ts';
import type { MessageProduct } from './product.ts';
import { Told } from './told.ts';

const BATCH = { eventsMax: 100, lengthMax: 512 * 1024 } as const;
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
    this.#told = new Told(io.memory, config.messages, io.nowMs);
    this.#endsAtMs = io.nowMs() + TURN_MS;
  }

  async deliver(events: readonly CanonicalEvent[]): Promise<Outcome> {
    const groups = groupsOf(events);
    for (const group of groups) {
      const verdict = this.#told.judge(group);
      if (verdict === 'known') continue;
      if (verdict !== 'tell') {
        this.#told.count(group, verdict);
        continue;
      }
      const end = await this.#send(group.firstIndex, () => this.#compose(group));
      if (end) return end;
      this.#told.noteTold(group);
    }
    // Where it can't be told now, the last group comes again: it is known by then, and the storm is told.
    const end = await this.#tellStorm(groups.at(-1)?.firstIndex ?? 0);
    if (end) return end;
    this.#told.flush();
    return { kind: 'delivered' };
  }

  async #tellStorm(settled: number): Promise<Outcome | undefined> {
    const storm = this.#told.stormToTell;
    if (!storm) return undefined;
    const { per_hour_max: cap } = this.#config.messages;
    const end = await this.#send(settled, () => stormMessage(this.#composer, storm, cap, this.#io.nowMs()));
    if (!end) this.#told.noteStormTold();
    return end;
  }

  /** Sends one message. Returns how the turn ends, if it does; the first `settled` entries are done with. */
  async #send(settled: number, compose: () => Message): Promise<Outcome | undefined> {
    const { send, timeoutMs, attemptId, nowMs, isCurrent, requestsMax } = this.#io;
    if (!isCurrent()) return this.#stop(settled, undefined);
    const mayGoOn = nowMs() < this.#endsAtMs && this.#requests < requestsMax;
    if (settled > 0 && !mayGoOn) return this.#stop(settled, undefined);
    const request = await this.#product.request(compose(), { nowMs: nowMs(), attemptId });
    // Signing takes a moment.
    if (!isCurrent()) return this.#stop(settled, undefined);
    this.#requests++;
    const outcome = this.#product.outcome(await send({ ...request, timeoutMs }), nowMs());
    return outcome.kind === 'delivered' ? undefined : this.#stop(settled, outcome);
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
        return alertMessage(composer, entries, this.#told.moreOf(group), nowMs);
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
