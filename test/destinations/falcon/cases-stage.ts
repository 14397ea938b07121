/**
 * The cases channel in front of a simulated Falcon, over real HTTP. The lane's memory and the account are plain fakes; the clock is the
 * simulator's. It asserts nothing.
 */

import { falconCases } from '../../../src/destinations/falcon/cases.ts';
import type { ApiAccounts } from '../../../src/destinations/api-account.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../../../src/destinations/destination.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../../src/domain/event.ts';
import { falconSchema } from '../../../src/domain/falcon-config.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { FalconConfig } from '../../../src/domain/tenant-config.ts';
import { NO_RECORDS } from '../../../src/destinations/no-records.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { DETECTION_JUDGED_TYPE } from '../../../src/domain/verdict.ts';
import { success } from '../../../src/lib/result.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';
import { FalconCaller } from '../../simulators/falcon-caller.ts';
import type { FalconCase } from '../../simulators/falcon-cases.ts';
import type { FalconOptions } from '../../simulators/falcon.ts';
import type { ActiveFault, Fault } from '../../simulators/faults.ts';
import { blockedEvent } from '../blocked-event.ts';
import { PLAIN_CONTEXT, laneForTest, memoryForTest } from '../ports.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const CASES = '/cases/entities/cases/v2';
export const SEARCH = '/cases/queries/cases/v1';
export const DELIVERED: Outcome = { kind: 'delivered' };

export interface StageOptions {
  readonly falcon?: Partial<FalconOptions>;
  readonly cases?: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
  readonly publicUrl?: string;
}

export class Stage {
  readonly falcon: FalconCaller;
  readonly memory = memoryForTest(() => this.falcon.nowMs);
  readonly #config: FalconConfig;
  readonly #context: ChannelContext;
  readonly #accounts = new FakeAccounts({
    nowMs: () => this.falcon.nowMs,
    onTurn: () => this.onTurn(),
  });
  /** What happens while a request waits for its turn. */
  onTurn: () => void = () => undefined;
  /** Changed by tests of the turn's limits. */
  requestsMax = 500;
  records = NO_RECORDS;
  isCurrent = true;

  private constructor(falcon: FalconCaller, options: StageOptions) {
    this.falcon = falcon;
    this.#config = falconSchema.parse({
      name: 'falcon',
      type: 'falcon',
      region: 'eu-1',
      client_id: 'client-1',
      client_secret: 's+e&c=ret',
      base_url: falcon.simulator.url,
      cases: { events_at_or_above: 'informational', ...options.cases },
      ...options.config,
    });
    this.#context = { ...PLAIN_CONTEXT, publicUrl: options.publicUrl };
  }

  static async start(options: StageOptions = {}): Promise<Stage> {
    return new Stage(await FalconCaller.start(options.falcon), options);
  }

  async stop(): Promise<void> {
    await this.falcon.simulator.stop();
  }

  /** As the lane does after a restart of the object: nothing but the memory is kept. */
  get channel(): Channel {
    return falconCases(this.#config, this.#context);
  }

  async deliver(...events: CanonicalEvent[]): Promise<Outcome> {
    return this.channel.deliver(events, this.io);
  }

  async check(): Promise<Checked> {
    const checked = await this.channel.check?.(this.io);
    if (!checked) throw new Error('Cannot check the channel as it has no check');
    return checked;
  }

  get io(): DeliveryIo {
    return laneForTest({
      timeoutMs: 250,
      nowMs: () => this.falcon.nowMs,
      memory: this.memory,
      accounts: this.#accounts,
      requestsMax: this.requestsMax,
      isCurrent: () => this.isCurrent,
      records: this.records,
    });
  }

  get cases(): readonly FalconCase[] {
    return this.falcon.simulator.cases;
  }

  /** Everything that is remembered, for a look whether somebody is named. */
  get remembered(): string {
    return JSON.stringify([...this.memory.values]);
  }

  /** The only case; fails when there is another. */
  get onlyCase(): FalconCase {
    const [only, ...others] = this.cases;
    if (!only || others.length > 0) throw new Error(`Expected one case: there are ${this.cases.length}`);
    return only;
  }

  /** Calls that the gateway answered, as `PUT /cases/...` without the query, in order; those of this method and path. */
  calls(method: string, path: string): readonly Readonly<Record<string, unknown>>[] {
    return this.falcon.simulator.apiRequests
      .filter((request) => request.method === method && request.path === path)
      .map(({ body = {} }) => body);
  }

  /** What an analyst does in the console. */
  async change(fields: Record<string, unknown>): Promise<void> {
    const { id, version } = this.onlyCase;
    const answer = await this.falcon.call('PATCH', CASES, {
      body: { id, fields, expected_version: version },
    });
    if (answer.status !== 200) throw new Error(`Cannot change the case: ${answer.message}`);
  }

  fail(method: string, path: string, fault: Fault): ActiveFault {
    return this.falcon.simulator.fail({
      ...fault,
      match: (request) => request.method === method && request.path === path,
    });
  }

  /** From now on Falcon fails with this status over each case that says `POISON`. */
  sicken(status: number): ActiveFault {
    return this.falcon.simulator.fail({
      status,
      body: { errors: [{ code: status, message: 'no' }] },
      match: ({ method, path, body }) =>
        method !== 'POST' && path === CASES && String(body).includes('POISON'),
    });
  }

  passes(ms: number): void {
    this.falcon.nowMs += ms;
  }

  get now(): string {
    return new Date(this.falcon.nowMs).toISOString();
  }

  event(id: string, changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
    return blockedEvent(this.now, { id, ...changes });
  }

  detection(id: string, changes: Partial<Detection> = {}): CanonicalEvent {
    const detection = { id, platforms: ['chatgpt'], firstAt: this.now, lastAt: this.now, ...changes };
    return detectionEvent(detectionForTest(detection), { tenant: 'acme', receivedAt: this.now });
  }
}

/** The entry by which a lane learns of a verdict: the detection's own, with another id and type. */
export function judged(detection: CanonicalEvent, verdict: Verdict, at: string): CanonicalEvent {
  return {
    ...detection,
    id: `verdict-${detection.id}`,
    type: DETECTION_JUDGED_TYPE,
    occurredAt: at,
    receivedAt: at,
    judged: { detectionId: detection.id, verdict },
  };
}

/** One token at a time, without a rate. */
class FakeAccounts implements ApiAccounts {
  readonly #turns: { readonly nowMs: () => number; readonly onTurn: () => void };
  #token: { token: string; expiresAtMs: number } | undefined;

  constructor(turns: { readonly nowMs: () => number; readonly onTurn: () => void }) {
    this.#turns = turns;
  }

  of(): ReturnType<ApiAccounts['of']> {
    return {
      token: async (mint) => {
        if (this.#token && this.#token.expiresAtMs > this.#turns.nowMs()) return success(this.#token.token);
        const minted = await mint();
        if (!minted.ok) return minted;
        this.#token = minted.value;
        return success(minted.value.token);
      },
      refuse: () => {
        this.#token = undefined;
      },
      turn: async () => this.#turns.onTurn(),
      noteQuota: () => undefined,
    };
  }
}
