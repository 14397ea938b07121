/** What the last whole sync of a destination's indicators came to, kept in the lane's memory for an operator. Domains only: no person. */

import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import type { ChannelMemory } from './destination.ts';
import type { Refusal } from './indicator-wishes.ts';

const KEY = 'summary';
const KEPT_MS = 400 * 24 * 3_600_000;
/** Of each list: a value of the memory is small. */
const LISTED_MAX = 200;
/** Of each list in a note. */
const SHOWN_MAX = 10;

/** What bringing a destination's indicators in line came to. */
export interface SyncReport {
  readonly created: number;
  readonly updated: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Domains that somebody else has an indicator of. */
  readonly foreign: readonly string[];
  /** Domains that the destination refuses. */
  readonly refused: readonly Refusal[];
}

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

/** For an operator, a sentence each; none before the first sync. */
export function summaryNotes(summary: IndicatorSummary | undefined): readonly string[] {
  if (!summary) return [];
  const { atMs, created, updated, removed, unchanged, foreign, refused, expired } = summary;
  const at = new Date(atMs).toISOString();
  const refusals = refused.map(({ domain, message }) => `${domain} (${message})`);
  return [
    `Brought in line at ${at}: ${created} made, ${updated} changed, ${removed} removed, ${unchanged} as they should be.`,
    ...(foreign.length > 0 ? [`Left alone, as somebody else made them: ${listed(foreign)}.`] : []),
    ...(refused.length > 0 ? [`Refused: ${listed(refusals)}.`] : []),
    ...(expired.length > 0 ? [`Not made, as their time is over: ${listed(expired)}.`] : []),
  ];
}

/** The first of some texts, and how many more there are. */
export function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN_MAX).join(', ');
  return texts.length > SHOWN_MAX ? `${shown} and ${texts.length - SHOWN_MAX} more` : shown;
}

function isSummary(value: unknown): value is IndicatorSummary {
  if (!isRecord(value)) return false;
  const numbers = ['atMs', 'created', 'updated', 'removed', 'unchanged'];
  const lists = ['foreign', 'refused', 'expired'];
  return (
    numbers.every((key) => typeof value[key] === 'number') && lists.every((key) => Array.isArray(value[key]))
  );
}
