/**
 * What rules make of one event, step by step. Nothing is counted: windows are read, and what would be written is kept aside.
 * Pure but for the windows that it reads.
 */

import type { WindowState } from '../detection/correlation.ts';
import type { SigmaRule } from '../detection/document.ts';
import { explainRule } from '../detection/sigma.ts';
import { meetsOf } from '../detection/window-value.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { RuleTest } from '../domain/rule-views.ts';
import { conditionText } from './condition-text.ts';
import { type Trace, compileRules } from './evaluate.ts';
import { ruleEvent } from './rule-event.ts';
import { rulesByName, rulesInOrder } from './rule-order.ts';
import type { Found, Rule, RuleFailure, WindowPort } from './rule.ts';

/** What the rules themselves say; what would be done about it is the tenant's to know. */
export type TestedRule = Omit<RuleTest, 'responses' | 'playbook' | 'checklist'>;

export interface RulesTested {
  readonly tests: readonly (TestedRule & { readonly tested: Rule })[];
  readonly found: readonly Found[];
  readonly failures: readonly RuleFailure[];
}

/**
 * Tests those of the tenant's rules that `isAsked` says; what a correlation refers to is evaluated with it. A rule that is switched off,
 * or alerts only within a correlation, is tested as if it were on.
 */
export function testRules(
  rules: readonly Rule[],
  event: CanonicalEvent,
  windows: Pick<WindowPort, 'get'>,
  nowMs: number,
  isAsked: (rule: Rule) => boolean = ({ isEnabled, alerts }) => isEnabled && alerts,
): RulesTested {
  const asked = new Set(rules.filter((rule) => isAsked(rule)).map(({ id }) => id));
  const asIfOn = rules.map((rule) => ({ ...rule, isEnabled: true, alerts: asked.has(rule.id) }));
  const engine = compileRules(asIfOn);
  const { traces, found, failures } = engine.trace(event, aside(windows), nowMs);
  const byName = rulesByName(asIfOn);
  const tests = traces
    .filter(({ rule }) => asked.has(rule.id))
    .map((trace) => ({ ...testOf(trace, event), ...countedBy(trace.rule, byName, event) }));
  return { tests, found, failures };
}

/** Of a correlation: its rules, and those of the correlations that it counts, step by step. */
function countedBy(
  rule: Rule,
  byName: ReadonlyMap<string, Rule>,
  event: CanonicalEvent,
): Pick<TestedRule, 'counted'> {
  if (rule.document.kind === 'rule') return {};
  const bases = rulesInOrder([{ ...rule, isEnabled: true, alerts: true }], byName);
  return {
    counted: bases.flatMap(({ id, title, document }) =>
      document.kind === 'rule' ? [{ rule: id, title, ...stepsOf(document, event) }] : [],
    ),
  };
}

function testOf(trace: Trace, event: CanonicalEvent): RulesTested['tests'][number] {
  const { rule, fires, observed } = trace;
  const { document, id, name, title, level } = rule;
  const base = { rule: id, name, title, level, tested: rule };
  if (document.kind === 'rule') return { ...base, ...stepsOf(document, event) };
  const condition = conditionText(document);
  if (observed === undefined) return { ...base, matches: false, condition };
  const { value } = observed;
  // Also of an event that was counted before, which crosses nothing anew.
  const crossed = meetsOf(document)(value);
  return {
    ...base,
    matches: crossed,
    condition,
    window: { value, condition, crossed, isQuiet: crossed && !fires },
  };
}

function stepsOf(document: SigmaRule, event: CanonicalEvent) {
  const { matches, selections } = explainRule(document)(ruleEvent(event));
  return { matches, selections, condition: document.condition.join(' or ') };
}

/** Reads through, and keeps what is written. */
function aside(windows: Pick<WindowPort, 'get'>): WindowPort {
  const written = new Map<string, WindowState>();
  return {
    get: (rule, key) => written.get(rowOf(rule, key)) ?? windows.get(rule, key),
    put: (rule, key, state) => {
      written.set(rowOf(rule, key), state);
    },
  };
}

function rowOf(rule: string, key: string): string {
  return JSON.stringify([rule, key]);
}
