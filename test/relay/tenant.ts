/**
 * A tenant's real object inside workerd, with a clock that the test turns and destinations that answer in-process.
 * Storage, alarms, RPC and the queue are the platform's.
 */

import { env } from 'cloudflare:workers';
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { LaneView } from '../../src/domain/lane-view.ts';
import type { AcceptAnswer, LaneStart, StoredConfig } from '../../src/domain/rpc.ts';
import { mapSecrets } from '../../src/domain/config-secrets.ts';
import { type SealedTenantConfig, tenantConfigSchema } from '../../src/domain/tenant-config.ts';
import { createSealer } from '../../src/lib/seal.ts';
import type { TenantRelay } from '../../src/relay/tenant-relay.ts';
import { objectName } from '../../src/residency.ts';
import { settingsOf } from '../../src/settings.ts';

/** Far ahead of the platform's clock: it fires no alarm of its own that the test has set. */
export const START_MS = Date.UTC(2096, 10, 22, 8);
export const EDR = 'http://127.0.0.1:9001';
export const HEC = 'http://127.0.0.1:9002/services/collector';

/** What a request asked a destination for. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  /** Event ids in the body, in order. */
  readonly ids: string[];
}

type Answer = (sent: Sent) => Response | Promise<Response>;

/** Destinations that answer as told and remember what they took. */
export class Destinations {
  readonly sent: Sent[] = [];
  /** How each request treats a redirect. */
  readonly redirects: (string | undefined)[] = [];
  /** Ids that a destination answered 2xx for, in order, by host. */
  readonly taken = new Map<string, string[]>();
  underWay = 0;
  mostUnderWay = 0;
  #answers = new Map<string, Answer>();

  /** How a host answers from now on; 202 by default. */
  answer(url: string, answer: Answer): void {
    this.#answers.set(new URL(url).host, answer);
  }

  /** Ids that a destination took, in the order of their arrival. */
  ids(url: string): string[] {
    return this.taken.get(new URL(url).host) ?? [];
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { url } = new Request(input);
    const body = typeof init?.body === 'string' ? init.body : '';
    const method = init?.method ?? 'GET';
    const sent = { url, method, body, headers: new Headers(init?.headers as HeadersInit), ids: idsOf(body) };
    this.sent.push(sent);
    this.redirects.push(init?.redirect);
    this.underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      const { host } = new URL(url);
      const answer = this.#answers.get(host) ?? (() => new Response('{}', { status: 202 }));
      const response = await Promise.race([Promise.resolve(answer(sent)), aborted(init?.signal)]);
      if (response.ok) this.taken.set(host, [...(this.taken.get(host) ?? []), ...sent.ids]);
      return response;
    } finally {
      this.underWay--;
    }
  };
}

async function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')));
  });
}

function idsOf(body: string): string[] {
  return body.split('\n').flatMap((line) => {
    // What is no event has no JSON, as the form for a token, or no id of its own.
    if (!line.startsWith('{')) return [];
    const parsed = JSON.parse(line) as { id?: string; event?: { event?: { id?: string } } };
    return parsed.id ?? parsed.event?.event?.id ?? '';
  });
}

const sealer = createSealer(settingsOf(env).masterKeys);

/** A sealed config with a HarfangLab and a Falcon destination, changed by `change`. */
export async function sealedConfig(
  id: string,
  change: (document: Record<string, unknown>) => void = () => undefined,
): Promise<SealedTenantConfig> {
  const document: Record<string, unknown> = {
    id,
    residency: 'eu',
    webhook: { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] },
    limits: { events_per_minute: 60_000, burst: 60_000 },
    destinations: [
      { name: 'edr', type: 'harfanglab', base_url: EDR, token: 'edr-token' },
      { name: 'falcon', type: 'falcon', region: 'eu-1', hec: { url: HEC, token: 'hec-token' } },
    ],
  };
  change(document);
  const config = tenantConfigSchema.parse(document);
  const sealed = await mapSecrets(config, (text, purpose) => sealer.seal(text, { tenant: id, purpose }));
  const pseudonym = await sealer.seal('A'.repeat(43), { tenant: id, purpose: 'pseudonym' });
  return { ...sealed, pseudonym_key: pseudonym } as SealedTenantConfig;
}

/** Changes one destination of a config document. */
export function destination(name: string, changes: Record<string, unknown>) {
  return (document: Record<string, unknown>): void => {
    for (const entry of document['destinations'] as Record<string, unknown>[]) {
      if (entry['name'] === name) Object.assign(entry, changes);
    }
  };
}

/** The stored config. RPC's own type of it is too deep for the compiler. */
export async function readConfig(stub: DurableObjectStub<TenantRelay>): Promise<StoredConfig | null> {
  const stored: unknown = await stub.readConfig();
  return stored as StoredConfig | null;
}

let tenants = 0;

export class Tenant {
  readonly id: string;
  readonly destinations = new Destinations();
  nowMs = START_MS;
  random = 0.5;
  /** Waits that the object slept, in milliseconds. */
  readonly slept: number[] = [];

  private constructor(id: string) {
    this.id = id;
  }

