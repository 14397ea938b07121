/**
 * A tenant of the bench: its destinations, its config as its operator wants it, and the operator, who changes it, renews revoked
 * tokens and resumes blocked lanes. One change at a time; each is repeated until the relay has saved it.
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { DeadLetterView, LaneView } from '../../src/domain/lane-view.ts';
import { unreachable } from '../../src/lib/result.ts';
import { AdminClient } from '../e2e/admin-client.ts';
import type { ActiveFault, Fault } from '../simulators/faults.ts';
import { FalconSimulator } from '../simulators/falcon.ts';
import { HarfangLabSimulator } from '../simulators/harfanglab.ts';
import type { SimulatorServer } from '../simulators/http-server.ts';
import type { TimeSpan } from './audit-duplicates.ts';
import { Expectations } from './expectations.ts';
import { Ledger } from './ledger.ts';
import type { ConfigChange, DestinationName, PlannedTenant, SpoiltEvent } from './plan-parts.ts';
import type { RelayUnderTest } from './relay-under-test.ts';

export const IN_FLIGHT = 4;
/** Settled above a lane's cursor, at most; see AHEAD_MAX in src/relay/lanes.ts. */
const AHEAD_MAX = 64;
const NARROW_TYPES = ['interaction.policy_violated', 'alert.severity_critical'];
const RETRY_MS = 250;
const DEAD_LETTERS_PAGE = 200;

export interface TestDestination {
  readonly simulator: SimulatorServer;
  readonly ledger: Ledger;
  readonly expectations: Expectations;
  /** When the lane began to read on from its cursor again, for another filter. */
  readonly rereadAtMs: number[];
  readonly changes: { readonly change: ConfigChange; readonly fromMs: number; readonly toMs: number }[];
  /** What the vendor takes; `configured` is what the relay sends. */
  token: string;
  configured: string;
  /** The operator lets the trouble last until then. */
  leaveUntilMs: number;
  isEnabled: boolean;
  isPresent: boolean;
  types: readonly string[] | undefined;
  rotate(token: string): void;
}

export class TenantUnderTest {
  readonly plan: PlannedTenant;
  readonly secret = `whsec_${randomBytes(32).toString('base64')}`;
  readonly destinations = new Map<DestinationName, TestDestination>();
  readonly counts = { puts: 0, resumes: 0 };
  /** When the config was saved: each ends what lanes had under way, as far as it failed. */
  readonly saves: TimeSpan[] = [];
  /** By status: what never takes an event. */
  readonly spoilt: { readonly status: number; readonly fault: ActiveFault }[] = [];
  readonly #relay: RelayUnderTest;
  readonly #signal: AbortSignal;
  #last: Promise<unknown> = Promise.resolve();

  constructor(plan: PlannedTenant, relay: RelayUnderTest, signal: AbortSignal) {
    this.plan = plan;
    this.#relay = relay;
    this.#signal = signal;
    this.destinations.set('edr', makeHarfangLab());
    this.destinations.set('falcon', makeFalcon());
    if (plan.hasSpare) this.destinations.set('spare', makeHarfangLab());
  }

  get id(): string {
    return this.plan.id;
  }

