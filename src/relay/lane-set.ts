/**
 * All lanes of a tenant: made from its config, started together, shown to the operator.
 * A lane whose destination was removed keeps its row with its totals: it starts from now when the destination comes back.
 */

import type { LaneView } from '../domain/lane-view.ts';
import type { DestinationConfig, TenantConfig } from '../domain/tenant-config.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { TAKES_EVENTS, isTaken } from '../domain/wanted.ts';
import { channelPlans } from '../destinations/channels.ts';
import type { FilterOf } from './count-wanted.ts';
import { type Filter, type Span, filterIn } from './lane-history.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import { type LaneState, left, madeDue, newLane, rejoined, undelivered } from './lane-state.ts';
import { WantedCounts } from './wanted-counts.ts';

/** Connections that the lanes may have under way together. The platform allows 6; the sixth is for KV and the queue. */
export const CONNECTIONS_MAX = 5;
/** Of them, those that probes of paused lanes may hold: the others are for lanes that flow. */
export const PROBES_MAX = 3;

export interface LaneStarts {
  /** Lanes that come into the config start after this seq. */
  readonly cursor: number;
  /** The newest seq. */
  readonly head: number;
}

/** Where a lane stands in the config. */
interface Place {
  readonly destination: DestinationConfig;
  readonly filter: Filter;
}

interface Placed {
  readonly lane: Lane;
  /** Undefined: removed from the config. */
  place: Place | undefined;
}

export class LaneSet {
  readonly #store: LaneStore;
  readonly #make: (name: string, state: LaneState) => Lane;
  readonly #lanes = new Map<string, Placed>();
  readonly #counts = new WantedCounts();

  constructor(store: LaneStore, make: (name: string, state: LaneState) => Lane) {
    this.#store = store;
    this.#make = make;
  }

  /** Reads the stored lanes and places them by the config. Returns the furthest cursor of all. */
  load(config: TenantConfig): number {
    this.#lanes.clear();
    const places = placesByLane(config);
    let cursorMax = 0;
    for (const [name, state] of this.#store.loadAll()) {
      this.#lanes.set(name, { lane: this.#make(name, state), place: places.get(name) });
      cursorMax = Math.max(cursorMax, state.cursor, ...state.ahead);
    }
    return cursorMax;
  }

