/** How many entries of the log a lane wants and has not settled. They are read only where it has a filter of its own. */

import { DETECTION_TYPE } from '../domain/detection.ts';
import { CONTROL_TYPES, TAKES_EVENTS } from '../domain/wanted.ts';
import type { Filter } from './lane-history.ts';
import { type LaneState, type Stretch, owedStretches } from './lane-state.ts';
import type { EventLog } from './log.ts';
import { wantsOf } from './open-lane.ts';

const PAGE_ENTRIES = 500;
const PAGE_LENGTH_MAX = 1024 * 1024;

/** A lane's filter for a stretch of the log. */
export type FilterOf = (stretch: Stretch) => Filter;

/** Exact, up to and with `lastSeq`. Follow-ups are not counted. */
export function countWanted(log: EventLog, state: LaneState, lastSeq: number, filterOf: FilterOf): number {
  const settled = new Set(state.ahead);
  return owedStretches(state, lastSeq).reduce(
    (sum, stretch) => sum + countIn(log, stretch, settled, filterOf(stretch)),
    0,
  );
}

function countIn(
  log: EventLog,
  { after, to }: Stretch,
  settled: ReadonlySet<number>,
  filter: Filter,
): number {
  const passed = textsPassed(filter);
  if (passed)
    return (
      log.countBetween(after, to, passed) - [...settled].filter((seq) => seq > after && seq <= to).length
    );
  const wants = wantsOf(filter);
  let count = 0;
  for (let readTo = after; readTo < to;) {
    const entries = log.page(readTo, PAGE_ENTRIES, PAGE_LENGTH_MAX);
    count += entries.filter(({ seq, event }) => seq <= to && !settled.has(seq) && wants(event)).length;
    readTo = entries.at(-1)?.seq ?? to;
  }
  return count;
}

/**
 * Where a lane wants all but some of what the relay itself makes: by what the JSON of that can be told. Undefined: its filter must look
 * at each entry.
 */
function textsPassed({ events, where, takes = TAKES_EVENTS }: Filter): readonly string[] | undefined {
  const { events: taken, detections, detectionsAtOrAbove, ...others } = takes;
  if (events || where || taken !== 'all' || Object.keys(others).length > 0) return undefined;
  if (detections === undefined) return [...CONTROLS, typed(DETECTION_TYPE)];
  return detections === 'all' && detectionsAtOrAbove === undefined ? [...CONTROLS, DRY_RUN] : undefined;
}

/** A quotation mark inside a value is escaped: this is the type itself, and nothing that a text quotes. */
function typed(type: string): string {
  return `"type":${JSON.stringify(type)}`;
}

const CONTROLS = CONTROL_TYPES.map(typed);
/** Only a detection has the key. */
const DRY_RUN = '"dryRun":true';
