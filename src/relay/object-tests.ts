/**
 * Tests of destinations as an object runs them: of its tenant's config, or of a candidate, which an object that was never configured tries,
 * too, and stays without a trace. What a test sends and finds is destination-tests.ts's.
 */

import type { ChannelMemory } from '../destinations/destination.ts';
import type { TestDestinationAnswer, TestDestinationRequest } from '../domain/destination-requests.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Settings } from '../settings.ts';
import { channelMemory } from './channel-memory.ts';
import { DestinationTests } from './destination-tests.ts';
import type { RelayIo } from './io.ts';
import type { Timeouts } from './lane-parts.ts';
import type { TenantObject } from './tenant-object.ts';

export interface ObjectTestsParts {
  readonly object: TenantObject;
  readonly io: RelayIo;
  readonly settings: () => Settings;
  readonly timeouts: () => Timeouts;
}

export class ObjectTests {
  readonly #parts: ObjectTestsParts;
  #tests: DestinationTests | undefined;

  constructor(parts: ObjectTestsParts) {
    this.#parts = parts;
  }

  async run(request: TestDestinationRequest): Promise<TestDestinationAnswer> {
    const { object } = this.#parts;
    if (request.v !== 1) return { kind: 'unavailable', reason: 'unknown_version' };
    if (object.isFaulty) return { kind: 'unavailable', reason: 'object_fault' };
    const away = object.moves.refusal;
    if (away) return { kind: 'unavailable', reason: away };
    const stored = object.configs.current?.config;
    const { destination, config = stored } = request;
    if (!config) return { kind: 'unknown_tenant' };
    const { connections, accounts } = object.relay ?? {};
    const others = stored?.destinations ?? [];
    const noteBegun = (): void => this.#noteBegun(request);
    const input = { config, destination, connections, accounts, stored: others, noteBegun };
    try {
      // What a lane of now remembers says nothing about a candidate.
      return await this.#ready.run(request.config ? input : { ...input, memoryOf: this.#memoryOfNow() });
    } catch (error) {
      logEvent('error', 'destination_test.failed', { tenant: config.id, ...causeFields(error) });
      return { kind: 'unavailable', reason: 'object_fault' };
    }
  }

  get #ready(): DestinationTests {
    const { io, settings, timeouts } = this.#parts;
    this.#tests ??= new DestinationTests({ settings: settings(), io, timeouts });
    return this.#tests;
  }

  /** Before anything is sent: a crash does not lose it, and no later tenant of this id gets it. */
  #noteBegun({ config, actor, destination }: TestDestinationRequest): void {
    const { object, io } = this.#parts;
    if (!config) object.relay?.audit.append('destination.tested', actor, { destination }, io.nowMs());
  }

  /** Nothing is read of it once the tenant is removed, or has moved away, while the test is under way. */
  #memoryOfNow(): (lane: string) => ChannelMemory {
    const { object, io } = this.#parts;
    const { db, relay } = object;
    const isOver = (): boolean => relay !== object.relay;
    return (lane) => channelMemory(db, lane, () => io.nowMs(), isOver);
  }
}
