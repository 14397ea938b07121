/**
 * Evaluates a tenant's rules on one event: plain rules, then correlations, each after those that it refers to.
 * No I/O of its own: windows come and go through a port. A rule that throws is named; the others go on.
 */

import {
  type CompiledCorrelation,
  type Observed,
  type WindowState,
  compileCorrelation,
} from '../detection/correlation.ts';
import type { SigmaCorrelation } from '../detection/document.ts';
import { compileRule } from '../detection/sigma.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { isPersonalKey } from '../domain/personal-fields.ts';
import { eventTypesOf } from './event-types.ts';
import type { Evaluated, Found, Rule, RuleFailure, WindowPort } from './rule.ts';
import { type RuleEvent, ruleEvent } from './rule-event.ts';
import { windowKey } from './window-key.ts';
import { type Digests, rulesByName, rulesInOrder, windowIdOf } from './rule-order.ts';

interface Outcome {
  /** Of a rule: it matches. Of a correlation: it alerts, so that those that count refer to it once. */
  readonly fires: boolean;
  /** Of a correlation: its condition holds with this event, silent or not. So those look at it that ask for what came together. */
  readonly holds: boolean;
  /** Of a correlation that counted the event: its window since. */
  readonly observed?: Observed;
  readonly group?: readonly string[];
}
const NOTHING: Outcome = { fires: false, holds: false };
const FIRES: Outcome = { fires: true, holds: true };

/** What one rule made of an event. */
export interface Trace extends Outcome {
  readonly rule: Rule;
}

export interface RuleEngine {
  /** Rules that alert and fired. Windows are written through the port. */
  evaluate(event: CanonicalEvent, windows: WindowPort, nowMs: number): Evaluated;
  /** The same with all that was looked at. */
  trace(
    event: CanonicalEvent,
    windows: WindowPort,
    nowMs: number,
  ): Evaluated & { readonly traces: readonly Trace[] };
  /** For so long a window may still say something after its last event. 0: no rule counts. */
  readonly longestWindowMs: number;
  /** The name of a correlation's windows: another one when it counts something else. Undefined: it has none. */
  windowIdOf(rule: Rule): string | undefined;
  /** What a window holds now. Undefined: the rule has none. */
  viewOf(rule: Rule, state: WindowState, nowMs: number): ReturnType<CompiledCorrelation['view']> | undefined;
}

/** An event in evaluation. */
interface Moment {
  readonly id: string;
  readonly record: RuleEvent;
  readonly atMs: number;
  readonly nowMs: number;
  readonly windows: WindowPort;
  /** Ids of the rules that fired on it, and of those that hold. */
  readonly fired: Set<string>;
  readonly holding: Set<string>;
}

interface Step {
  readonly rule: Rule;
  readonly run: (moment: Moment) => Outcome;
  /** In lower case. Absent: events of any type may make it fire. */
  readonly types?: ReadonlySet<string>;
  readonly correlation?: CompiledCorrelation;
  readonly windowId?: string;
}

/** Types of events that are remembered: a tenant forwards no more. */
const TYPES_MAX = 64;

export function compileRules(rules: readonly Rule[]): RuleEngine {
  const byName = rulesByName(rules);
  const digests: Digests = new Map();
  const steps = rulesInOrder(rules, byName).map((rule) => stepOf(rule, byName, digests));
  const byRule = new Map(steps.map((step) => [step.rule.id, step]));
  const stepsFor = byType(steps);
  return {
    evaluate: (event, windows, nowMs) => walk(stepsFor(event.type), momentOf(event, windows, nowMs)),
    trace(event, windows, nowMs) {
      const traces: Trace[] = [];
      const evaluated = walk(steps, momentOf(event, windows, nowMs), (rule, outcome) => {
        traces.push({ rule, ...outcome });
      });
      return { ...evaluated, traces };
    },
    longestWindowMs: Math.max(0, ...rules.map(spanOf)),
    windowIdOf: ({ id }) => byRule.get(id)?.windowId,
    viewOf: ({ id }, state, nowMs) => byRule.get(id)?.correlation?.view(state, nowMs),
  };
}

/** What has to be looked at for events of a type; remembered. */
function byType(steps: readonly Step[]): (type: string) => readonly Step[] {
  const known = new Map<string, readonly Step[]>();
  return (type) => {
    const before = known.get(type);
    if (before) return before;
    const wanted = steps.filter(({ types }) => types?.has(type.toLowerCase()) ?? true);
    if (known.size < TYPES_MAX) known.set(type, wanted);
    return wanted;
  };
}

