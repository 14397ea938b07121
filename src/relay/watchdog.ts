/**
 * When the object must look after itself again. Nothing depends on one trigger: behind every wake-up stands the alarm.
 * Pure.
 */

/** While something is undelivered the alarm is never further away than this. */
export const WATCH_MS = 5_000;

export interface WatchedLane {
  readonly isEnabled: boolean;
  readonly undelivered: number;
  /** Null: not paused. */
  readonly dueAtMs: number | null;
  /** When an event that is retried alone may be sent next; null: there is none. */
  readonly followUpAtMs: number | null;
}

export interface WatchInput {
  readonly nowMs: number;
  readonly lanes: readonly WatchedLane[];
  /** Flush of the roll-ups, end of the period, next drop, next publication of the config: null when there is none. */
  readonly tasksDueAtMs: readonly (number | null)[];
}

/** The time of the next alarm; null when there is nothing to watch. */
export function nextAlarmAtMs({ nowMs, lanes, tasksDueAtMs }: WatchInput): number | null {
  const lanesAtMs = lanes
    .filter((lane) => lane.isEnabled)
    .flatMap((lane) => [
      ...(lane.undelivered > 0 ? [Math.max(lane.dueAtMs ?? 0, nowMs) + WATCH_MS] : []),
      // No wake-up stands before this one: the alarm itself is the trigger. One that is late is being sent, or must wait.
      ...(lane.followUpAtMs === null
        ? []
        : [lane.followUpAtMs > nowMs ? lane.followUpAtMs : nowMs + WATCH_MS]),
    ]);
  const times = [...lanesAtMs, ...tasksDueAtMs.filter((atMs) => atMs !== null)];
  return times.length === 0 ? null : Math.max(nowMs, Math.min(...times));
}
