/** What is right Sigma, and yet no rule of the relay: its own attribute, lists, fields of two spellings, sums of what is no number. Pure. */

import type { SigmaCorrelation, SigmaDocument, SigmaSelection } from '../detection/document.ts';
import { type DocumentFault, replaceValues } from '../detection/sigma.ts';
import { resolveField } from '../domain/field-map.ts';
import { DURATION_MS_MAX, DURATION_WORDS } from './duration.ts';
import { type ListPlace, readRelay } from './relay-attribute.ts';
import { canonicalField } from './rule-fields.ts';

/** Fields that can be summed. */
const NUMBER_FIELDS: ReadonlySet<string> = new Set(['risk_score', 'classification_count']);

/** By which people and the config call a rule. */
export const NAME_LENGTH_MAX = 128;

/** Every fault of a document that was parsed; of one that lacks parts, those of its own attribute. */
export function documentFaults(document: SigmaDocument, isWhole = true): readonly DocumentFault[] {
  const { relay, faults } = readRelay(document);
  if (!isWhole) return faults;
  return [
    ...faults,
    ...listFaults(document, relay.lists ?? {}),
    ...fieldFaults(document),
    ...sizeFaults(document),
    ...(document.kind === 'filter' && document.rules.includes('any') ? [ANY_RULE] : []),
    ...(document.kind === 'correlation' ? correlationFaults(document) : []),
  ];
}

/** Some tools take it, of a draft of Sigma 2.2: the relay has a filter name each of its rules. */
const ANY_RULE: DocumentFault = {
  path: ['filter', 'rules'],
  message: 'any is of a draft of Sigma 2.2, and is not supported: name the rules that the filter is for',
};

/** What a window counts at most. */
const COUNT_MAX = 10_000;

/** What is wrong with a number that events or values are counted up to. */
export function countFault({ type, bounds }: Pick<SigmaCorrelation, 'type' | 'bounds'>): string | undefined {
  const { gt = 0, gte = 0, eq = 0 } = bounds;
  if (!['event_count', 'value_count'].includes(type) || Math.max(gt + 1, gte, eq) <= COUNT_MAX)
    return undefined;
  return `a window counts ${COUNT_MAX} at most, so this would never fire`;
}

function correlationFaults(document: SigmaCorrelation): readonly DocumentFault[] {
  const { aliases, groupBy, rules } = document;
  const count = countFault(document);
  const lacking = groupBy.flatMap((alias) => {
    const byRule = aliases[alias];
    if (!Object.hasOwn(aliases, alias) || !byRule || resolveField(alias) === alias) return [];
    return rules.filter((rule) => !Object.hasOwn(byRule, rule)).map((rule) => ({ alias, rule }));
  });
  return [
    ...(count === undefined ? [] : [{ path: ['correlation', 'condition'], message: count }]),
    ...lacking.map(({ alias, rule }) => ({
      path: ['correlation', 'aliases', alias],
      message: `must say which field it is of ${rule}, too: without it none of its events would be counted`,
    })),
  ];
}

function listFaults(
  document: SigmaDocument,
  lists: Readonly<Record<string, ListPlace>>,
): readonly DocumentFault[] {
  if (document.kind !== 'rule') return [];
  return Object.entries(lists).flatMap(([name, { selection, field }]) => {
    if (field === '' || replaceValues(document, selection, field, [])) return [];
    const message = `the rule has no field ${field} in a selection ${selection}`;
    return [{ path: ['relay', 'lists', name], message }];
  });
}

function fieldFaults(document: SigmaDocument): readonly DocumentFault[] {
  if (document.kind !== 'correlation')
    return Object.entries(document.selections).flatMap(([name, selection]) =>
      twiceNamed(selection).map((key) => ({
        path: [document.kind === 'rule' ? 'detection' : 'filter', name, key],
        message:
          'is the same field as another key of the selection: write one of them, with a list of values',
      })),
    );
  const { type, fields } = document;
  const isOfNumbers = type.startsWith('value_') && type !== 'value_count';
  return fields
    .filter((field) => isOfNumbers && !NUMBER_FIELDS.has(canonicalField(field)))
    .map((field) => ({
      path: ['correlation', 'condition', 'field'],
      message: `"${field}" is not a number, as ${type} needs: use ${[...NUMBER_FIELDS].join(' or ')}`,
    }));
}

function sizeFaults(document: SigmaDocument): readonly DocumentFault[] {
  const isLong = (document.name?.length ?? 0) > NAME_LENGTH_MAX;
  const isWide = document.kind === 'correlation' && document.timespanMs > DURATION_MS_MAX;
  return [
    ...(isLong ? [{ path: ['name'], message: `must have at most ${NAME_LENGTH_MAX} characters` }] : []),
    ...(isWide ? [{ path: ['correlation', 'timespan'], message: DURATION_WORDS }] : []),
  ];
}

/** Keys of one map that are one field in two spellings: only one of them would be looked at. */
function twiceNamed(selection: SigmaSelection): readonly string[] {
  if (Array.isArray(selection)) return selection.flatMap((one: SigmaSelection) => twiceNamed(one));
  if (typeof selection !== 'object' || selection === null) return [];
  const seen = new Set<string>();
  return Object.keys(selection).filter((key) => {
    const [field = '', ...modifiers] = key.split('|');
    const canonical = [canonicalField(field), ...modifiers].join('|');
    const isTwice = seen.has(canonical);
    seen.add(canonical);
    return isTwice;
  });
}
