/** What the last sync of a destination's Sigma rules came to, kept in the lane's memory for an operator. Names of rules only: no person. */

import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import type { ChannelMemory } from '../destination.ts';
import { listed } from '../indicator-summary.ts';

const KEY = 'summary';
const KEPT_MS = 400 * 24 * 3_600_000;
/** Of each list: a value of the memory is small. */
const LISTED_MAX = 50;

export interface RuleRemark {
  readonly rule: string;
  readonly message: string;
}

export interface RuleReport {
  readonly created: number;
  readonly updated: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Names of rules in the source that the relay did not make. */
  readonly foreign: readonly string[];
  readonly refused: readonly RuleRemark[];
  /** What the manager's engine warns of. */
  readonly warned: readonly RuleRemark[];
}

export interface RuleSummary extends RuleReport {
  readonly atMs: number;
}

export function keepRuleSummary(memory: ChannelMemory, summary: RuleSummary): void {
  const kept = { ...summary, foreign: summary.foreign.slice(0, LISTED_MAX) };
  memory.put(KEY, JSON.stringify(kept), summary.atMs + KEPT_MS);
}

/** Undefined: there was no sync yet, or what is kept can't be read. */
export function readRuleSummary(memory: ChannelMemory): RuleSummary | undefined {
  const text = memory.get(KEY);
  const value = text === undefined ? undefined : jsonIn(text);
  return isSummary(value) ? value : undefined;
}

/** For an operator, a sentence each; none before the first sync. */
export function ruleSummaryNotes(summary: RuleSummary | undefined): readonly string[] {
  if (!summary) return [];
  const { atMs, created, updated, removed, unchanged, foreign, refused, warned } = summary;
  const at = new Date(atMs).toISOString();
  return [
    `Brought in line at ${at}: ${created} made, ${updated} changed, ${removed} removed, ${unchanged} as they should be.`,
    ...(foreign.length > 0 ? [`Left alone, as somebody else made them: ${listed(foreign)}.`] : []),
    ...(refused.length > 0 ? [`Refused: ${listed(refused.map(remarkText))}.`] : []),
    ...(warned.length > 0 ? [`Taken with warnings: ${listed(warned.map(remarkText))}.`] : []),
  ];
}

export function remarkText({ rule, message }: RuleRemark): string {
  return `${rule}: ${message}`;
}

function isSummary(value: unknown): value is RuleSummary {
  if (!isRecord(value)) return false;
  const numbers = ['atMs', 'created', 'updated', 'removed', 'unchanged'];
  const lists = ['foreign', 'refused', 'warned'];
  return (
    numbers.every((key) => typeof value[key] === 'number') && lists.every((key) => Array.isArray(value[key]))
  );
}
