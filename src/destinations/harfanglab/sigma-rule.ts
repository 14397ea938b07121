/**
 * A Sigma rule at HarfangLab: what the relay wants it to be, what the manager says it is, and whether the two agree.
 * Pure. It alerts, in testing, and never does more.
 * Source: HarfangLab's Swagger of SigmaRule, DROID, read 2026-11.
 */

import type { EndpointRule } from '../../domain/harfanglab-config.ts';
import { isRecord } from '../../lib/record.ts';
import { textsIn, told } from './refusal.ts';
import { saysTheSame } from './sigma-content.ts';

export interface WantedRule {
  readonly rule: EndpointRule;
  /** By it a manager tells rules apart, over all of its sources. */
  readonly sigmaId: string;
  readonly name: string;
  /** YAML. */
  readonly content: string;
}

export interface ExistingRule {
  /** The manager's own. */
  readonly id: string;
  readonly sigmaId: string;
  readonly name: string;
  readonly fields: Readonly<Record<PropertyKey, unknown>>;
  /** What its engine says of it. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const STATE = {
  enabled: true,
  global_state: 'alert',
  hl_status: 'testing',
  block_on_agent: false,
  quarantine_on_agent: false,
} as const;

/** All that the relay sets of a rule. */
export function fieldsOf({ name, content }: WantedRule): Readonly<Record<string, unknown>> {
  return { name, content, ...STATE };
}

/** Whether a rule is already what it should be. What the manager does not tell of its state counts as right. */
export function agrees({ name, fields }: ExistingRule, wanted: WantedRule): boolean {
  return (
    name === wanted.name &&
    saysTheSame(fields['content'], wanted.content) &&
    Object.entries(STATE).every(([key, value]) => fields[key] === undefined || fields[key] === value)
  );
}

/** A rule as the manager answers it; undefined: it is of another source, or none. */
export function readRule(row: unknown, sourceId: string): ExistingRule | undefined {
  if (!isRecord(row)) return undefined;
  const { id, rule_id: sigmaId, name, source_id: source = row['source'], errors, warnings } = row;
  if (typeof id !== 'string' || id === '' || typeof sigmaId !== 'string' || source !== sourceId)
    return undefined;
  return {
    id,
    sigmaId,
    name: typeof name === 'string' ? name.trim() : '',
    fields: row,
    errors: textsIn(errors).map(told),
    warnings: textsIn(warnings).map(told),
  };
}

/** What a creation's answer says: `accepted`, or why not. It is 201 either way. Source: DROID. */
export function verdictIn(body: unknown): {
  readonly isAccepted: boolean;
  readonly reason: string;
} {
  const list = isRecord(body) ? body['status'] : undefined;
  const entries = (Array.isArray(list) ? list : []).filter(isRecord);
  const isAccepted = entries.length > 0 && entries.every(({ status }) => status === true);
  const reasons = entries.flatMap(({ status, code, content }) =>
    status === true ? [] : [[code, content].filter((text) => typeof text === 'string').join(': ')],
  );
  return {
    isAccepted,
    reason: told(reasons.join('; ')) || 'the answer does not say that it was accepted',
  };
}

/** The correlations that a refused removal names. Source: DROID's tests. */
export function correlationsIn(body: unknown): readonly string[] {
  if (!isRecord(body)) return [];
  const { linked_correlation: linked = body['linked_correlation_rule'] } = body;
  return (Array.isArray(linked) ? linked : [linked])
    .filter(isRecord)
    .flatMap(({ correlation_rule_name: name }) => (typeof name === 'string' ? [told(name)] : []));
}