  /** Makes the lanes that the config has and that the release which saved it did not know: they start with what comes after `head`. */
  addMissing(config: TenantConfig, head: number): void {
    for (const [name, place] of placesByLane(config)) {
      if (this.#lanes.has(name)) continue;
      const state = writeNewLane(this.#store, name, place.filter, head);
      this.#lanes.set(name, { lane: this.#make(name, state), place });
    }
  }

  /**
   * Writes what a new config makes of the lanes: new ones start where they are told, removed ones are to leave what they had left
   * as dead letters, every pause ends. Call inside the config's transaction; `reconfigure` with what it returns once that holds.
   */
  write(config: TenantConfig, starts: LaneStarts, nowMs: number): ReadonlyMap<string, LaneState> {
    const places = placesByLane(config);
    const states = new Map<string, LaneState>();
    for (const [name, placed] of this.#lanes) {
      placed.lane.restore();
      const state = nextState(placed, places.has(name), starts, nowMs);
      states.set(name, state);
      this.#store.save(name, state, { spans: spansOfReturn(placed.lane.state, state) });
    }
    for (const [name, { filter }] of places)
      if (!states.has(name)) states.set(name, writeNewLane(this.#store, name, filter, starts.cursor));
    return states;
  }

  /** Takes a saved config over: every lane goes on with its new state, and sends with the new config. */
  reconfigure(config: TenantConfig, states: ReadonlyMap<string, LaneState>): void {
    const places = placesByLane(config);
    for (const [name, state] of states) {
      const place = places.get(name);
      const placed = this.#lanes.get(name);
      if (!placed) {
        this.#lanes.set(name, { lane: this.#make(name, state), place });
        continue;
      }
      placed.place = place;
      placed.lane.reconfigure(state);
    }
  }

  destinationOf(name: string): DestinationConfig | undefined {
    return this.#lanes.get(name)?.place?.destination;
  }

  isEnabled(name: string): boolean {
    const placed = this.#lanes.get(name);
    return (
      placed?.place !== undefined &&
      placed.place.destination.enabled &&
      placed.lane.state.leaving.length === 0
    );
  }

  /** The lanes of the config as it is, disabled ones too. What was removed from it only keeps its totals. */
  get all(): Lane[] {
    return [...this.#lanes.values()].filter(({ place }) => place).map(({ lane }) => lane);
  }

  /** Every lane that was ever configured: removed ones may have dead letters. */
  get known(): Lane[] {
    return [...this.#lanes.values()].map(({ lane }) => lane);
  }

  /** Lanes that the log must be kept for: those of the config, and removed ones whose rest is not in the dead letters yet. */
  get owing(): Lane[] {
    return [...this.#lanes.values()]
      .filter(({ lane, place }) => place || lane.state.leaving.length > 0)
      .map(({ lane }) => lane);
  }

  /** Lanes of one destination. */
  of(destination: string): Lane[] {
    return this.all.filter((lane) => this.destinationOf(lane.name)?.name === destination);
  }

  find(name: string): Lane | undefined {
    return this.#lanes.get(name)?.lane;
  }

  /** What a lane wants as configured now; undefined: it is not configured. */
  filter(name: string): Filter | undefined {
    return this.#lanes.get(name)?.place?.filter;
  }

  /** A lane's own filter for what it owes: of a stretch that a removed destination left, the filter of then. */
  filterOf(lane: Lane): FilterOf {
    return ({ leaving = this.filter(lane.name) ?? {} }) => leaving;
  }

  /** Entries were appended after `before`: lanes that take none of them are past them at once. */
  passAll(before: number, entries: readonly CanonicalEvent[]): void {
    for (const { lane, place } of this.#lanes.values()) {
      const takes = place?.filter.takes ?? TAKES_EVENTS;
      if (place && !entries.some((entry) => isTaken(takes, entry))) lane.pass(before);
    }
  }

  /** Starts those that are due, of one name or (`*`) of any. False: none was. */
  startDue(name: string, nowMs: number): boolean {
    const due = this.all.filter((lane) => (name === '*' || name === lane.name) && lane.isDue(nowMs));
    for (const lane of due) lane.start();
    return due.length > 0;
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
    return [...this.#lanes.values()].map(({ lane, place }) => {
      // A removed one owes nothing of what comes after it.
      const owes = place !== undefined || lane.state.leaving.length > 0;
      const wanted = owes ? this.#counts.of(lane, place?.filter) : 0;
      return laneView(lane, { destination: place?.destination, wanted, nowMs });
    });
  }
}

/** The lanes of a tenant's first config, written inside its transaction. */
export function writeFirstLanes(store: LaneStore, config: TenantConfig, head: number): void {
  for (const [name, { filter }] of placesByLane(config)) writeNewLane(store, name, filter, head);
}

function writeNewLane(store: LaneStore, name: string, filter: Filter, cursor: number): LaneState {
  const state = newLane(cursor);
  const spans: Span[] = [
    { after: 0, rule: { kind: 'before' } },
    { after: cursor, rule: { kind: 'sent', ...filterIn(filter) } },
  ];
  store.save(name, state, { spans });
  return state;
}

/** A lane whose destination came back goes on further ahead. No config moves the cursor of any other. */
function spansOfReturn(before: LaneState, after: LaneState): Span[] {
  return after.cursor > before.cursor ? [{ after: before.cursor, rule: { kind: 'away' } }] : [];
}

function nextState(
  { lane, place }: Placed,
  isConfigured: boolean,
  { cursor, head }: LaneStarts,
  nowMs: number,
): LaneState {
  const { state } = lane;
  if (isConfigured && place) return madeDue(state, nowMs);
  // What it delivered or left in an earlier life is not sent again.
  if (isConfigured) return rejoined(state, Math.max(cursor, state.cursor));
  if (!place) return state;
  const owes = state.parked > 0 || state.leaving.length > 0 || undelivered(state, head) > 0;
  return owes ? left(state, { to: head, ...filterIn(place.filter) }) : state;
}

function placesByLane(config: TenantConfig): Map<string, Place> {
  return new Map(
    config.destinations.flatMap((destination) =>
      channelPlans(destination).map(({ kind, takes }) => {
        const filter = filterIn({ ...destination, takes });
        return [`${destination.name}/${kind}`, { destination, filter }] as const;
      }),
    ),
  );
}

interface Seen {
  readonly destination: DestinationConfig | undefined;
  /** What it has not delivered and wants. */
  readonly wanted: number;
  readonly nowMs: number;
}

function laneView(lane: Lane, { destination, wanted, nowMs }: Seen): LaneView {
  const { state } = lane;
  const { blocked, lastFailure, dueAtMs, lastDeliveredAtMs } = state;
  return {
    lane: lane.name,
    state: stateOf(lane, destination, nowMs),
    undelivered: wanted,
    delivered: state.delivered,
    deadLettered: state.deadLettered,
    expired: state.expired,
    parked: state.parked,
    discarded: state.discarded,
    erased: state.erased,
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
