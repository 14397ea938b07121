/** What is right Sigma, and yet no rule of the relay: its own attribute, lists, fields of two spellings, sums of what is no number. Pure. */

import type { SigmaCorrelation, SigmaDocument, SigmaSelection } from '../detection/document.ts';
import { type DocumentFault, replaceValues } from '../detection/sigma.ts';
import { DURATION_MS_MAX, DURATION_WORDS } from './duration.ts';
import { type ListPlace, readRelay } from './relay-attribute.ts';
import { canonicalField } from './rule-fields.ts';

/** Fields that can be summed. */
const NUMBER_FIELDS: ReadonlySet<string> = new Set(['risk_score', 'classification_count']);

/** What a window keeps of one group. */
const COUNTED_MAX = 10_000;
export const COUNT_WORDS = 'must be at most 10000: a window keeps no more';

/** By which people and the config call a rule. */
export const NAME_LENGTH_MAX = 128;

/** Every fault of a document that was parsed. */
export function documentFaults(document: SigmaDocument): readonly DocumentFault[] {
  const { relay, faults } = readRelay(document);
  return [
    ...faults,
    ...listFaults(document, relay.lists ?? {}),
    ...fieldFaults(document),
    ...sizeFaults(document),
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
  const isTooHigh = isBeyondCounting(document, Object.values(document.bounds));
  const isOfNumbers = type.startsWith('value_') && type !== 'value_count';
  const ofFields = fields
    .filter((field) => isOfNumbers && !NUMBER_FIELDS.has(canonicalField(field)))
    .map((field) => ({
      path: ['correlation', 'condition', 'field'],
      message: `"${field}" is not a number, as ${type} needs: use ${[...NUMBER_FIELDS].join(' or ')}`,
    }));
  return [...(isTooHigh ? [{ path: ['correlation', 'condition'], message: COUNT_WORDS }] : []), ...ofFields];
}

/** Whether a rule would have to count more than a window keeps: it would never fire, without a word. */
export function isBeyondCounting({ type }: SigmaCorrelation, bounds: readonly number[]): boolean {
  return (type === 'event_count' || type === 'value_count') && bounds.some((bound) => bound > COUNTED_MAX);
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
