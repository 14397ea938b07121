/**
 * Rules as viewers see them: a viewer, who sees pseudonyms, is not shown the persons, devices and pages that a rule names itself.
 * Pure.
 */

import { HIDDEN_VALUE, LEFT_OUT, isPersonalKey } from '../../domain/personal-fields.ts';
import { resolveField } from '../../domain/field-map.ts';
import type { RuleChange, RuleDetail, RuleTest } from '../../domain/rule-views.ts';
import { isRecord } from '../../lib/record.ts';
import type { Call } from '../admin-route.ts';
import { seesTexts } from './for-viewers.ts';

/** What no person can be named in. */
const NAMELESS_PARTS: readonly string[] = [
  'level',
  'source',
  'enabled',
  'alerts',
  'dry_run',
  'respond',
  'playbook',
  'watch_ms',
  'suppress_ms',
  'after_alert',
  'threshold',
  'timespan_ms',
];

export function detailFor(call: Call, rule: RuleDetail): RuleDetail {
  if (seesTexts(call)) return rule;
  const { selections, custom, logsource, ...document } = rule.document;
  return {
    ...rule,
    document: {
      ...document,
      ...(isRecord(selections) && { selections: hiddenSelections(selections) }),
      // What is of no use to the relay may say anything of anybody.
      ...(isRecord(custom) && { custom: hiddenBut('relay', custom) }),
      ...(isRecord(logsource) && { logsource: { ...logsource, ...hiddenDefinition(logsource) } }),
    },
  };
}

export function changesFor(call: Call, changes: readonly RuleChange[]): readonly RuleChange[] {
  if (seesTexts(call)) return changes;
  return changes.map((change) => ({
    ...change,
    changes: change.changes.map((one) => ({ ...one, parts: one.parts.map(hiddenPart) })),
  }));
}

export function testsFor(call: Call, tests: readonly RuleTest[]): readonly RuleTest[] {
  if (seesTexts(call)) return tests;
  return tests.map((test) => ({
    ...test,
    ...stepsForViewers(test),
    ...(test.counted && { counted: test.counted.map((one) => ({ ...one, ...stepsForViewers(one) })) }),
  }));
}

function stepsForViewers({ selections }: Pick<RuleTest, 'selections'>): Pick<RuleTest, 'selections'> {
  if (!selections) return {};
  return {
    selections: selections.map((selection) => ({
      ...selection,
      items: selection.items.map(({ item, matches }) => ({ item: hiddenItem(item), matches })),
    })),
  };
}

type Part = RuleChange['changes'][number]['parts'][number];

function hiddenPart({ part, from, to }: Part): Part {
  const shown = (text: string): string => (NAMELESS_PARTS.includes(part) ? text : LEFT_OUT);
  return {
    part,
    ...(from !== undefined && { from: shown(from) }),
    ...(to !== undefined && { to: shown(to) }),
  };
}

/** An item begins with its field; a keyword, which has none, may be anybody's name. */
function hiddenItem(item: string): string {
  const [key = ''] = item.split(':');
  const field = key.split('|')[0] ?? '';
  if (resolveField(field.trim()) === undefined) return HIDDEN_VALUE;
  return isPersonalKey(field.trim()) ? `${key}: ${HIDDEN_VALUE}` : item;
}

function hiddenBut(name: string, attributes: Record<string, unknown>): Record<string, unknown> {
  const shown = Object.entries(attributes).map(([key, value]) => [key, key === name ? value : HIDDEN_VALUE]);
  return Object.fromEntries(shown) as Record<string, unknown>;
}

function hiddenDefinition(logsource: Record<string, unknown>): Record<string, unknown> {
  return logsource['definition'] === undefined ? {} : { definition: HIDDEN_VALUE };
}

function hiddenSelections(selections: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(selections).map(([name, one]) => [name, hiddenSelection(one)]));
}

/** A map, a list of maps or keywords, or a keyword. */
function hiddenSelection(selection: unknown): unknown {
  if (Array.isArray(selection)) return selection.map((one: unknown) => hiddenSelection(one));
  if (!isRecord(selection)) return HIDDEN_VALUE;
  return Object.fromEntries(
    Object.entries(selection).map(([key, value]) => {
      const isHidden = key.startsWith('|') || isPersonalKey(key);
      return [key, isHidden ? HIDDEN_VALUE : value];
    }),
  );
}
