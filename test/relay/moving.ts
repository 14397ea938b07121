/** A tenant's move between two real objects, step by step, as the command takes the steps. */

import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';

import type { ArriveAnswer, ArriveStep, LeaveAnswer, LeaveStep } from '../../src/domain/move.ts';
import type { Residency } from '../../src/domain/tenant-config.ts';
import type { TenantRelay } from '../../src/relay/tenant-relay.ts';
import { type Tenant, readConfig } from './tenant.ts';

type Dump = Record<string, Record<string, unknown>[]>;

let targets = 0;

/** The object that the tenant has in the other place: locally one that is named otherwise. */
export class Target {
  readonly #source: Tenant;
  readonly #name = `target-${++targets}`;

  constructor(source: Tenant) {
    this.#source = source;
  }

  get stub(): DurableObjectStub<TenantRelay> {
    return env.TENANT_RELAY.getByName(this.#name);
  }

  async inside<T>(work: (relay: TenantRelay, state: DurableObjectState) => T | Promise<T>): Promise<T> {
    return runInDurableObject(this.stub, async (relay: TenantRelay, state) => work(relay, state));
  }

  /** The source's clock and destinations. */
  async takeOver(): Promise<void> {
    await this.inside((relay) => {
      relay.io.nowMs = () => this.#source.nowMs;
      relay.io.random = () => 0.5;
      relay.io.fetch = this.#source.destinations.fetch;
      relay.io.sleep = async (ms) => {
        await scheduler.wait(ms > 0 ? 1 : 0);
        this.#source.nowMs += ms;
      };
    });
  }

  /** Gone, with everything that is under way. */
  async retire(): Promise<void> {
    const { version: expectedVersion = 0 } = (await readConfig(this.stub)) ?? {};
    await this.stub.remove({ v: 1, discard: true, expectedVersion });
  }

  async crash(): Promise<void> {
    await this.inside((_relay, state) => state.abort('crash')).catch(() => undefined);
    await this.takeOver();
  }
}

export const ACTOR = { by: 'bootstrap', requestId: 'req-move' } as const;

export class Move {
  readonly source: Tenant;
  readonly target: Target;
  readonly to: Residency = 'eu';

  constructor(source: Tenant) {
    this.source = source;
    this.target = new Target(source);
  }

  static async of(source: Tenant): Promise<Move> {
    const move = new Move(source);
    await move.target.takeOver();
    return move;
  }

  async leave(step: LeaveStep): Promise<LeaveAnswer> {
    const answer: unknown = await this.source.stub.leave({ v: 1, actor: ACTOR, ...step });
    return answer as LeaveAnswer;
  }

  async arrive(step: ArriveStep, knownCreatedAtMs: number | null = null): Promise<ArriveAnswer> {
    const request = { v: 1, actor: ACTOR, tenant: this.source.id, knownCreatedAtMs, ...step } as const;
    const answer: unknown = await this.target.stub.arrive(request);
    return answer as ArriveAnswer;
  }

  /** Once the source is at rest. The move's id. */
  async begin(): Promise<string> {
    const { version: expectedVersion = 0 } = (await readConfig(this.source.stub)) ?? {};
    for (;;) {
      const answer = await this.leave({ step: 'begin', to: this.to, leavesEu: false, expectedVersion });
      if (answer.kind === 'done' && answer.view.side === 'leaving') return answer.view.move;
      if (answer.kind !== 'settling') throw new Error(`Cannot begin: ${JSON.stringify(answer)}`);
      await scheduler.wait(5);
    }
  }

  async page(move: string, n: number): Promise<{ readonly sealed: string; readonly isLast: boolean }> {
    const answer = await this.leave({ step: 'page', move, n });
    if (answer.kind === 'page') return answer;
    throw new Error(`Cannot get page ${n}: ${JSON.stringify(answer)}`);
  }

  /** Brings the pages that are missing; `betweenPages` may break something. What proves that all are there. */
  async bring(
    move: string,
    betweenPages: (n: number) => Promise<void> = async () => undefined,
  ): Promise<string> {
    for (let n = 0; ; n++) {
      const { sealed } = await this.page(move, n);
      await betweenPages(n);
      const answer = await this.arrive({ step: 'page', to: this.to, sealed });
      if (answer.kind !== 'done' || answer.view.side !== 'arriving')
        throw new Error(`Cannot bring page ${n}: ${JSON.stringify(answer)}`);
      if (answer.view.proof !== undefined) return answer.view.proof;
    }
  }

  async finish(move: string, proof: string): Promise<string> {
    const answer = await this.leave({ step: 'finish', move, proof });
    if (answer.kind === 'done' && answer.view.side === 'departed') return answer.view.release;
    throw new Error(`Cannot finish: ${JSON.stringify(answer)}`);
  }

  async activate(move: string, release: string): Promise<ArriveAnswer> {
    return this.arrive({ step: 'activate', move, release });
  }

  /** All of it. */
  async through(): Promise<string> {
    const move = await this.begin();
    const release = await this.finish(move, await this.bring(move));
    const active = await this.activate(move, release);
    if (active.kind !== 'active') throw new Error(`Cannot activate: ${JSON.stringify(active)}`);
    await this.leave({ step: 'settle', move });
    return move;
  }
}

/** Every row of every table. */
export function dump(state: DurableObjectState): Dump {
  const { sql } = state.storage;
  const names = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .toArray()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('_') && !name.startsWith('sqlite_'));
  return Object.fromEntries(names.map((name) => [name, sql.exec(`SELECT * FROM ${name}`).toArray()]));
}
