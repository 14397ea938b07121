/**
 * A tenant's real object with two destinations, and the model that it is held to. What an operator does is done to both in one turn
 * of the object: no request falls between them.
 */

import { env } from 'cloudflare:workers';
import { evictDurableObject } from 'cloudflare:test';

import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { LaneStart, RedriveRequest } from '../../../src/domain/rpc.ts';
import { EDR, HEC, Tenant, readConfig, sealedConfig } from '../tenant.ts';
import { type Behaviour, ModelDestination } from './destination.ts';
import { faultsOfEnd, faultsOfLane, faultsOfLog } from './invariants.ts';
import { LaneModel, type LaneSettings } from './lane-model.ts';
import { LogModel } from './log-model.ts';
import { type Snapshot, isLeavingStill, readSnapshot, waitingLetters } from './snapshot.ts';
import { ModelTime } from './time.ts';

export const DESTINATIONS = ['edr', 'falcon'] as const;
export type DestinationName = (typeof DESTINATIONS)[number];

const TIMEOUTS = { requestMs: 40, probeAfterTimeoutMs: 15 };
/** How much of the test's time may pass until everything has come to its end: a lane's longest pause, then ten minutes between retries. */
const SETTLE_MS_MAX = 3_600_000;

export class World {
  readonly tenant: Tenant;
  readonly log = new LogModel();
  readonly violations: string[] = [];
  readonly lanes: Readonly<Record<DestinationName, LaneModel>>;
  readonly destinations: Readonly<Record<DestinationName, ModelDestination>>;
  readonly time: ModelTime;
  #crashes = 0;
  #chance = 1;
  #before: Snapshot | undefined;
  readonly #requestsPerSlice: number;

  private constructor(tenant: Tenant, requestsPerSlice: number) {
    this.tenant = tenant;
    this.#requestsPerSlice = requestsPerSlice;
    this.lanes = {
      edr: new LaneModel('edr/events', false, this.log, this.violations),
      falcon: new LaneModel('falcon/events', true, this.log, this.violations),
    };
    this.time = new ModelTime(tenant, Object.values(this.lanes));
    this.destinations = {
      edr: new ModelDestination(this.lanes.edr, this.time),
      falcon: new ModelDestination(this.lanes.falcon, this.time),
    };
  }

