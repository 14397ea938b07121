/**
 * What is done about one detection in one turn of the lane: its agent is asked to be isolated, or looked at since it was.
 * The agent's state is read before each request, and what protects it right before the request leaves. What the relay itself refuses is no
 * failure of HarfangLab.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { MAXIMUM_AGE_MS, isTooOld } from '../../domain/maximum-age.ts';
import { type FailedOutcome, NOT_SENT, type Outcome } from '../../domain/outcome.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { type Result, success } from '../../lib/result.ts';
import type { ApiFailure } from '../api-account.ts';
import type { DeliveryIo } from '../destination.ts';
import { AuditedAction } from '../isolation/audited-action.ts';
import { IsolationLog } from '../isolation/isolation-log.ts';
import { CONTAIN_DEFAULT, protectionOf } from '../isolation/protection.ts';
import { hourIsFull, liftedSince, notIsolated } from '../isolation/refusals.ts';
import { type AgentRefusal, type MeantAgent, agentOfDetection, oneAgent } from './agent-of-detection.ts';
import { type Agent, productOf } from './agents.ts';
import type { HarfangLabAnswer, HarfangLabApi, HarfangLabCall } from './api.ts';
import { type RefusedOrder, orderAnswer, orderCall, orderRefused } from './containment-call.ts';
import { type Order, Orders, aboutOf, isLost, newOrder, takenOrder } from './containment-orders.ts';

const DELIVERED: Outcome = { kind: 'delivered' };
/** The last look comes no sooner, when its time is there already. */
const WAIT_MS_MIN = 1_000;
const NOT_ISOLATED = 'not isolated';
const TOO_OLD =
  'it was detected over an hour ago, and whether HarfangLab took an order in that time is not known';
const ORDER_OF_OTHER =
  'another detection asked HarfangLab to isolate the host, and whether the order was taken is not known yet';

type Action = AuditedAction<HarfangLabCall, HarfangLabAnswer>;

export interface IsolationParts {
  readonly config: HarfangLabConfig;
  readonly io: DeliveryIo;
  readonly api: HarfangLabApi;
}

export class Isolation {
  readonly #event: CanonicalEvent;
  readonly #parts: IsolationParts;
  readonly #log: IsolationLog;
  readonly #orders: Orders;

  constructor(event: CanonicalEvent, parts: IsolationParts) {
    this.#event = event;
    this.#parts = parts;
    this.#log = new IsolationLog(parts.io);
    this.#orders = new Orders(parts.io);
  }

