/**
 * All lanes of a tenant: made from its config, started together, shown to the operator.
 * A lane whose destination was removed keeps its row: its place is there when the destination comes back.
 */

import type { LaneView } from '../domain/rpc.ts';
import type { DestinationConfig, TenantConfig } from '../domain/tenant-config.ts';
import { channelKindsOf } from '../destinations/channels.ts';
import { logEvent } from '../lib/log.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import { type LaneState, newLane } from './lanes.ts';

/** Connections that the object may have under way. The platform allows 6; one is left for what is not seen here. */
export const CONNECTIONS_MAX = 5;

interface Placed {
  readonly lane: Lane;
  /** Undefined: removed from the config. */
  destination: DestinationConfig | undefined;
}

export class LaneSet {
  readonly #store: LaneStore;
  readonly #make: (name: string, state: LaneState) => Lane;
  readonly #lanes = new Map<string, Placed>();

  constructor(store: LaneStore, make: (name: string, state: LaneState) => Lane) {
    this.#store = store;
    this.#make = make;
  }

  /** Reads the stored lanes and places them by the config. Returns the furthest cursor of all. */
  load(config: TenantConfig): number {
    this.#lanes.clear();
    const destinations = destinationsByLane(config);
    let cursorMax = 0;
    for (const [name, state] of this.#store.loadAll()) {
      this.#lanes.set(name, { lane: this.#make(name, state), destination: destinations.get(name) });
      cursorMax = Math.max(cursorMax, state.cursor, ...state.ahead);
    }
    return cursorMax;
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#lanes.keys());
  }

  /** Takes a saved config over: new lanes appear, every lane ends its pause and sends with the new config. */
  reconfigure(config: TenantConfig, head: number): void {
    const destinations = destinationsByLane(config);
    for (const [name, placed] of this.#lanes) {
      if (placed.destination && !destinations.has(name) && placed.lane.undelivered > 0) {
        logEvent('warn', 'lane.removed', {
          lane: name,
          tenant: config.id,
          undelivered: placed.lane.undelivered,
        });
      }
      placed.destination = destinations.get(name);
    }
    for (const [name, destination] of destinations) {
      if (!this.#lanes.has(name))
        this.#lanes.set(name, { lane: this.#make(name, newLane(head)), destination });
    }
    for (const { lane } of this.#lanes.values()) lane.reconfigure();
  }

  destinationOf(name: string): DestinationConfig | undefined {
    return this.#lanes.get(name)?.destination;
  }

  isEnabled(name: string): boolean {
    return this.destinationOf(name)?.enabled ?? false;
  }

  get(name: string): Lane | undefined {
    return this.#lanes.get(name)?.lane;
  }

  /** The lanes of the config as it is, disabled ones too. What was removed from it only keeps its place. */
  get all(): Lane[] {
    return [...this.#lanes.values()].filter(({ destination }) => destination).map(({ lane }) => lane);
  }

  startAll(): void {
    for (const lane of this.all) lane.start();
  }

  /** Requests that one running lane may have under way. */
  share(nowMs: number): number {
    const running = this.all.filter((lane) => lane.isRunning(nowMs)).length;
    return Math.max(1, Math.floor(CONNECTIONS_MAX / Math.max(1, running)));
  }

  views(nowMs: number): LaneView[] {
    return [...this.#lanes.values()].map(({ lane, destination }) => laneView(lane, destination, nowMs));
  }
}

/** Writes rows for the lanes that a config adds to the known ones: they start after `head`. Call inside the config's transaction. */
export function writeNewLanes(
  store: LaneStore,
  config: TenantConfig,
  known: ReadonlySet<string>,
  head: number,
): void {
  for (const name of destinationsByLane(config).keys()) {
    if (!known.has(name)) store.save(name, newLane(head));
  }
}

function destinationsByLane(config: TenantConfig): Map<string, DestinationConfig> {
  return new Map(
    config.destinations.flatMap((destination) =>
      channelKindsOf(destination).map((kind) => [`${destination.name}/${kind}`, destination] as const),
    ),
  );
}

function laneView(lane: Lane, destination: DestinationConfig | undefined, nowMs: number): LaneView {
  const { state } = lane;
  const { blocked, lastFailure, dueAtMs, lastDeliveredAtMs } = state;
  return {
    lane: lane.name,
    state: stateOf(lane, destination, nowMs),
    undelivered: lane.undelivered,
    delivered: state.delivered,
    deadLettered: state.deadLettered,
    expired: state.expired,
    tries: state.tries,
    ...(blocked && {
      blocked: { reason: blocked.reason, detail: blocked.detail, since: isoTime(blocked.sinceMs) },
    }),
    ...(lastFailure && {
      lastFailure: { reason: lastFailure.reason, detail: lastFailure.detail, at: isoTime(lastFailure.atMs) },
    }),
    ...(dueAtMs !== null && { due: isoTime(dueAtMs) }),
    ...(lastDeliveredAtMs !== null && { lastDeliveredAt: isoTime(lastDeliveredAtMs) }),
  };
}

function stateOf(lane: Lane, destination: DestinationConfig | undefined, nowMs: number): LaneView['state'] {
  if (!destination) return 'removed';
  if (!destination.enabled) return 'disabled';
  if (lane.state.blocked) return 'blocked';
  if (lane.state.dueAtMs !== null) return 'waiting';
  return lane.isRunning(nowMs) ? 'running' : 'idle';
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
