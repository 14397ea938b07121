/**
 * Takes the entries of one person out of a page of the log, with what lanes have of them, and the person's names out of the texts of the
 * others. Between batches only: while a lane runs it may have any of them in hand.
 */

import { groupHash, hashOf } from '../destinations/entry-group.ts';
import { itemKey } from '../destinations/falcon/case-group.ts';
import { groupsOf, matterOf } from '../destinations/messages/message-groups.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { OutsideCopies } from '../domain/rights.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import type { Database } from '../lib/database.ts';
import { sha256Hex } from '../lib/hmac.ts';
import type { Activity } from './activity.ts';
import { type ErasedPerson, beganAtMs } from './erased-person.ts';
import { explain } from './explain.ts';
import { spanOf } from './lane-history.ts';
import type { LaneSet } from './lane-set.ts';
import { type LaneState, erase } from './lane-state.ts';
import type { LaneStore } from './lane-store.ts';
import type { Lane } from './lane.ts';
import type { LegalHolds } from './legal-holds.ts';
import type { EventLog, LogEntry } from './log.ts';
import type { PersonKeys } from './person-keys.ts';
import { writeMeta } from './schema.ts';

/** Of one turn: each is parsed, and its texts are read. */
const ENTRIES_PER_TURN = 1_000;
const PAGE_LENGTH_MAX = 4 * 1024 * 1024;
/** What lanes may have sent of an entry, as far as is known. */
const MAY_BE_THERE: ReadonlySet<string> = new Set(['delivered', 'settled', 'parked', 'discarded']);

export interface EntryParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly laneStore: LaneStore;
  readonly activity: Activity;
  readonly holds: LegalHolds;
}

export interface Asked {
  readonly person: ErasedPerson;
  readonly keys: PersonKeys;
  /** Look at what comes after this entry, up to and with another. */
  readonly after: number;
  readonly to: number;
  /** What came up to here, or began by then, is erased. */
  readonly head: number;
  readonly begunAtMs: number;
  readonly nowMs: number;
}

export interface Page {
  readonly last: number;
  readonly theirs: readonly LogEntry[];
  /** Others' entries in which a text named the person, without it. */
  readonly cleaned: readonly { readonly seq: number; readonly body: string }[];
}

/** What a page lost. */
export interface Lost {
  readonly events: number;
  readonly deadLetters: number;
  readonly followUps: number;
  readonly texts: number;
  /** By lane. */
  readonly undelivered: ReadonlyMap<string, number>;
  readonly destinations: readonly OutsideCopies[];
  readonly alsoSeen: readonly string[];
}

/** What is to be done with the next page; undefined: there is none. */
export function pageToErase({ log }: Pick<EntryParts, 'log'>, asked: Asked): Page | undefined {
  const { person, after, to, head, begunAtMs } = asked;
  const entries = log.page(after, ENTRIES_PER_TURN, PAGE_LENGTH_MAX).filter(({ seq }) => seq <= to);
  const last = entries.at(-1)?.seq;
  if (last === undefined) return undefined;
  const theirs: LogEntry[] = [];
  const cleaned: { seq: number; body: string }[] = [];
  for (const entry of entries) {
    const { seq, event } = entry;
    if (person.isEntry(event)) {
      if (seq <= head || beganAtMs(event) <= begunAtMs) theirs.push(entry);
      continue;
    }
    const body = JSON.stringify(event);
    const clean = person.finder.withoutInJson(body);
    if (clean !== body) cleaned.push({ seq, body: clean });
  }
  return { last, theirs, cleaned };
}

/** Erases a page. No lane may run. Call inside a transaction; what it returns is to be adopted once that holds. */
export function erasePage(
  parts: EntryParts,
  { theirs, cleaned }: Page,
  asked: Asked,
): { readonly lost: Lost; readonly states: ReadonlyMap<Lane, LaneState> } {
  const { db, log, lanes, laneStore } = parts;
  const outcomes = lanes.known.map((lane) => laneOutcome(parts, lane, theirs));
  const states = new Map<Lane, LaneState>();
  for (const { lane, state } of outcomes) {
    if (state === lane.state) continue;
    laneStore.save(lane.name, state);
    states.set(lane, state);
  }
  // The newest entries may be among them: their numbers never come again.
  writeMeta(db, 'next_seq', log.head + 1);
  parts.holds.keepErased(
    theirs.map(({ seq, event }) => ({ seq, body: JSON.stringify(event) })),
    asked.keys,
  );
  const removed = removeEntries(parts, theirs);
  for (const { seq, body } of cleaned)
    db.run(`UPDATE ${tableOf(log, seq)} SET body = ? WHERE seq = ?`, body, seq);
  forgetInChannels(db, theirs, asked);
  const noxys = theirs.filter(({ event }) => isFromNoxys(event));
  const lost = {
    ...removed,
    events: noxys.length,
    texts: cleaned.length,
    undelivered: new Map(outcomes.map(({ lane, undelivered }) => [lane.name, undelivered])),
    destinations: outcomes.map(({ copies }) => copies),
    alsoSeen: othersSeen(theirs, asked),
  };
  return { lost, states };
}

