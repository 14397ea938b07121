/**
 * The isolations that were asked for and are watched: HarfangLab carries one out when the agent connects the next time.
 * Kept in the lane's memory under hashed detections, with the agent's id and times; it names no host and no person in clear.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import { sha256Hex } from '../../lib/hmac.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import type { DeliveryIo } from '../destination.ts';
import { hashOf } from '../entry-group.ts';
import { IsolationLog } from '../isolation/isolation-log.ts';
import type { Agent } from './agents.ts';

const MINUTE_MS = 60_000;
/** HarfangLab's default. Source: FORTI, read 2026-11. */
const SLEEP_MS = MINUTE_MS;
const [LOOK_MS_MIN, LOOK_MS_MAX] = [15_000, 5 * MINUTE_MS];
/** As long as FORTI's connector waits: six times the time that an agent sleeps; never less than the first, never more than the second. */
const SLEEPS = 6;
const [WATCHED_MS_MIN, WATCHED_MS_MAX] = [6 * MINUTE_MS, 30 * MINUTE_MS];
/** The last look comes so long before the detection is too old for its lane, which would record nothing of the isolation. */
const BEFORE_EXPIRY_MS = MINUTE_MS;
/** HarfangLab holds an order for an agent that is away: an operator may take it back within a day. */
const KEPT_MS = 24 * 60 * MINUTE_MS;
/** An answer that was never seen: after so many looks the request is taken for lost, and made again. */
const LOOKS_BEFORE_AGAIN = 2;
/** Other detections of the host leave it to such a request for so many looks: its detection may be followed by nobody any more. */
const LOOKS_LEFT_TO = 5;

const PREFIX = 'order:';

const ORDER_STATES = ['unconfirmed', 'taken', 'given_up'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

export interface Order {
  readonly agentId: string;
  /** Of the first request. */
  readonly askedAtMs: number;
  /** Of the last one. */
  readonly lastAskedAtMs: number;
  /** Between two looks at the agent. */
  readonly lookMs: number;
  /** Since then it is not watched any more. */
  readonly untilMs: number;
  /** HarfangLab said that it took it. `given_up`: it never did, and a dead letter says so; who redrives that has it asked for again. */
  readonly state: OrderState;
  /** A hash of the device that the detection names; empty: it names none. */
  readonly about: string;
}

/** What an order is for. */
export interface OrderReason {
  readonly about: string;
  /** When what was detected happened. */
  readonly occurredAt: string;
}

/** The order that is asked for now. Until HarfangLab takes it, it may be asked for as long as the detection's age allows. */
export function newOrder(
  { id, sleepMs = SLEEP_MS }: Agent,
  { about, occurredAt }: OrderReason,
  nowMs: number,
  earlier?: Order,
): Order {
  return {
    agentId: id,
    askedAtMs: earlier?.askedAtMs ?? nowMs,
    lastAskedAtMs: nowMs,
    lookMs: within(sleepMs, LOOK_MS_MIN, LOOK_MS_MAX),
    untilMs: lastLookMs(occurredAt),
    state: 'unconfirmed',
    about,
  };
}

/** HarfangLab says now that it has it: from here on the agent has its time. */
export function takenOrder(order: Order, { sleepMs = SLEEP_MS }: Agent, nowMs: number): Order {
  const watchedMs = within(SLEEPS * sleepMs, WATCHED_MS_MIN, WATCHED_MS_MAX);
  return { ...order, state: 'taken', untilMs: Math.min(nowMs + watchedMs, order.untilMs) };
}

/** Whether it is to be asked for again: its answer was never seen, and the agent has had its time since; or it was given up, and is redriven. */
export function isLost({ state, lastAskedAtMs, lookMs, untilMs }: Order, nowMs: number): boolean {
  if (state !== 'unconfirmed') return state === 'given_up';
  return nowMs >= lastAskedAtMs + LOOKS_BEFORE_AGAIN * lookMs && nowMs < untilMs;
}

/** The device that a detection names, or that the tenant's map has for its user, as a hash; empty: none. */
export function aboutOf({ device }: Pick<CanonicalEvent, 'device'>, mappedHost: string | undefined): string {
  const { id, hostname = mappedHost } = device ?? {};
  const names = [id ?? '', hostname ?? ''];
  return names.every((name) => name === '') ? '' : hashOf(names.map((name) => name.toLowerCase()));
}

function lastLookMs(occurredAt: string): number {
  return Date.parse(occurredAt) + MAXIMUM_AGE_MS.contain - BEFORE_EXPIRY_MS;
}

function within(ms: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, ms));
}

export class Orders {
  readonly #io: Pick<DeliveryIo, 'memory' | 'nowMs'>;
  readonly #log: IsolationLog;

  constructor(io: Pick<DeliveryIo, 'memory' | 'nowMs'>) {
    this.#io = io;
    this.#log = new IsolationLog(io);
  }

  of(detectionId: string): Order | undefined {
    return orderIn(this.#io.memory.get(keyOf(detectionId)));
  }

  /** Those for an agent, whichever detection asked. */
  for(agentId: string): Order[] {
    return this.#all().filter((order) => order.agentId === agentId);
  }

  /** Those of other detections, for an agent or about a device, that no operator has taken back since. */
  ofOthers(detectionId: string, agentId: string | undefined, about: string): Order[] {
    return this.#all(keyOf(detectionId)).filter(
      (order) =>
        (order.agentId === agentId || (about !== '' && order.about === about)) &&
        !this.#log.isLiftedSince(order.agentId, order.lastAskedAtMs),
    );
  }

  /** One of them that is watched yet, or that HarfangLab may be about to take. */
  watched(detectionId: string, agentId: string | undefined, about: string): Order | undefined {
    const nowMs = this.#io.nowMs();
    const open = this.ofOthers(detectionId, agentId, about).filter(({ untilMs }) => nowMs < untilMs);
    return (
      open.find(({ state }) => state === 'taken') ??
      open.find(({ lastAskedAtMs, lookMs }) => nowMs < lastAskedAtMs + LOOKS_LEFT_TO * lookMs)
    );
  }

  #all(exceptKey?: string): Order[] {
    return this.#io.memory
      .entries(PREFIX)
      .filter(([key]) => key !== exceptKey)
      .map(([, value]) => orderIn(value))
      .filter((order) => order !== undefined);
  }

  put(detectionId: string, order: Order): void {
    this.#io.memory.put(keyOf(detectionId), JSON.stringify(order), order.askedAtMs + KEPT_MS);
  }

  delete(detectionId: string): void {
    this.#io.memory.delete(keyOf(detectionId));
  }
}

function keyOf(detectionId: string): string {
  return `${PREFIX}${sha256Hex(detectionId)}`;
}

/** What an earlier version of the relay may have written otherwise is no order. */
function orderIn(value: string | undefined): Order | undefined {
  const order = value === undefined ? undefined : jsonIn(value);
  if (!isRecord(order)) return undefined;
  const { agentId, askedAtMs, lastAskedAtMs, lookMs, untilMs, about } = order;
  const state = ORDER_STATES.find((one) => one === order['state']);
  const isWhole =
    typeof agentId === 'string' &&
    typeof askedAtMs === 'number' &&
    typeof lastAskedAtMs === 'number' &&
    typeof lookMs === 'number' &&
    typeof untilMs === 'number' &&
    state !== undefined &&
    typeof about === 'string';
  return isWhole ? { agentId, askedAtMs, lastAskedAtMs, lookMs, untilMs, state, about } : undefined;
}
