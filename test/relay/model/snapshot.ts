/** What a tenant's object says and holds, read in one turn of it. */

import type { CanonicalEvent } from '../../../src/domain/event.ts';
import type { DeadLetterView, LaneView } from '../../../src/domain/lane-view.ts';
import type { TenantRelay } from '../../../src/relay/tenant-relay.ts';
import type { Entry } from './log-model.ts';

/** Read in one turn of the object: its parts fit together. */
export interface Snapshot {
  readonly views: readonly LaneView[];
  readonly letters: readonly DeadLetterView[];
  readonly followUps: readonly {
    readonly lane: string;
    readonly seq: number;
    readonly letter: number | null;
  }[];
  readonly cursors: ReadonlyMap<string, number>;
  readonly log: readonly Entry[];
}

export async function readSnapshot(relay: TenantRelay, state: DurableObjectState): Promise<Snapshot> {
  const reading = [relay.lanes(), relay.deadLetters({ limit: 500 })] as const;
  const { sql } = state.storage;
  const followUps = [
    ...sql.exec<{ lane: string; seq: number; letter: number | null }>(
      'SELECT lane, seq, letter FROM follow_ups',
    ),
  ];
  const cursors = new Map(
    [...sql.exec<{ name: string; cursor: number }>('SELECT name, cursor FROM lanes')].map(
      ({ name, cursor }) => [name, cursor],
    ),
  );
  const log = readLog(sql);
  const [views, letters] = await Promise.all(reading);
  return { views, letters, followUps, cursors, log };
}

/** Whether something of a removed destination is not moved to the dead letters yet. */
export function isLeavingStill(state: DurableObjectState, lane: string): boolean {
  const [row] = state.storage.sql.exec<{ state: string }>('SELECT state FROM lanes WHERE name = ?', lane);
  return row ? (JSON.parse(row.state) as { leaving: unknown[] }).leaving.length > 0 : false;
}

function readLog(sql: SqlStorage): Entry[] {
  const tables = [
    ...sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name GLOB 'events_[0-9]*'"),
  ];
  return tables
    .flatMap(({ name }) => [...sql.exec<{ seq: number; body: string }>(`SELECT seq, body FROM ${name}`)])
    .map(({ seq, body }) => {
      const { type, id } = JSON.parse(body) as CanonicalEvent;
      return { seq, type, id };
    })
    .toSorted((a, b) => a.seq - b.seq);
}

interface WaitingLetter {
  readonly id: number;
  readonly lane: string;
  readonly seq: number;
  readonly reason: string;
  readonly at: number;
}

/** Dead letters that are not being sent again. */
export function waitingLetters(sql: SqlStorage): WaitingLetter[] {
  return [
    ...sql.exec<WaitingLetter & Record<string, SqlStorageValue>>(
      'SELECT id, lane, seq, reason, at FROM dead_letters WHERE redriven_at IS NULL',
    ),
  ];
}
