/** How rules refer to each other: by which name, in which order they are evaluated, and what a correlation counts. Pure. */

import type { SigmaCorrelation, SigmaDocument } from '../detection/document.ts';
import { encodeBase32 } from '../lib/base32.ts';
import { sha256 } from '../lib/hmac.ts';
import type { Rule } from './rule.ts';

/** 50 bits: two states of one rule do not meet by chance. */
const DIGEST_LENGTH = 10;

export function rulesByName(rules: readonly Rule[]): ReadonlyMap<string, Rule> {
  return new Map(rules.flatMap((rule) => [rule.id, rule.name].map((name) => [name, rule] as const)));
}

/** What has to be evaluated: rules that are on and alert, each after those that it refers to, and these. */
export function rulesInOrder(rules: readonly Rule[], byName: ReadonlyMap<string, Rule>): readonly Rule[] {
  const ordered: Rule[] = [];
  const seen = new Set<Rule>();
  const visit = (rule: Rule | undefined): void => {
    if (rule === undefined || seen.has(rule)) return;
    seen.add(rule);
    for (const name of referencesOf(rule.document)) visit(byName.get(name));
    ordered.push(rule);
  };
  for (const rule of rules) if (rule.isEnabled && rule.alerts) visit(rule);
  return ordered;
}

/** Ids or names of the documents that one refers to. */
export function referencesOf(document: SigmaDocument): readonly string[] {
  return document.kind === 'rule' ? [] : document.rules;
}

/**
 * The name of a correlation's windows. It changes with what is counted: its type, span, group, fields and the rules behind it;
 * not with its bounds, its texts, or what is done about it, so that counting goes on.
 */
export function windowIdOf(
  rule: Rule,
  document: SigmaCorrelation,
  byName: ReadonlyMap<string, Rule>,
  known: Digests = new Map(),
): string {
  return `${rule.id}:${digestOf(document, byName, known).slice(0, DIGEST_LENGTH)}`;
}

/** The id of the rule whose windows have a name. */
export function ruleOfWindow(windowId: string): string {
  return windowId.slice(0, windowId.lastIndexOf(':'));
}

/** Of correlations whose digest was made: one that many refer to, and these again, is looked through once. */
export type Digests = Map<SigmaCorrelation, string>;

function digestOf(document: SigmaCorrelation, byName: ReadonlyMap<string, Rule>, known: Digests): string {
  const before = known.get(document);
  if (before !== undefined) return before;
  const digest = encodeBase32(sha256(JSON.stringify(countedBy(document, byName, known))));
  known.set(document, digest);
  return digest;
}

function countedBy(
  document: SigmaCorrelation,
  byName: ReadonlyMap<string, Rule>,
  known: Digests,
): readonly unknown[] {
  const { type, timespanMs, groupBy, fields, aliases } = document;
  const rules = document.rules.map((name) => {
    const target = byName.get(name);
    if (target?.document.kind !== 'correlation')
      return [name, target?.document.selections, target?.document.condition];
    const { suppressMs, afterAlert } = target;
    return [name, digestOf(target.document, byName, known), target.document.bounds, suppressMs, afterAlert];
  });
  return [type, timespanMs, groupBy, fields, aliases, rules];
}
