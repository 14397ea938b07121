/** Applies what a tenant changes of a rule: threshold, timespan, values of its lists. Pure. What does not fit the rule is a fault. */

import type { SigmaCorrelation, SigmaRule } from '../detection/document.ts';
import { replaceValues } from '../detection/sigma.ts';
import type { RuleOverride } from '../domain/rules-config.ts';
import type { TenantPlatforms } from '../domain/platforms-config.ts';
import { nearestWord } from '../lib/nearest.ts';
import { countFault } from './document-faults.ts';
import { DURATION_WORDS, parseDuration } from './duration.ts';
import type { ListPlace } from './relay-attribute.ts';
import { canonicalField } from './rule-fields.ts';

/** Where within the override, such as `threshold`, and what is wrong. */
type Fault = (part: string, message: string) => void;

export function overrideCorrelation(
  document: SigmaCorrelation,
  { threshold, timespan, lists }: RuleOverride,
  fault: Fault,
): SigmaCorrelation {
  const timespanMs = timespan === undefined ? document.timespanMs : parseDuration(timespan);
  if (timespanMs === undefined) fault('timespan', DURATION_WORDS);
  if (lists !== undefined) fault('lists', 'is for rules with lists: name the rule that this one counts');
  const operators = Object.keys(document.bounds);
  const [operator] = operators;
  if (threshold !== undefined && operators.length !== 1)
    fault('threshold', `needs a condition with one bound: this one has ${operators.length}`);
  const bounds =
    threshold !== undefined && operator !== undefined ? { [operator]: threshold } : document.bounds;
  const count = countFault({ ...document, bounds });
  if (count !== undefined) fault('threshold', count);
  return { ...document, timespanMs: timespanMs ?? document.timespanMs, bounds };
}

/** No event has it in any field: what an empty list stands for, as Sigma knows none. */
const NO_VALUE = '\u0000';

/** Lists of these names have the tenant's platforms, unless an override says otherwise. */
function platformLists({ approved, risky }: TenantPlatforms): Readonly<Record<string, readonly string[]>> {
  return { approved_platforms: approved, risky_platforms: risky };
}

export function overrideRule(
  document: SigmaRule,
  places: Readonly<Record<string, ListPlace>>,
  { threshold, timespan, lists = {} }: RuleOverride,
  platforms: TenantPlatforms,
  fault: Fault,
): SigmaRule {
  if (threshold !== undefined) fault('threshold', 'is for correlations: this rule counts nothing');
  if (timespan !== undefined) fault('timespan', 'is for correlations: this rule counts nothing');
  const known = Object.keys(places);
  for (const name of Object.keys(lists)) {
    if (known.includes(name)) continue;
    const nearest = nearestWord(name, known);
    const hint = known.length === 0 ? 'it has none' : `known are ${known.join(', ')}`;
    fault('lists', `is no list of the rule: ${nearest === undefined ? hint : `did you mean ${nearest}?`}`);
  }
  const values = { ...platformLists(platforms), ...lists };
  let changed = document;
  for (const [name, { selection, field }] of Object.entries(places)) {
    const wanted = Object.hasOwn(values, name) ? values[name] : undefined;
    if (wanted === undefined) continue;
    const put = wanted.length > 0 ? wanted : [NO_VALUE];
    changed = replaceValues(changed, selection, canonicalField(field), put) ?? changed;
  }
  return changed;
}