  async outcome(): Promise<Outcome> {
    const order = this.#orders.of(this.#event.id);
    const theirs = order ? undefined : this.#orders.watched(this.#event.id, undefined, this.#about);
    // The order stands: nothing is to be found out.
    if (theirs) return this.#leftTo(theirs);
    const found = await this.#find(order);
    if (!found.ok) return this.#notFound(found.error, order);
    const { agent } = found.value;
    const action = this.#action({ deviceId: agent.id });
    const lifted = this.#lifted(agent);
    if (lifted !== undefined) {
      if (order) action.note('lifted');
      this.#orders.delete(this.#event.id);
      return notIsolated(lifted);
    }
    if (agent.isIsolated === true) return this.#isolated(action);
    if (order && !isLost(order, this.#nowMs)) return this.#watch(order, agent, action);
    const others = this.#orders.watched(this.#event.id, agent.id, this.#about);
    if (others) return this.#leftTo(others);
    const refusal = this.#refusal(found.value);
    return refusal ?? this.#ask(agent, action, order);
  }

  get #nowMs(): number {
    return this.#parts.io.nowMs();
  }

  get #about(): string {
    return aboutOf(this.#event, this.#parts.io.records.mappedHost(this.#event));
  }

  #action(facts: ConstructorParameters<typeof AuditedAction>[3]): Action {
    return new AuditedAction(this.#parts, 'host.isolated', this.#event, facts);
  }

  async #find(order: Order | undefined): Promise<Result<MeantAgent, AgentRefusal>> {
    const { api, io, config } = this.#parts;
    const { records } = io;
    if (!order) return agentOfDetection(this.#event, { api, records, privacy: config.privacy });
    const agent = await oneAgent(api, { deviceId: order.agentId });
    if (!agent.ok) return agent;
    return success({
      agent: agent.value,
      told: this.#event.device?.hostname ?? records.mappedHost(this.#event),
    });
  }

  #notFound(error: AgentRefusal, order: Order | undefined): Outcome {
    if (error.kind === 'failed') return error.failure.outcome;
    if (error.kind === 'no_device') {
      if (!this.#parts.io.isCurrent()) return NOT_SENT;
      this.#action({}).note('skipped: no_device');
      return { kind: 'rejected', status: null, excerpt: `skipped: no_device: ${error.detail}` };
    }
    if (order) this.#action({ deviceId: order.agentId }).note('failed');
    this.#orders.delete(this.#event.id);
    return notIsolated(error.detail);
  }

  /** An operator has decided about the host since. */
  #lifted({ id }: Pick<Agent, 'id'>): string | undefined {
    return liftedSince(this.#log, id, this.#event);
  }

  /** The audit has it only where this detection asked for it, and not where somebody else has done it. */
  #isolated(action: Action): Outcome {
    if (this.#log.has(this.#event.id)) action.note('isolated');
    this.#orders.delete(this.#event.id);
    return DELIVERED;
  }

  /**
   * One order for a host: another detection asked for it, and watches what comes of it. This one asks for nothing, and needs not wait
   * once HarfangLab has taken the order; until then it is judged anew at each look.
   */
  #leftTo({ agentId, state, lookMs }: Order): Outcome {
    const lifted = this.#lifted({ id: agentId });
    if (lifted !== undefined) return notIsolated(lifted);
    if (state !== 'taken') return pending(ORDER_OF_OTHER, lookMs);
    if (!this.#parts.io.isCurrent()) return NOT_SENT;
    this.#action({ deviceId: agentId }).note('covered');
    this.#orders.delete(this.#event.id);
    return DELIVERED;
  }

  /** The agent is not isolated yet. */
  #watch(order: Order, { status }: Agent, action: Action): Outcome {
    const leftMs = order.untilMs - this.#nowMs;
    const isOnline = status === 'online';
    if (leftMs > 0) {
      const state = isOnline ? 'it is online' : 'it is not online';
      const detail = `HarfangLab isolates the agent when it connects the next time: ${state}`;
      return pending(detail, Math.min(order.lookMs, leftMs));
    }
    action.note('timed_out');
    if (order.state === 'unconfirmed') this.#orders.put(this.#event.id, { ...order, state: 'given_up' });
    const minutes = Math.round((this.#nowMs - order.askedAtMs) / 60_000);
    return notIsolated(`the agent is not isolated after ${minutes} minutes: ${whatIsLeft(order, isOnline)}`);
  }

  #refusal({ agent, told }: MeantAgent): FailedOutcome | undefined {
    const contain = this.#parts.config.contain ?? CONTAIN_DEFAULT;
    // What waits aside may be older than what its lane begins with.
    if (isTooOld(this.#event, MAXIMUM_AGE_MS.contain, this.#nowMs)) return notIsolated(TOO_OLD);
    if (agent.isIsolated === undefined)
      return notIsolated('HarfangLab does not tell whether the agent is isolated');
    const host = { deviceId: agent.id, hostname: agent.hostname, ...productOf(agent) };
    const against = protectionOf('HarfangLab', host, told, contain);
    if (against !== undefined) return notIsolated(against);
    return hourIsFull({ ...this.#parts.io, log: this.#log }, this.#event.id, contain);
  }

  async #ask(agent: Agent, action: Action, earlier: Order | undefined): Promise<Outcome> {
    const { id, occurredAt } = this.#event;
    const call = {
      ...orderCall(agent.id, 'isolate'),
      onSend: () => {
        this.#log.take(id);
        this.#orders.put(id, newOrder(agent, { about: this.#about, occurredAt }, this.#nowMs, earlier));
      },
    };
    // An operator may have let the host back while this waited for its turn.
    const answer = await action.ask(call, () => this.#refusalOfNow(agent));
    return this.#outcomeOf(answer, agent, action, earlier);
  }

  #refusalOfNow(agent: Agent): FailedOutcome | undefined {
    const lifted = this.#lifted(agent);
    return lifted === undefined ? undefined : notIsolated(lifted);
  }

  async #outcomeOf(
    answer: Result<HarfangLabAnswer, ApiFailure>,
    agent: Agent,
    action: Action,
    earlier: Order | undefined,
  ): Promise<Outcome> {
    if (!answer.ok) {
      if (!answer.error.mayBeDone) this.#notDone(action, earlier);
      return answer.error.outcome;
    }
    const said = orderAnswer(answer.value, agent.id);
    const order = this.#orders.of(this.#event.id);
    // That it is there already is what a lost answer had said.
    const isAskedBefore =
      earlier !== undefined || this.#orders.ofOthers(this.#event.id, agent.id, '').length > 0;
    const isTaken = said === 'requested' || (said === 'unrequested' && isAskedBefore);
    if (order && (isTaken || said === 'not_told')) {
      const next = isTaken ? takenOrder(order, agent, this.#nowMs) : order;
      this.#orders.put(this.#event.id, next);
      return this.#watch(next, agent, action);
    }
    if (said === 'requested' || said === 'not_told')
      throw new Error('Cannot watch an order as it must be noted before it is sent: it was not');
    return this.#refused(said, agent, action, earlier);
  }

  /** In the words of HarfangLab; one that it did not take may be no more needed. */
  async #refused(
    said: RefusedOrder,
    agent: Agent,
    action: Action,
    earlier: Order | undefined,
  ): Promise<Outcome> {
    this.#notDone(action, earlier);
    this.#orders.delete(this.#event.id);
    if (said === 'unrequested') {
      const found = await oneAgent(this.#parts.api, { deviceId: agent.id });
      if (found.ok && found.value.isIsolated === true) return DELIVERED;
    }
    return orderRefused(NOT_ISOLATED, said, agent);
  }

  /** This attempt was not done, for sure; an earlier one may have been. */
  #notDone(action: Action, earlier: Order | undefined): void {
    const { id } = this.#event;
    if (earlier) this.#orders.put(id, earlier);
    else {
      this.#log.giveBack(id);
      this.#orders.delete(id);
    }
    action.settle('failed');
  }
}

function pending(detail: string, waitMs: number): FailedOutcome {
  const retryAfterMs = Math.max(WAIT_MS_MIN, waitMs);
  return { kind: 'retry', reason: 'pending', isAside: true, retryAfterMs, detail };
}

/** Of an order that is not watched any more. */
function whatIsLeft({ state }: Order, isOnline: boolean): string {
  if (state !== 'taken')
    return 'no answer to the order was seen, so that HarfangLab may have it and isolate the agent yet';
  return isOnline
    ? 'it is online, but has not carried the order out, which HarfangLab still holds'
    : 'it is not online; HarfangLab still holds the order, and isolates the agent when it is online again';
}