function walk(
  steps: readonly Step[],
  moment: Moment,
  visit?: (rule: Rule, outcome: Outcome) => void,
): Evaluated {
  const found: Found[] = [];
  const failures: RuleFailure[] = [];
  for (const { rule, run } of steps) {
    try {
      const outcome = run(moment);
      visit?.(rule, outcome);
      if (outcome.holds) moment.holding.add(rule.id);
      if (!outcome.fires) continue;
      moment.fired.add(rule.id);
      if (rule.alerts && rule.isEnabled) found.push(foundOf(rule, outcome, moment));
    } catch (cause) {
      failures.push({ rule: rule.id, cause });
    }
  }
  return { found, failures };
}

function momentOf(event: CanonicalEvent, windows: WindowPort, nowMs: number): Moment {
  return {
    id: event.id,
    record: ruleEvent(event),
    atMs: Date.parse(event.occurredAt),
    nowMs,
    windows,
    fired: new Set(),
    holding: new Set(),
  };
}

/** A document that does not compile fails on each event, like one that throws there. */
function stepOf(rule: Rule, byName: ReadonlyMap<string, Rule>, digests: Digests): Step {
  try {
    const { document } = rule;
    if (document.kind === 'correlation') return correlationStep(rule, document, byName, digests);
    const matches = compileRule(document);
    const types = eventTypesOf(document);
    return { rule, run: ({ record }) => (matches(record) ? FIRES : NOTHING), ...(types && { types }) };
  } catch (cause) {
    const run = () => {
      throw cause;
    };
    return { rule, run };
  }
}

function correlationStep(
  rule: Rule,
  document: SigmaCorrelation,
  byName: ReadonlyMap<string, Rule>,
  digests: Digests,
): Step {
  const correlation = compileCorrelation(document);
  const windowId = windowIdOf(rule, document, byName, digests);
  const policy = { suppressMs: rule.suppressMs ?? document.timespanMs, afterAlert: rule.afterAlert };
  const counted = [...new Set(document.rules)].map((name) => [name, byName.get(name)?.id ?? name] as const);
  const isTemporal = document.type === 'temporal' || document.type === 'temporal_ordered';
  const run = (moment: Moment): Outcome => {
    let outcome: Outcome = NOTHING;
    const seen = isTemporal ? moment.holding : moment.fired;
    const { record: event, id, atMs, nowMs, windows } = moment;
    const counts = new Set<string>();
    for (const [name, target] of counted) {
      if (!seen.has(target)) continue;
      const group = correlation.groupOf(event, name);
      if (group === undefined) continue;
      const key = windowKey(group);
      // Counted there already, as another of the rules fired, too.
      if (!isTemporal && counts.has(key)) continue;
      counts.add(key);
      const before = windows.get(windowId, key);
      const observed = correlation.observe(before, { id, atMs, rule: name, event }, policy, nowMs);
      if (observed.state !== before) windows.put(windowId, key, observed.state);
      const holds = outcome.holds || observed.crossed;
      outcome = outcome.fires ? { ...outcome, holds } : { fires: observed.alerts, holds, observed, group };
    }
    return outcome;
  };
  return { rule, run, correlation, windowId };
}

function foundOf(rule: Rule, { observed, group }: Outcome, { atMs, id }: Moment): Found {
  const { document } = rule;
  if (document.kind === 'rule' || observed === undefined)
    return { rule, count: 1, windowMs: 0, firstAtMs: atMs, lastAtMs: atMs, eventIds: [id] };
  const { count, firstAtMs, lastAtMs, eventIds } = observed;
  const groupKey = isNameless(document) && group?.length ? { groupKey: group.join(', ') } : {};
  return { rule, count, windowMs: document.timespanMs, firstAtMs, lastAtMs, eventIds, ...groupKey };
}

/** Destinations reduce a group as they reduce the user's id: what they reduce otherwise is in no group that they see. */
function isNameless({ groupBy, aliases }: SigmaCorrelation): boolean {
  const fields = groupBy.flatMap((name) => Object.values(aliases[name] ?? { name }));
  return fields.every((field) => field === 'user_id' || !isPersonalKey(field));
}

function spanOf({ document, suppressMs = 0 }: Rule): number {
  return document.kind === 'correlation' ? Math.max(document.timespanMs, suppressMs) : 0;
}
