/** What the last whole sync of a destination's indicators came to, kept in the lane's memory for an operator. Domains only: no person. */

import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import type { ChannelMemory } from '../destination.ts';
import type { SyncReport } from './indicator-sync.ts';

const KEY = 'summary';
const KEPT_MS = 400 * 24 * 3_600_000;
/** Of each list: a value of the memory is small. */
const LISTED_MAX = 200;

export interface IndicatorSummary extends SyncReport {
  readonly atMs: number;
  /** Domains of the config whose time is over. */
  readonly expired: readonly string[];
}

export function keepSummary(memory: ChannelMemory, summary: IndicatorSummary): void {
  const { foreign, refused, expired } = summary;
  const kept = {
    ...summary,
    foreign: foreign.slice(0, LISTED_MAX),
    refused: refused.slice(0, LISTED_MAX),
    expired: expired.slice(0, LISTED_MAX),
  };
  memory.put(KEY, JSON.stringify(kept), summary.atMs + KEPT_MS);
}

/** Undefined: there was no sync yet, or what is kept can't be read. */
export function readSummary(memory: ChannelMemory): IndicatorSummary | undefined {
  const text = memory.get(KEY);
  const value = text === undefined ? undefined : jsonIn(text);
  return isSummary(value) ? value : undefined;
}

function isSummary(value: unknown): value is IndicatorSummary {
  if (!isRecord(value)) return false;
  const numbers = ['atMs', 'created', 'updated', 'removed', 'unchanged'];
  const lists = ['foreign', 'refused', 'expired'];
  return (
    numbers.every((key) => typeof value[key] === 'number') && lists.every((key) => Array.isArray(value[key]))
  );
}