/** What a lane loses, and what its destination may have. */
function laneOutcome({ lanes, laneStore }: EntryParts, lane: Lane, theirs: readonly LogEntry[]) {
  const seqs = new Set(theirs.map(({ seq }) => seq));
  const [first = 0, last = 0] = [theirs[0]?.seq, theirs.at(-1)?.seq];
  const followUps = new Map(
    laneStore.followUps.between(lane.name, first, last).map((followUp) => [followUp.seq, followUp]),
  );
  const letters = laneStore.letters.betweenOf(lane.name, first, last);
  const spans = laneStore.history.spans(lane.name);
  const filter = lanes.filter(lane.name);
  const count = { waiting: 0, parked: 0, letters: 0, outside: 0 };
  const destination = lanes.destinationOf(lane.name);
  for (const { seq, event } of theirs) {
    const { outcome } = explain({
      lane: lane.name,
      seq,
      event,
      state: lane.state,
      destination,
      filter,
      letter: letters.get(seq),
      followUp: followUps.get(seq),
      end: laneStore.history.endOf(lane.name, seq),
      span: spanOf(spans, seq),
    });
    if (outcome === 'waiting') count.waiting++;
    if (outcome === 'parked') count.parked++;
    if (outcome === 'dead_letter') count.letters++;
    if (MAY_BE_THERE.has(outcome)) count.outside++;
  }
  const { outside, ...owed } = count;
  return {
    lane,
    state: erase(lane.state, { seqs, ...owed }),
    undelivered: owed.waiting + owed.parked + owed.letters,
    copies: {
      destination: destination?.name ?? lane.name.split('/')[0] ?? lane.name,
      type: destination?.type ?? 'removed',
      entries: outside,
    },
  };
}

/** The rows of entries, and all that refers to them. */
function removeEntries(
  { db, log, laneStore }: EntryParts,
  theirs: readonly LogEntry[],
): Pick<Lost, 'deadLetters' | 'followUps'> {
  const [first = 0, last = 0] = [theirs[0]?.seq, theirs.at(-1)?.seq];
  for (const { seq } of theirs) db.run(`DELETE FROM ${tableOf(log, seq)} WHERE seq = ?`, seq);
  const seqs = new Set(theirs.map(({ seq }) => seq));
  const removed = laneStore.removeOf(seqs, first, last);
  return { deadLetters: removed.letters, followUps: removed.followUps };
}

function tableOf({ periods }: EventLog, seq: number): string {
  const period = periods.findLast(({ firstSeq, hasEvents }) => hasEvents && firstSeq <= seq);
  return `events_${period?.n ?? 0}`;
}

/** What channels remember of the entries: under hashes of them, and of what groups them. */
function forgetInChannels(db: Database, theirs: readonly LogEntry[], asked: Asked): void {
  if (theirs.length === 0) return;
  const hashes = new Set(theirs.flatMap(({ event }) => channelHashes(event, asked)));
  const rows = db.all<{ lane: string; key: string }>('SELECT lane, key FROM channel_memory');
  for (const { lane, key } of rows)
    if (hashes.has(key.slice(key.lastIndexOf(':') + 1)))
      db.run('DELETE FROM channel_memory WHERE lane = ? AND key = ?', lane, key);
}

function channelHashes(event: CanonicalEvent, { keys, person }: Asked): readonly string[] {
  const { id, type, user } = event;
  const key = user && keys.ofUser(user);
  // As a destination gets it: with the name, with the key of it, or with that of the address alone.
  const users = [user?.id, user?.email, key, ...person.keys].flatMap((name) => name ?? []);
  const group = event.detection?.groupKey;
  const groupNames = group === undefined ? [] : [group, keys.ofUser({ id: group }) ?? group];
  const who = [...new Set([...users, ...groupNames])];
  const groups = who.map((name) =>
    groupHash({
      ...event,
      user: { id: name },
      ...(event.detection && { detection: { ...event.detection, groupKey: name } }),
    }),
  );
  const messages = who.flatMap((name) => [
    matterOf(event, () => name),
    ...groupsOf([event], () => name).map((told) => told.key),
  ]);
  // Without a group of its own a detection is one of all that have none.
  const own = event.detection && group === undefined ? [] : [groupHash(event)];
  return [...groups, ...messages, ...own, hashOf([type, id]), itemKey(event), sha256Hex(id)];
}

/** Keys of the names that stood beside the person's. */
function othersSeen(theirs: readonly LogEntry[], { person, keys }: Asked): readonly string[] {
  const names = theirs.flatMap(({ event: { user } }) => [
    ...(user?.id === undefined || person.isName(user.id) ? [] : [keys.ofUser({ id: user.id })]),
    ...(user?.email === undefined || person.isName(user.email) ? [] : [keys.ofUser({ email: user.email })]),
  ]);
  return [...new Set(names.flatMap((key) => key ?? []))];
}