  /** A new tenant with a saved config. */
  static async create(change?: (document: Record<string, unknown>) => void): Promise<Tenant> {
    const tenant = new Tenant(`tenant-${++tenants}`);
    await tenant.takeOver();
    await tenant.configure(change);
    return tenant;
  }

  /** A tenant that nobody configured. */
  static unknown(): Tenant {
    return new Tenant(`unknown-${++tenants}`);
  }

  get stub(): DurableObjectStub<TenantRelay> {
    return env.TENANT_RELAY.getByName(objectName(this.id));
  }

  /** Puts the test's clock and destinations into the object; needed again after each eviction. */
  async takeOver(): Promise<void> {
    await this.inside((relay) => {
      relay.io.nowMs = () => this.nowMs;
      relay.io.random = () => this.random;
      relay.io.fetch = this.destinations.fetch;
      relay.io.sleep = async (ms) => {
        this.slept.push(ms);
        await scheduler.wait(ms > 0 ? 1 : 0);
        this.nowMs += ms;
      };
    });
  }

  async inside<T>(work: (relay: TenantRelay, state: DurableObjectState) => T | Promise<T>): Promise<T> {
    return runInDurableObject(this.stub, async (relay: TenantRelay, state) => work(relay, state));
  }

  async configure(
    change?: (document: Record<string, unknown>) => void,
    addedFrom: LaneStart = 'now',
  ): Promise<void> {
    const expectedVersion = (await readConfig(this.stub))?.version ?? null;
    const config = await sealedConfig(this.id, change);
    const answer = await this.stub.configure({ v: 1, config, expectedVersion, addedFrom });
    if (answer.kind !== 'saved') throw new Error(`Cannot configure ${this.id}: ${answer.kind}`);
  }

  async accept(...events: CanonicalEvent[]): Promise<AcceptAnswer> {
    return this.stub.accept({ v: 1, events });
  }

  async lane(name: string): Promise<LaneView> {
    const lane = (await this.stub.lanes()).find((view) => view.lane === name);
    if (!lane) throw new Error(`Cannot find lane ${name}`);
    return lane;
  }

  async alarm(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub);
  }

  /** As the platform does: memory gone, storage kept. */
  async evict(): Promise<void> {
    await evictDurableObject(this.stub);
    await this.takeOver();
  }

  event(id: string, changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
    return {
      id,
      type: 'interaction.policy_violated',
      occurredAt: new Date(this.nowMs).toISOString(),
      receivedAt: new Date(this.nowMs).toISOString(),
      tenant: this.id,
      user: { id: 'user-1' },
      platform: { id: 'perplexity', name: 'Perplexity' },
      policy: { decision: 'block' },
      riskScore: 0.7,
      severity: 'high',
      classifications: ['EMAIL'],
      classificationCount: 1,
      faults: [],
      source: 'noxys',
      ...changes,
    };
  }

  events(count: number, from = 1): CanonicalEvent[] {
    return Array.from({ length: count }, (_, i) => this.event(`evt-${from + i}`));
  }

  /** As a power cut does: memory gone, requests under way lost, storage kept. */
  async crash(): Promise<void> {
    await this.inside((_relay, state) => state.abort('crash')).catch(() => undefined);
    await this.takeOver();
  }

  /** Gone, with everything that is under way: no later instance of its object asks the network in the test's place. */
  async retire(): Promise<void> {
    const expectedVersion = (await readConfig(this.stub))?.version ?? 0;
    await this.stub.remove({ v: 1, discard: true, expectedVersion });
  }

  /** When the alarm fires next, by the test's clock; null when none is set. */
  async alarmAtMs(): Promise<number | null> {
    return this.inside((_relay, state) => state.storage.getAlarm());
  }

  /** Waits until a condition holds, in real time. Alarms that the test's clock has reached fire, as the platform would fire them. */
  async until(condition: () => boolean | Promise<boolean>, what: string, waitMsMax = 10_000): Promise<void> {
    const endsAtMs = Date.now() + waitMsMax;
    while (!(await condition())) {
      if (Date.now() > endsAtMs) throw new Error(`Waited in vain until ${what}`);
      if (((await this.alarmAtMs()) ?? Infinity) <= this.nowMs) await this.alarm();
      await scheduler.wait(5);
    }
  }

  /** Lets time pass from alarm to alarm until a condition holds. */
  async passTimeUntil(
    condition: () => boolean | Promise<boolean>,
    what: string,
    alarmsMax = 200,
  ): Promise<void> {
    for (let i = 0; i < alarmsMax && !(await condition()); i++) {
      const atMs = await this.alarmAtMs();
      if (atMs !== null) this.nowMs = Math.max(this.nowMs, atMs);
      await this.alarm();
      await scheduler.wait(5);
    }
    if (!(await condition())) throw new Error(`Let time pass in vain until ${what}`);
  }

  /** Waits until a destination has taken so many events. */
  async untilTaken(url: string, count: number): Promise<void> {
    await this.until(() => this.destinations.ids(url).length >= count, `${url} has ${count} events`);
  }
}
