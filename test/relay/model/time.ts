/** The time of a model run: moved by sleeps of the object and by commands, and when it stands still because something is going on. */

import type { Tenant } from '../tenant.ts';
import type { LaneModel } from './lane-model.ts';

/** By the test's clock no request lives longer than this: in production it would have timed out. */
const REQUEST_MS_MAX = 14_000;
/** In one stretch of time; what is left of it passes at once. */
const ALARMS_MAX = 25;
/** Nothing happens from one look to the next, so often: nothing is going on. By looks, as a machine that stalls makes timers late. */
const QUIET_LOOKS = 4;
const LOOK_MS = 2;
/** The same between two alarms: what goes on still when the next one fires does no harm. */
const ALARM_QUIET_LOOKS = 2;
const AMID_WAIT_MS_MAX = 40;
const QUIET_WAIT_MS_MAX = 8_000;

export class ModelTime {
  /** Commands that were done so far. */
  commands = 0;
  /** Slow destinations are slow no more. */
  isHurried = false;
  /** That were made so far. */
  requests = 0;
  readonly #tenant: Tenant;
  readonly #lanes: readonly LaneModel[];

  constructor(tenant: Tenant, lanes: readonly LaneModel[]) {
    this.#tenant = tenant;
    this.#lanes = lanes;
  }

  get nowMs(): number {
    return this.#tenant.nowMs;
  }

  /** The object has slept. While it has requests under way its time does not run away from them. */
  advance(ms: number): void {
    const started = this.#lanes.flatMap(({ underWay }) =>
      [...underWay].map(({ startedAtMs }) => startedAtMs),
    );
    const latestMs = Math.max(this.nowMs, Math.min(...started) + REQUEST_MS_MAX);
    this.#tenant.nowMs = Math.min(this.nowMs + ms, latestMs);
  }

  /** Waits until nothing is under way; what came of it is written then, if it was looked at often enough. */
  async quiet(looks = QUIET_LOOKS): Promise<void> {
    const endsAtMs = Date.now() + QUIET_WAIT_MS_MAX;
    this.isHurried = true;
    let { requests } = this;
    for (let calm = 0; calm < looks; calm++) {
      await scheduler.wait(LOOK_MS);
      const isBusy = this.#lanes.some(({ underWay }) => underWay.size > 0);
      if (isBusy || this.requests !== requests) calm = -1;
      requests = this.requests;
      if (Date.now() > endsAtMs) throw new Error('Waited in vain until nothing is under way');
    }
    this.isHurried = false;
    if (looks >= QUIET_LOOKS) for (const lane of this.#lanes) lane.confirm();
  }

  /** Waits until so many more requests were made and one is under way; not for long. */
  async untilAmid(requests: number): Promise<void> {
    const from = this.requests;
    const endsAtMs = Date.now() + AMID_WAIT_MS_MAX;
    while (Date.now() < endsAtMs) {
      if (this.requests >= from + requests && this.#lanes.some(({ underWay }) => underWay.size > 0)) return;
      await scheduler.wait(0);
    }
  }

  /** Lets time pass from alarm to alarm, or at once with an alarm that is late. */
  async pass(ms: number, isJump: boolean): Promise<void> {
    await this.quiet();
    const endsAtMs = this.nowMs + ms;
    for (let alarms = 0; alarms < ALARMS_MAX && !isJump; alarms++)
      if (!(await this.passToAlarm(endsAtMs))) break;
    this.#tenant.nowMs = Math.max(this.nowMs, endsAtMs);
    await this.passToAlarm(this.nowMs);
    await this.quiet();
  }

  /** Goes on to the next alarm and lets it work; false when there is none by then. */
  async passToAlarm(endsAtMs: number): Promise<boolean> {
    const atMs = await this.#tenant.alarmAtMs();
    if (atMs === null || atMs > endsAtMs) return false;
    this.#tenant.nowMs = Math.max(this.nowMs, atMs);
    await this.#tenant.alarm();
    await this.quiet(ALARM_QUIET_LOOKS);
    return true;
  }
}
