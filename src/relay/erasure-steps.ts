/**
 * The steps of an erasure, each a turn's worth of work: where the raw names are looked for when only a key is known, then one place after
 * the other that holds something of the person. A step that was not written is done again.
 */

import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import { unreachable } from '../lib/result.ts';
import { heldBy, namedIn, namedInRecords, placesOf, withoutDevices } from './erase-config.ts';
import { type Asked, type EntryParts, erasePage, pageToErase } from './erase-entries.ts';
import {
  type Key,
  TEXT_TABLES,
  detectionUsers,
  eraseDetections,
  eraseSeen,
  eraseTexts,
  eraseWindows,
  holdsNaming,
  windowGroups,
} from './erase-tables.ts';
import type { ErasedPerson } from './erased-person.ts';
import { plus, stateAfter } from './erasure-counts.ts';
import type { Erasure, ErasureState } from './erasure-store.ts';
import type { LaneState } from './lane-state.ts';
import type { Lane } from './lane.ts';
import type { PersonKeys } from './person-keys.ts';
import type { RetentionNotes } from './retention-notes.ts';
import type { WatchedUsers } from './watched-users.ts';

const NAMES_PER_TURN = 1_000;
const PAGE_LENGTH_MAX = 4 * 1024 * 1024;

export interface StepParts extends EntryParts {
  readonly watched: WatchedUsers;
  readonly notes: RetentionNotes;
  readonly config: () => SealedTenantConfig;
  /** Saves a config without some entries of its map of devices. Inside the step's transaction. */
  readonly saveConfig: (config: SealedTenantConfig, erasure: Erasure) => void;
}

/** What is known while an erasure is worked on. */
export interface Work {
  readonly erasure: Erasure;
  readonly person: ErasedPerson;
  readonly keys: PersonKeys;
  readonly nowMs: number;
}

export interface Step {
  /** What changes with it, written in one transaction with what it says of the state. */
  readonly write?: () => Partial<ErasureState>;
  /** Once that holds. */
  readonly after?: () => void;
  readonly person?: ErasedPerson;
  /** How far the phase is; null: it is over. */
  readonly at: Key | null;
}

/** The next step, or that lanes must come to rest first. */
export function nextStep(parts: StepParts, work: Work): Step | 'lanes_must_rest' {
  const { erasure, person } = work;
  const { db } = parts;
  const { phase, at } = erasure.state;
  switch (phase) {
    case 'names_in_log':
      return namesInLog(parts, work);
    case 'names_in_detections': {
      const { users, next } = detectionUsers(db, at);
      return { person: users.reduce((known, user) => known.learnt(user, work.keys), person), at: next };
    }
    case 'names_in_windows_0':
    case 'names_in_windows_1': {
      const { values, next } = windowGroups(db, phase === 'names_in_windows_0' ? 0 : 1, at);
      return { person: learntOf(values, work), at: next };
    }
    case 'names_elsewhere': {
      const names = [...parts.watched.users, ...Object.keys(parts.config().device_map)];
      return { person: learntOf(names, work), at: null };
    }
    case 'windows_0':
    case 'windows_1':
      return swept(work, 'windows', () => eraseWindows(db, phase === 'windows_0' ? 0 : 1, person, at));
    case 'watches':
      return watches(parts, work);
    case 'log':
      return logStep(parts, work);
    case 'detections':
      return swept(work, 'detections', () =>
        eraseDetections(parts, person, {
          after: at,
          head: erasure.state.head,
          begunAtMs: erasure.begunAtMs,
          keys: work.keys,
        }),
      );
    case 'seen':
    case 'texts':
      return tablesStep(parts, work);
    case 'lanes':
      return lanesStep(parts, work);
    case 'lifted_holds':
      return liftedStep(parts, work);
    case 'held':
      return heldStep(parts, work);
    case 'config':
      return configStep(parts, work);
    case 'end':
      return { at: null };
    default:
      return unreachable(phase);
  }
}

function namesInLog({ log }: StepParts, { erasure, person, keys }: Work): Step {
  const { at, head } = erasure.state;
  const entries = log.page(Number(at?.[0] ?? 0), NAMES_PER_TURN, PAGE_LENGTH_MAX);
  const last = entries.at(-1)?.seq;
  const known = entries.reduce((so, { event: { user } }) => (user ? so.learnt(user, keys) : so), person);
  return { person: known, at: last === undefined || last >= head ? null : [last] };
}

/** A value that may be an id or an address. */
function learntOf(values: readonly string[], { person, keys }: Work): ErasedPerson {
  return values.reduce((known, value) => known.learnt({ id: value, email: value }, keys), person);
}

/** Rows of a table. What it does is done when it is written. */
function swept(
  { erasure }: Work,
  counted: 'windows' | 'detections',
  sweep: () => { readonly next: Key | null; readonly removed: number; readonly texts: number },
): Step {
  const step = { at: null as Key | null };
  const write = (): Partial<ErasureState> => {
    const { next, removed, texts } = sweep();
    step.at = next;
    return { removed: plus(erasure, { [counted]: removed, texts }) };
  };
  return {
    write,
    get at() {
      return step.at;
    },
  };
}

