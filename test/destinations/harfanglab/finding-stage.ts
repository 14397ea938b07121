/**
 * The channels of a HarfangLab destination in front of a simulated manager, over real HTTP. The lane's memory and the tenant's records
 * are plain fakes; the clock is the simulator's. It asserts nothing.
 */

import type { Channel, Checked, DeliveryIo, EntryRecords } from '../../../src/destinations/destination.ts';
import { harfangLabChannel } from '../../../src/destinations/harfanglab/channels.ts';
import { checkConnection } from '../../../src/destinations/harfanglab/connection.ts';
import { NO_RECORDS } from '../../../src/destinations/no-records.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { harfangLabSchema } from '../../../src/domain/harfanglab-config.ts';
import type { Language } from '../../../src/domain/language.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { HarfangLabConfig } from '../../../src/domain/tenant-config.ts';
import { guardedHttp } from '../../../src/lib/http.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import type { ActiveFault, Fault } from '../../simulators/faults.ts';
import { HarfangLabCaller } from '../../simulators/harfanglab-caller.ts';
import type { HarfangLabOptions, HarfangLabSimulator } from '../../simulators/harfanglab.ts';
import { blockedEvent } from '../blocked-event.ts';
import { type MemoryForTest, PLAIN_CONTEXT, laneForTest, memoryForTest } from '../ports.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const DELIVERED: Outcome = { kind: 'delivered' };

export type StagedKind = 'events' | 'incidents' | 'alerts' | 'comments';

export interface StageOptions {
  readonly manager?: Partial<HarfangLabOptions>;
  readonly config?: Record<string, unknown>;
  readonly language?: Language;
  readonly publicUrl?: string;
}

export class Stage {
  readonly caller: HarfangLabCaller;
  /** Of each lane. */
  readonly #memories = new Map<StagedKind, MemoryForTest>();
  records: EntryRecords = NO_RECORDS;
  isCurrent = true;
  /** What the relay's platform does with a request. */
  fetch: typeof fetch = fetch;
  readonly #options: StageOptions;
  #config: HarfangLabConfig;

  private constructor(caller: HarfangLabCaller, options: StageOptions) {
    this.caller = caller;
    this.#options = options;
    this.#config = this.#configWith({});
  }

  static async start(options: StageOptions = {}): Promise<Stage> {
    return new Stage(await HarfangLabCaller.start(options.manager), options);
  }

  async stop(): Promise<void> {
    await this.manager.stop();
  }

  get manager(): HarfangLabSimulator {
    return this.caller.simulator;
  }

  /** An operator changes the destination. */
  configure(changes: Record<string, unknown>): void {
    this.#config = this.#configWith(changes);
  }

  #configWith(changes: Record<string, unknown>): HarfangLabConfig {
    return harfangLabSchema.parse({
      name: 'edr',
      type: 'harfanglab',
      base_url: this.manager.url,
      token: 'hl-test-token',
      mode: 'both',
      ...this.#options.config,
      ...changes,
    });
  }

  /** As the lane does after a restart of the object: nothing but the memory is kept. */
  channel(kind: StagedKind): Channel {
    const channel = harfangLabChannel(this.#config, kind, {
      ...PLAIN_CONTEXT,
      publicUrl: this.#options.publicUrl,
      language: this.#options.language ?? 'en',
    });
    if (!channel) throw new Error(`Cannot open the channel ${kind} as there is none`);
    return channel;
  }

  async deliver(kind: StagedKind, event: CanonicalEvent): Promise<Outcome> {
    return this.channel(kind).deliver([event], this.#io(kind));
  }

  async check(kind: StagedKind): Promise<Checked> {
    const checked = await this.channel(kind).check?.(this.#io(kind));
    if (!checked) throw new Error('Cannot check the channel as it has no check');
    return checked;
  }

  async checkConnection(): Promise<Checked> {
    return checkConnection(this.#config, this.#io('events'));
  }

  #io(kind: StagedKind): DeliveryIo {
    return laneForTest({
      send: guardedHttp({ fetch: this.fetch, allows: () => true, connections: new Semaphore(5) }),
      timeoutMs: 250,
      nowMs: () => this.caller.nowMs,
      memory: this.#memoryOf(kind),
      records: this.records,
      isCurrent: () => this.isCurrent,
    });
  }

  /** Everything that is remembered, for a look whether somebody is named. */
  get remembered(): string {
    return JSON.stringify([...this.#memories.values()].flatMap(({ values }) => [...values]));
  }

  #memoryOf(kind: StagedKind): MemoryForTest {
    const memory = this.#memories.get(kind) ?? memoryForTest(() => this.caller.nowMs);
    this.#memories.set(kind, memory);
    return memory;
  }

  fail(path: string, fault: Fault): ActiveFault {
    return this.manager.fail({ ...fault, match: (request) => request.path === path });
  }

  passes(ms: number): void {
    this.caller.nowMs += ms;
  }

  get now(): string {
    return new Date(this.caller.nowMs).toISOString();
  }

  event(id: string, changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
    return blockedEvent(this.now, { id, ...changes });
  }

  detection(id: string, changes: Partial<Detection> = {}): CanonicalEvent {
    const detection = detectionForTest({ id, firstAt: this.now, lastAt: this.now, ...changes });
    return detectionEvent(detection, { tenant: 'acme', receivedAt: this.now });
  }
}
