/**
 * One run: carries the plan out on a relay of its own, lets everything settle, and audits.
 * Whatever happens, nothing that it started is left.
 */

import { setTimeout as sleep } from 'node:timers/promises';

import type { Dials } from './dials.ts';
import { FaultCounts, faultOf } from './inject.ts';
import type { ChaosOptions } from './options.ts';
import { makePlan } from './plan.ts';
import type { Action, Plan } from './plan-parts.ts';
import { RelayUnderTest } from './relay-under-test.ts';
import { makeReport, type Report } from './report.ts';
import { TenantSender } from './sender.ts';
import { TenantUnderTest } from './tenant-under-test.ts';

const OPERATE_MS = 1_000;
const PROGRESS_MS = 5_000;
const WAKEUP_SHARE = 0.2;
/** Kept of the time limit for the audit. */
const AUDIT_MS = 10_000;
/** How long an event that is parked although its destination takes it may stay so before the run ends. */
const PARKED_MS_MAX = 120_000;
/** After everything is delivered: nothing more may come. */
const QUIET_MS = 1_500;

export interface RunIo {
  /** Breaks the run off, with a reason. */
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Runs to the end and reports. Throws when it can't: broken off, or not done in time. */
export async function runChaos(options: ChaosOptions, io: RunIo): Promise<Report> {
  const stop = new AbortController();
  const giveUp = setTimeout(
    () =>
      stop.abort(
        new Error(`Cannot report as the run must end within ${options.limitSeconds} s: it does not`),
      ),
    options.limitSeconds * 1000,
  );
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const run = new Run(makePlan(options), signal, io.progress);
  try {
    return await Promise.race([run.toEnd(), aborted(signal)]);
  } catch (error) {
    stop.abort(error);
    throw signal.reason;
  } finally {
    clearTimeout(giveUp);
    await run.close();
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

class Run {
  readonly #plan: Plan;
  readonly #signal: AbortSignal;
  readonly #progress: (line: string) => void;
  readonly #relay = new RelayUnderTest();
  readonly #tenants: readonly TenantUnderTest[];
  readonly #senders: readonly TenantSender[];
  readonly #faults = new FaultCounts();
  readonly #startedAtMs = Date.now();
  #acceptShare = 0;
  #killsSkipped = 0;
  #isSettled = false;

  constructor(plan: Plan, signal: AbortSignal, progress: (line: string) => void) {
    this.#plan = plan;
    this.#signal = signal;
    this.#progress = progress;
    this.#tenants = plan.tenants.map((tenant) => new TenantUnderTest(tenant, this.#relay, signal));
    this.#senders = this.#tenants.map(
      ({ plan: tenant, secret }, i) =>
        new TenantSender(tenant, {
          seed: plan.options.seed + i,
          secret,
          url: () => this.#relay.url,
          signal,
        }),
    );
  }

  async toEnd(): Promise<Report> {
    await this.#relay.start();
    for (const tenant of this.#tenants) await tenant.open(this.#plan.spoilt);
    await this.#turnDials();
    const watching = Promise.all([this.#operate(), this.#tell()]);
    watching.catch(() => undefined); // broken off: whoever waits for the load hears of it
    const loadFromMs = Date.now();
    await Promise.all([
      ...this.#senders.map(async (sender) => sender.run(loadFromMs)),
      this.#direct(loadFromMs),
    ]);
    const loadedAtMs = Date.now();
    const unfinished = await this.#settle();
    this.#isSettled = true;
    await watching;
    return makeReport({
      plan: this.#plan,
      relay: this.#relay,
      tenants: this.#tenants,
      senders: this.#senders,
      faults: this.#faults,
      killsSkipped: this.#killsSkipped,
      unfinished,
      loadMs: loadedAtMs - loadFromMs,
      settleMs: Date.now() - loadedAtMs,
    });
  }

  async close(): Promise<void> {
    this.#isSettled = true;
    await this.#relay.close();
    await Promise.all(this.#tenants.map(async (tenant) => tenant.close()));
  }

  /** Carries the actions out, one after the other: a kill never falls into a change of a config. */
  async #direct(fromMs: number): Promise<void> {
    for (const action of this.#plan.actions) {
      await this.#sleep(fromMs + action.atMs - Date.now());
      await this.#act(action);
    }
  }

  async #act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'fault':
        return this.#inject(action);
      case 'kill':
        return this.#kill(action.downMs);
      case 'abort':
        return this.#relay.abort(action.tenant);
      case 'stray wake-up':
        return this.#relay.wakeUp(action.tenant);
      case 'accept faults':
        this.#acceptShare = action.share;
        return this.#turnDials();
      case 'config':
        return this.#tenant(action.tenant).change(action.destination, action.change);
    }
  }

  #inject(action: Extract<Action, { kind: 'fault' }>): void {
    const tenant = this.#tenant(action.tenant);
    const destination = tenant.at(action.destination);
    if (action.fault === '401') return tenant.revokeToken(action.destination, action.forMs);
    if (action.fault === '200 with HTML') destination.leaveUntilMs = Date.now() + action.forMs;
    const fault = faultOf(action, Date.now());
    if (fault) this.#faults.add(action.fault, destination.simulator.fail(fault));
  }

  async #kill(downMs: number): Promise<void> {
    await this.#turnDials(0);
    if (!(await this.#relay.kill())) {
      this.#killsSkipped++;
      return;
    }
    await this.#sleep(downMs);
    await this.#relay.start();
    await this.#turnDials();
  }

  async #turnDials(acceptShare = this.#acceptShare, wakeupShare = WAKEUP_SHARE): Promise<void> {
    const dials: Dials = {
      seed: this.#plan.options.seed + this.#relay.kills.length,
      acceptShare,
      acceptExempt: this.#plan.tenants.filter(({ isLimited }) => isLimited).map(({ id }) => id),
      wakeupShare,
    };
    await this.#relay.setDials(dials);
  }

  /** Faults stop; waits until all is delivered. Returns the lanes that are not done when the time is nearly over. */
  async #settle(): Promise<string[]> {
    this.#faults.healAll();
    await this.#turnDials(0, 0);
    for (const tenant of this.#tenants) await tenant.restore();
    const limitMs = this.#startedAtMs + this.#plan.options.limitSeconds * 1000 - AUDIT_MS;
    const parkedUntilMs = Math.min(limitMs, Date.now() + PARKED_MS_MAX);
    for (;;) {
      const open = await this.#openLanes(Date.now() < parkedUntilMs);
      if (open.length === 0) {
        await this.#sleep(QUIET_MS);
        return [];
      }
      if (Date.now() > limitMs) return open;
      await this.#sleep(OPERATE_MS / 4);
    }
  }

  /** Lanes with something left to send, as text. */
  async #openLanes(waitsForParked: boolean): Promise<string[]> {
    const { overflowSent, overflowDone } = await this.#relay.figures();
    const open = overflowSent > overflowDone ? [`OVERFLOW holds ${overflowSent - overflowDone}`] : [];
    for (const tenant of this.#tenants) {
      for (const view of await tenant.lanes()) {
        const poison = this.#plan.spoilt.filter(
          (event) =>
            event.tenant === tenant.id && event.status === 500 && `${event.destination}/events` === view.lane,
        ).length;
        const isBusy = view.state === 'blocked' || (view.state === 'running' && view.parked === 0);
        const isParkedTooMany = waitsForParked && view.parked > poison;
        if (view.undelivered > view.parked || isBusy || isParkedTooMany)
          open.push(
            `${tenant.id} ${view.lane} is ${view.state}: ${view.undelivered} undelivered, ${view.parked} parked`,
          );
      }
    }
    return open;
  }

  /** The operator looks at every tenant each second; the relay may be down just then. */
  async #operate(): Promise<void> {
    while (!this.#isSettled) {
      await this.#sleep(OPERATE_MS);
      await Promise.all(this.#tenants.map(async (tenant) => tenant.operate().catch(() => undefined)));
    }
  }

  async #tell(): Promise<void> {
    while (!this.#isSettled) {
      this.#progress(this.#progressLine());
      await this.#sleep(PROGRESS_MS);
    }
  }

  #progressLine(): string {
    const seconds = String(Math.round((Date.now() - this.#startedAtMs) / 1000)).padStart(4);
    const accepted = this.#senders.reduce((sum, { acceptedCount }) => sum + acceptedCount, 0);
    const taken = this.#tenants
      .flatMap(({ destinations }) => [...destinations.values()])
      .reduce((sum, { ledger }) => sum + ledger.takenCount, 0);
    const aborts = [...this.#relay.aborts.values()].flat().length;
    return `${seconds} s · ${accepted} of ${this.#plan.options.events} events accepted · ${taken} delivered · ${this.#relay.kills.length} kills · ${aborts} aborts`;
  }

  #tenant(id: string): TenantUnderTest {
    const tenant = this.#tenants.find((each) => each.id === id);
    if (tenant) return tenant;
    throw new Error(`Cannot use tenant ${id} as it must be planned: it is not`);
  }

  async #sleep(ms: number): Promise<void> {
    this.#signal.throwIfAborted();
    if (ms > 0) await sleep(ms, undefined, { signal: this.#signal });
  }
}