/** Who is watched, and the sealed map. What the rules have made until here is looked at, too. */
function watches({ db, watched, log }: StepParts, { erasure, person }: Work): Step {
  const write = (): Partial<ErasureState> => ({
    to: log.head,
    removed: plus(erasure, {
      watches: watched.forget((user) => person.isName(user)),
      pseudonyms: person.keys.reduce(
        (sum, key) => sum + db.run('DELETE FROM pseudonyms WHERE key = ?', key),
        0,
      ),
    }),
  });
  return { write, at: null };
}

function logStep(parts: StepParts, { erasure, person, keys, nowMs }: Work): Step | 'lanes_must_rest' {
  const { at, head, to } = erasure.state;
  const after = Number(at?.[0] ?? 0);
  const asked: Asked = { person, keys, after, to: to ?? head, head, begunAtMs: erasure.begunAtMs, nowMs };
  const page = pageToErase(parts, asked);
  if (!page) return { at: null };
  if (page.theirs.length + page.cleaned.length === 0) return { at: [page.last] };
  if (!areAtRest(parts, nowMs)) return 'lanes_must_rest';
  // What is counted by the hour names nobody, and is counted before it goes.
  parts.activity.flushTo(page.last, nowMs);
  let states: ReadonlyMap<Lane, LaneState> = new Map();
  return {
    at: [page.last],
    write: () => {
      const erased = erasePage(parts, page, asked);
      states = erased.states;
      return stateAfter(erasure, erased.lost);
    },
    after: () => {
      for (const [lane, state] of states) lane.adopt(state);
    },
  };
}

/** Between two batches: what a lane has in hand may be of anybody. */
function areAtRest({ lanes }: Pick<StepParts, 'lanes'>, nowMs: number): boolean {
  for (const lane of lanes.known) lane.restore();
  return lanes.known.every((lane) => !lane.isRunning(nowMs));
}

function tablesStep({ db, log }: StepParts, { erasure, person }: Work): Step {
  const { phase, at } = erasure.state;
  const places = phase === 'seen' ? log.periods.map(({ n }) => n) : [...Array(TEXT_TABLES).keys()];
  const [place = places[0], ...after] = at ?? [];
  const index = places.indexOf(Number(place));
  if (place === undefined || index < 0) return { at: null };
  const rest = after.length > 0 ? after : null;
  let next: Key | null = null;
  return {
    write: () => {
      const sweep = phase === 'seen' ? eraseSeen : eraseTexts;
      const done = sweep(db, Number(place), person, rest);
      const following = places[index + 1];
      next = done.next ? [Number(place), ...done.next] : following === undefined ? null : [following];
      return {};
    },
    get at() {
      return next;
    },
  };
}

/** What a destination last wrote, and the filters of removed ones. */
function lanesStep(parts: StepParts, { person: { finder }, nowMs }: Work): Step | 'lanes_must_rest' {
  const named = parts.lanes.known.filter(({ state }) => finder.isIn(JSON.stringify(textsOf(state))));
  if (named.length === 0) return { at: null };
  if (!areAtRest(parts, nowMs)) return 'lanes_must_rest';
  const states = named.map(
    (lane) => [lane, { ...lane.state, ...finder.cleaned(textsOf(lane.state)) }] as const,
  );
  return {
    at: null,
    write: () => {
      for (const [lane, state] of states) parts.laneStore.save(lane.name, state);
      return {};
    },
    after: () => {
      for (const [lane, state] of states) lane.adopt(state);
    },
  };
}

function textsOf({
  blocked,
  lastFailure,
  leaving,
}: LaneState): Pick<LaneState, 'blocked' | 'lastFailure' | 'leaving'> {
  return { blocked, lastFailure, leaving };
}

/** What lifted holds have copied goes anyway, step by step: here it does not wait for the alarm. */
function liftedStep({ holds, notes }: StepParts, { nowMs }: Work): Step {
  if (!holds.hasLifted) return { at: null };
  return {
    at: [0],
    write: () => {
      holds.removeLifted(notes.of('held_entries', nowMs), nowMs);
      return {};
    },
  };
}

/** What other holds have copied stays, and is named. */
function heldStep({ db }: StepParts, { erasure, person }: Work): Step {
  const { holds, next } = holdsNaming(db, person, erasure.state.at);
  const remaining = placesOf([...erasure.state.remaining, ...[...holds].map(heldBy)]);
  return { at: next, write: () => ({ remaining }) };
}

function configStep(parts: StepParts, { erasure, person }: Work): Step {
  const { config, devices } = withoutDevices(parts.config(), person);
  return {
    at: null,
    write: () => {
      if (devices > 0) parts.saveConfig(config, erasure);
      const remaining = [...namedIn(config, person), ...namedInRecords(parts.db, person)];
      return {
        removed: plus(erasure, { devices }),
        remaining: placesOf([...remaining, ...erasure.state.remaining]),
      };
    },
  };
}