  static async create(inFlight: number, requestsPerSlice: number): Promise<World> {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [];
    });
    const world = new World(tenant, requestsPerSlice);
    await world.takeOver();
    await world.configure('edr', { isEnabled: true, token: 'token-0', inFlight, types: null });
    await world.configure('falcon', { isEnabled: true, token: 'token-0', inFlight: 1, types: null });
    return world;
  }

  get head(): number {
    return this.log.head;
  }

  /** Puts clock, chance, network and queue of the test into an object that has just started. */
  async takeOver(): Promise<void> {
    const { tenant } = this;
    await tenant.inside(async (relay, state) => {
      relay.io.nowMs = () => tenant.nowMs;
      relay.io.random = () => this.#random();
      relay.io.fetch = this.#fetch;
      relay.io.sleep = async (ms) => {
        await scheduler.wait(ms > 0 ? 1 : 0);
        this.time.advance(ms);
      };
      relay.timeouts = TIMEOUTS;
      const queue = { send: async () => undefined };
      Object.assign(relay, {
        env: { ...env, WAKEUPS: queue, RELAY_REQUESTS_PER_SLICE: String(this.#requestsPerSlice) },
      });
      relay.load();
      // The constructor armed it by the platform's clock.
      await state.storage.setAlarm(tenant.nowMs + 5_000);
    });
  }

  /** One webhook, sent `times` at once. */
  async accept(events: readonly CanonicalEvent[], times = 1): Promise<void> {
    const before = this.head;
    this.#append(events);
    const answers = await Promise.all(
      Array.from({ length: times }, async () => this.tenant.accept(...events)),
    );
    const accepted = answers.map((answer) => (answer.kind === 'accepted' ? answer.accepted : NaN));
    const fresh = this.head - before;
    if (accepted.reduce((sum, count) => sum + count, 0) !== fresh)
      this.violations.push(`accepts ${accepted.join(' + ')} of ${fresh} new events`);
  }

  /** A webhook whose answer a crash swallows: its sender sends it again. */
  async acceptInCrash(events: readonly CanonicalEvent[]): Promise<void> {
    this.#append(events);
    const unseen = this.tenant.accept(...events).catch(() => undefined);
    await this.crash();
    await unseen;
    const answer = await this.tenant.accept(...events);
    if (answer.kind !== 'accepted') this.violations.push(`answers ${answer.kind} after a crash`);
  }

  #append(events: readonly CanonicalEvent[]): void {
    for (const event of events) {
      const entry = this.log.append(event);
      if (entry) for (const lane of Object.values(this.lanes)) lane.append(entry);
    }
  }

  /** Saves a config in which the destination stands so; null: not at all. */
  async configure(
    name: DestinationName,
    settings: LaneSettings | null,
    addedFrom: LaneStart = 'now',
  ): Promise<void> {
    const { tenant, lanes } = this;
    const expectedVersion = (await readConfig(tenant.stub))?.version ?? null;
    const config = await sealedConfig(tenant.id, (document) => {
      document['destinations'] = DESTINATIONS.flatMap((other) => {
        const wanted = other === name ? settings : lanes[other].settings;
        return wanted ? [destinationOf(other, wanted)] : [];
      });
    });
    const kind = await tenant.inside(async (relay, state) => {
      const isLeaving = isLeavingStill(state, lanes[name].name);
      const saving = relay.configure({ v: 1, config, expectedVersion, addedFrom });
      if (settings) lanes[name].configure(settings, addedFrom, isLeaving);
      else lanes[name].remove();
      return (await saving).kind;
    });
    if (kind !== 'saved') this.violations.push(`answers ${kind} to a config`);
  }

  async pause(name: DestinationName): Promise<void> {
    const { settings } = this.lanes[name];
    const kind = await this.tenant.inside(async (relay) => {
      const pausing = relay.pause({ v: 1, destination: name });
      if (settings) this.lanes[name].configure({ ...settings, isEnabled: false }, 'now', false);
      return (await pausing).kind;
    });
    if (kind !== (settings ? 'saved' : 'unknown_destination'))
      this.violations.push(`answers ${kind} to a pause`);
  }

  async resume(name: DestinationName, from: LaneStart): Promise<void> {
    const lane = this.lanes[name];
    const { settings } = lane;
    const answer = await this.tenant.inside(async (relay) => {
      const resuming = relay.resume({ v: 1, destination: name, from });
      if (settings) lane.configure({ ...settings, isEnabled: true }, 'now', false);
      if (settings && from === 'now') lane.giveUp();
      return resuming;
    });
    if (answer.kind !== (settings ? 'saved' : 'unknown_destination'))
      this.violations.push(`answers ${answer.kind} to a resume`);
    if (answer.kind === 'saved') lane.discarded += answer.discarded;
  }

  async redrive(select: RedriveRequest['select']): Promise<void> {
    const faults = await this.tenant.inside(async (relay, state) => {
      const waiting = waitingLetters(state.storage.sql).filter(
        ({ id, reason, lane, at }) =>
          (select.id ?? id) === id &&
          (select.reason ?? reason) === reason &&
          (select.lane ?? lane) === lane &&
          at >= (select.sinceMs ?? 0),
      );
      const sendable = waiting.filter((letter) => this.#laneOf(letter.lane)?.settings);
      const redriving = relay.redrive({ v: 1, select });
      for (const { lane, seq } of sendable) this.#laneOf(lane)?.redriven(seq);
      const answer = await redriving;
      if (answer.kind === 'not_found') return waiting.length > 0 ? ['does not find a dead letter'] : [];
      const expected = { kind: 'redriven', count: sendable.length, left: waiting.length - sendable.length };
      return JSON.stringify(answer) === JSON.stringify(expected)
        ? []
        : [`answers ${JSON.stringify(answer)} to a redrive, not ${JSON.stringify(expected)}`];
    });
    this.violations.push(...faults);
  }

  #laneOf(name: string): LaneModel | undefined {
    return Object.values(this.lanes).find((lane) => lane.name === name);
  }

  async drain(lane: string, times: number): Promise<void> {
    await Promise.all(Array.from({ length: times }, async () => this.tenant.stub.drain({ v: 1, lane })));
  }

  behave(name: DestinationName, behaviour: Behaviour, isSlow: boolean): void {
    Object.assign(this.destinations[name], { behaviour, isSlow });
  }

  async crash(): Promise<void> {
    const { tenant } = this;
    const number = ++this.#crashes;
    await tenant
      .inside((_relay, state) => {
        for (const lane of Object.values(this.lanes)) lane.crash(number);
        state.abort('crash');
      })
      .catch(() => undefined);
    await this.takeOver();
  }

  /** As the platform does: an object that is at work is not evicted. */
  async evict(): Promise<void> {
    await this.quiet();
    await evictDurableObject(this.tenant.stub);
    await this.takeOver();
  }

  async quiet(): Promise<void> {
    return this.time.quiet();
  }

  /** Destinations take everything again, those of the config are enabled, and time passes until nothing is left to do. */
  async settle(): Promise<void> {
    for (const name of DESTINATIONS) {
      this.behave(name, 'ok', false);
      if (this.lanes[name].settings) await this.resume(name, 'backlog');
    }
    await this.quiet();
    const endsAtMs = this.time.nowMs + SETTLE_MS_MAX;
    while (!(await this.#isSettled())) {
      if (await this.time.passToAlarm(endsAtMs)) continue;
      const { views, followUps } = await this.#snapshot();
      const alarmAtMs = await this.tenant.alarmAtMs();
      throw new Error(`Let time pass in vain: ${JSON.stringify({ alarmAtMs, views, followUps })}`);
    }
    await this.quiet();
    await this.check();
    const snapshot = await this.#snapshot();
    for (const lane of Object.values(this.lanes)) this.violations.push(...faultsOfEnd(lane, snapshot));
    await this.#stir();
  }

  /** Nothing makes a settled tenant send anything. */
  async #stir(): Promise<void> {
    const requests = this.time.requests;
    await this.drain('*', 2);
    await this.tenant.alarm();
    await this.evict();
    await this.drain('*', 2);
    await this.tenant.alarm();
    await this.quiet();
    if (this.time.requests !== requests) this.violations.push('sends although everything is settled');
    await this.check();
  }

  async #isSettled(): Promise<boolean> {
    return this.tenant.inside(async (relay, state) => {
      const views = await relay.lanes();
      return views.every(
        ({ lane, undelivered, parked }) => undelivered + parked === 0 && !isLeavingStill(state, lane),
      );
    });
  }

  /** Holds the object to the model. */
  async check(): Promise<void> {
    const snapshot = await this.#snapshot();
    this.violations.push(
      ...faultsOfLog(snapshot, this.log),
      ...Object.values(this.lanes).flatMap((lane) => faultsOfLane(lane, snapshot, this.#before)),
    );
    this.#before = snapshot;
    if (this.violations.length > 0) throw new Error(`Violated:\n  ${this.violations.join('\n  ')}`);
  }

  async #snapshot(): Promise<Snapshot> {
    return this.tenant.inside(readSnapshot);
  }

  readonly #fetch: typeof fetch = async (input, init) => {
    const { url } = new Request(input);
    const name = new URL(url).host === new URL(EDR).host ? 'edr' : 'falcon';
    const body = typeof init?.body === 'string' ? init.body : '';
    return this.destinations[name].answer(body, new Headers(init?.headers as HeadersInit), init?.signal);
  };

  /** The same in every run: a small linear congruential generator. */
  #random(): number {
    this.#chance = (this.#chance * 48_271) % 2_147_483_647;
    return this.#chance / 2_147_483_647;
  }
}

function destinationOf(name: DestinationName, settings: LaneSettings): Record<string, unknown> {
  const { isEnabled: enabled, token, inFlight, types } = settings;
  const common = { name, enabled, ...(types && { events: types }) };
  return name === 'edr'
    ? { ...common, type: 'harfanglab', base_url: EDR, token, in_flight: inFlight }
    : { ...common, type: 'falcon', region: 'eu-1', hec: { url: HEC, token } };
}
