/** What is right Sigma, and yet no rule of the relay: its own attribute, lists, fields of two spellings, sums of what is no number. Pure. */

import type { SigmaCorrelation, SigmaDocument, SigmaSelection } from '../detection/document.ts';
import { type DocumentFault, replaceValues } from '../detection/sigma.ts';
import { resolveField } from '../domain/field-map.ts';
import { editDistance } from '../lib/nearest.ts';
import { DURATION_MS_MAX, DURATION_WORDS } from './duration.ts';
import { type ListPlace, readRelay } from './relay-attribute.ts';
import { canonicalField } from './rule-fields.ts';

/** Those that say something here. A condition is one of a detection, and may have come to stand too far to the left. */
const ATTRIBUTES: readonly string[] = [
  'title',
  'id',
  'name',
  'status',
  'description',
  'references',
  'author',
  'date',
  'modified',
  'tags',
  'falsepositives',
  'level',
  'generate',
  'logsource',
  'detection',
  'condition',
  'correlation',
  'filter',
  'relay',
];

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
    ...attributeFaults(document),
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

/** What a window counts at most, of events and of values, and how many events it keeps of which it adds up a field. */
const COUNT_MAX: Readonly<Record<string, number>> = { event_count: 10_000, value_count: 1_000 };
const SUMMED_MAX = 500;
/** Of an event; others than risk_score have no limit. */
const RISK_SCORE_MAX = 1;

/** What is wrong with a number that events or values are counted up to, or risk scores added up to. */
export function countFault({
  type,
  bounds,
  fields,
}: Pick<SigmaCorrelation, 'type' | 'bounds' | 'fields'>): string | undefined {
  const { gt = 0, gte = 0, eq = 0 } = bounds;
  const countMax = COUNT_MAX[type] ?? Infinity;
  if (Math.max(gt + 1, gte, eq) > countMax)
    return `a window counts ${countMax} at most, so this would never fire`;
  const isOfRisk = fields.some((field) => canonicalField(field) === 'risk_score');
  const most = SUMMED_MAX * RISK_SCORE_MAX;
  if (type === 'value_sum' && isOfRisk && (gt >= most || Math.max(gte, eq) > most))
    return `a window keeps ${SUMMED_MAX} events, and a risk score is at most ${RISK_SCORE_MAX}, so this would never fire`;
  return undefined;
}

/** Rules of which one event after the other is looked for: what it costs grows with the square of them, for each event. */
const ORDERED_RULES_MAX = 10;

function correlationFaults(document: SigmaCorrelation): readonly DocumentFault[] {
  const { aliases, groupBy, rules, type } = document;
  const isLong = type === 'temporal_ordered' && rules.length > ORDERED_RULES_MAX;
  const tooLong = `temporal_ordered takes at most ${ORDERED_RULES_MAX} rules: this has ${rules.length}`;
  const count = countFault(document);
  const lacking = groupBy.flatMap((alias) => {
    const byRule = aliases[alias];
    if (!Object.hasOwn(aliases, alias) || !byRule || resolveField(alias) === alias) return [];
    return rules.filter((rule) => !Object.hasOwn(byRule, rule)).map((rule) => ({ alias, rule }));
  });
  return [
    ...(count === undefined ? [] : [{ path: ['correlation', 'condition'], message: count }]),
    ...(isLong ? [{ path: ['correlation', 'rules'], message: tooLong }] : []),
    ...lacking.map(({ alias, rule }) => ({
      path: ['correlation', 'aliases', alias],
      message: `must say which field it is of ${rule}, too: without it none of its events would be counted`,
    })),
  ];
}

/** Sigma allows attributes of one's own: those that are near to one of its own are taken for misspelt. */
function attributeFaults({ custom = {} }: SigmaDocument): readonly DocumentFault[] {
  return Object.keys(custom).flatMap((name) => {
    const meant = ATTRIBUTES.includes(name) ? undefined : ATTRIBUTES.find((known) => isNear(name, known));
    if (meant === undefined) return [];
    const whose = meant === 'relay' ? 'the relay' : 'Sigma';
    return [{ path: [name], message: `is not an attribute of ${whose}: did you mean ${meant}?` }];
  });
}

/** Letters in another order, or one that is wrong, lacks or is too many: of a long name two, of a short one none that is wrong. */
function isNear(name: string, known: string): boolean {
  const written = name.toLowerCase();
  if (Math.abs(written.length - known.length) > 1) return written.replaceAll(/[_-]/g, '') === known;
  const steps = editDistance(written, known);
  if (steps === 2 && Array.from(written).toSorted().join('') === Array.from(known).toSorted().join(''))
    return true;
  if (known.length < 5 && (known.length < 3 || written.length === known.length)) return steps === 0;
  return steps <= (known.length < 8 ? 1 : 2);
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