  async open(spoilt: readonly SpoiltEvent[]): Promise<void> {
    for (const { simulator } of this.destinations.values()) await simulator.start();
    for (const event of spoilt) {
      if (event.tenant !== this.id) continue;
      const fault = this.at(event.destination).simulator.fail(spoiltBy(event));
      this.spoilt.push({ status: event.status, fault });
    }
    await this.#save();
    for (const { expectations } of this.destinations.values()) {
      expectations.add({ beforeSeq: 0, afterSeq: 0 });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.destinations.values()].map(async ({ simulator }) => simulator.stop()));
  }

  at(name: DestinationName): TestDestination {
    const destination = this.destinations.get(name);
    if (destination) return destination;
    throw new Error(`Cannot use destination ${name} of ${this.id} as it must be planned: it is not`);
  }

  /** The vendor revokes the token; the operator learns of it after a while. */
  revokeToken(name: DestinationName, leaveForMs: number): void {
    const destination = this.at(name);
    destination.token = randomBytes(24).toString('hex');
    destination.rotate(destination.token);
    destination.leaveUntilMs = Date.now() + leaveForMs;
  }

  async change(name: DestinationName, change: ConfigChange): Promise<void> {
    return this.#inTurn(async () => {
      const fromMs = Date.now();
      await this.#change(name, change);
      this.at(name).changes.push({ change, fromMs, toMs: Date.now() });
    });
  }

  async #change(name: DestinationName, change: ConfigChange): Promise<void> {
    const destination = this.at(name);
    switch (change) {
      case 'disable':
      case 'enable':
        destination.isEnabled = change === 'enable';
        return this.#save();
      case 'rotate token':
        this.revokeToken(name, 0);
        return this.#save();
      case 'add':
        return this.#add(destination);
      case 'remove':
        return this.#remove(destination);
      case 'narrow filter':
      case 'widen filter':
        return this.#filter(name, change === 'narrow filter' ? NARROW_TYPES : undefined);
      default:
        return unreachable(change);
    }
  }

  /** What an operator does who looks at the lanes now and then. */
  async operate(): Promise<void> {
    return this.#inTurn(async () => {
      const nowMs = Date.now();
      const waiting = [...this.destinations].filter(([, { leaveUntilMs }]) => leaveUntilMs <= nowMs);
      if (waiting.some(([, { token, configured }]) => token !== configured)) await this.#save();
      const blocked = new Set(
        (await this.lanes()).filter(({ state }) => state === 'blocked').map(({ lane }) => lane),
      );
      for (const [name] of waiting) if (blocked.has(`${name}/events`)) await this.#unblock(name);
    });
  }

  /** Puts everything back: every destination present and enabled, no filter, the right tokens. */
  async restore(): Promise<void> {
    for (const [name, destination] of this.destinations) {
      destination.leaveUntilMs = 0;
      if (!destination.isPresent) await this.change(name, 'add');
      if (!destination.isEnabled) await this.change(name, 'enable');
      if (destination.types) await this.change(name, 'widen filter');
    }
  }

  async lanes(): Promise<LaneView[]> {
    const { status, body } = await this.#admin.get(`/api/v1/tenants/${this.id}/lanes`);
    if (status !== 200) throw new Error(`Cannot read the lanes of ${this.id}: the answer is ${status}`);
    return (body as { readonly lanes: LaneView[] }).lanes;
  }

  async deadLetters(): Promise<DeadLetterView[]> {
    const letters: DeadLetterView[] = [];
    for (let before = ''; ;) {
      const path = `/api/v1/tenants/${this.id}/dead-letters?limit=${DEAD_LETTERS_PAGE}${before}`;
      const { body } = await this.#admin.get(path);
      const page = body as { readonly deadLetters: DeadLetterView[]; readonly nextBefore?: number };
      letters.push(...page.deadLetters);
      if (page.nextBefore === undefined) return letters;
      before = `&before=${page.nextBefore}`;
    }
  }

  async #add(destination: TestDestination): Promise<void> {
    const beforeSeq = await this.#relay.head(this.id);
    destination.isPresent = true;
    await this.#save();
    destination.expectations.add({ beforeSeq, afterSeq: await this.#relay.head(this.id) });
  }

  async #remove(destination: TestDestination): Promise<void> {
    const beforeSeq = await this.#relay.head(this.id);
    destination.isPresent = false;
    await this.#save();
    destination.expectations.remove({ beforeSeq, afterSeq: await this.#relay.head(this.id) });
  }

  async #filter(name: DestinationName, types: readonly string[] | undefined): Promise<void> {
    const destination = this.at(name);
    const headSeq = await this.#relay.head(this.id);
    const view = (await this.lanes().catch(() => [])).find(({ lane }) => lane === `${name}/events`);
    const settledSeq = Math.max(0, headSeq - (view?.undelivered ?? headSeq) - AHEAD_MAX);
    const perhapsParked = view?.parked === 0 ? [] : await this.#openUpTo(settledSeq, destination);
    destination.types = types;
    destination.rereadAtMs.push(Date.now());
    await this.#save();
    destination.rereadAtMs.push(Date.now());
    const afterSeq = await this.#relay.head(this.id);
    destination.expectations.filter(types, { settledSeq, afterSeq, perhapsParked });
  }

  /** Events up to a seq that the destination has not taken: a lane does not name those that it has parked. */
  async #openUpTo(toSeq: number, { ledger, expectations }: TestDestination): Promise<string[]> {
    return (await this.#relay.log(this.id))
      .filter((event) => event.seq <= toSeq && !ledger.hasTaken(event.key))
      .filter((event) => expectations.of(event) !== 'never')
      .map(({ key }) => key);
  }

  /** By `resume` or by saving the config once more: either unblocks a lane at once. */
  async #unblock(name: DestinationName): Promise<void> {
    if ((this.counts.puts + this.counts.resumes) % 2 === 0) {
      const fromMs = Date.now();
      const response = await fetch(
        `${this.#relay.url}/api/v1/tenants/${this.id}/destinations/${name}/resume`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${this.#relay.adminToken}`, 'content-type': 'application/json' },
          body: JSON.stringify({ from: 'backlog' }),
        },
      );
      this.saves.push({ fromMs, toMs: Date.now() });
      if (response.ok) this.counts.resumes++;
      if (response.ok) return;
    }
    await this.#save();
  }

  /** Saves the config as it should be, until the relay says that it is. */
  async #save(): Promise<void> {
    for (;;) {
      const destinations = [...this.destinations].filter(([, { isPresent }]) => isPresent);
      const tokens = destinations.map(([, { token }]) => token);
      const fromMs = Date.now();
      const answer = await this.#admin.put(this.id, this.#document()).catch(() => undefined);
      this.saves.push({ fromMs, toMs: Date.now() });
      if (answer && answer.status < 300) {
        this.counts.puts++;
        destinations.forEach(([, destination], i) => (destination.configured = tokens[i] ?? ''));
        return;
      }
      if (answer && answer.status < 500 && answer.status !== 409 && answer.status !== 412)
        throw new Error(`Cannot save the config of ${this.id}: ${answer.text}`);
      await sleep(RETRY_MS, undefined, { signal: this.#signal });
    }
  }

  #document(): Record<string, unknown> {
    const destinations = [...this.destinations].filter(([, { isPresent }]) => isPresent);
    return {
      id: this.id,
      residency: this.plan.residency,
      webhook: { secrets: [this.secret] },
      limits: this.plan.limits,
      destinations: destinations.map(([name, { simulator, token, isEnabled, types }]) => ({
        name,
        enabled: isEnabled,
        ...(types && { events: types }),
        ...(simulator instanceof FalconSimulator
          ? { type: 'falcon', region: 'eu-1', hec: { url: simulator.hecUrl, token } }
          : { type: 'harfanglab', base_url: simulator.url, token, in_flight: IN_FLIGHT }),
      })),
    };
  }

  get #admin(): AdminClient {
    return new AdminClient(this.#relay.url, this.#relay.adminToken);
  }

  /** Changes of one tenant's config don't cross. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

function makeHarfangLab(): TestDestination {
  const token = randomBytes(24).toString('hex');
  const ledger = new Ledger();
  const simulator = new HarfangLabSimulator({ token, onExchange: ledger.note });
  return { ...fresh(token, ledger), simulator, rotate: (renewed) => simulator.rotateToken(renewed) };
}

function makeFalcon(): TestDestination {
  const token = randomBytes(24).toString('hex');
  const ledger = new Ledger();
  const simulator = new FalconSimulator({ hecKey: token, onExchange: ledger.note });
  return { ...fresh(token, ledger), simulator, rotate: (renewed) => simulator.rotateHecKey(renewed) };
}

function fresh(token: string, ledger: Ledger): Omit<TestDestination, 'simulator' | 'rotate'> {
  return {
    ledger,
    expectations: new Expectations(),
    rereadAtMs: [],
    changes: [],
    token,
    configured: token,
    leaveUntilMs: 0,
    isEnabled: true,
    isPresent: true,
    types: undefined,
  };
}

function spoiltBy({ id, status }: SpoiltEvent): Fault {
  return {
    status,
    body: { detail: status === 400 ? 'Refused.' : 'Internal error.' },
    match: ({ headers, body }) =>
      headers['idempotency-key']?.endsWith(`:${id}`) ?? body.includes(`"id":"${id}"`),
  };
}
