/** The `correlation` of a document: what is counted, over which rules, in which time. Pure. */

import { BOUND_OPERATORS, CORRELATION_TYPES } from './document.ts';
import type { SigmaCorrelation } from './document.ts';
import { quote } from './fault-words.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import { handle, handles, isTrue, mapOf, readShape, text, texts, wordOf } from './shape.ts';
import type { Read, Shape } from './shape.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const timespan: Read = (value) => {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([smhdwMy])$/.exec(text(value)) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs !== undefined) return Number(count) * unitMs;
  const why =
    unit === ''
      ? 'must be a number and s, m, h, d or w, such as 30m'
      : 'has no fixed length: write days, such as 30d';
  throw new Fault(`${quote(value)} ${why}.`);
};

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new Fault(`${quote(value)} must be a number, without quotes.`);
}

const percentile: Read = (value) => {
  if (number(value) >= 0 && number(value) <= 100) return value;
  throw new Fault(`${quote(value)} must be between 0 and 100.`);
};

const CONDITION: Shape = {
  ...Object.fromEntries(BOUND_OPERATORS.map((operator) => [operator, number])),
  field: texts,
  percentile,
};

type Correlation = Pick<
  SigmaCorrelation,
  'type' | 'rules' | 'timespanMs' | 'groupBy' | 'aliases' | 'bounds' | 'fields' | 'percentile' | 'generate'
>;

export function readCorrelation(value: unknown, reading: Reading, path: Path): Correlation {
  const shape: Shape = {
    type: wordOf(CORRELATION_TYPES),
    rules: handles,
    timespan,
    'group-by': texts,
    condition: (condition, at) => readShape(condition, CONDITION, [], reading, at),
    aliases: (aliases, at) => readAliases(aliases, reading, at),
    generate: isTrue,
  };
  const read = readShape(value, shape, ['type', 'rules', 'timespan'], reading, path);
  const { field = [], percentile: rank, ...bounds } = (read['condition'] ?? {}) as Record<string, unknown>;
  const correlation = {
    type: read['type'],
    rules: read['rules'] ?? [],
    timespanMs: read['timespan'],
    groupBy: read['group-by'] ?? [],
    aliases: read['aliases'] ?? {},
    bounds,
    fields: field,
    ...(rank !== undefined && { percentile: rank }),
    generate: read['generate'] ?? false,
  } as unknown as Correlation;
  // What goes together is looked at when each is right by itself.
  const hasCondition = Object.hasOwn(mapOf(value), 'condition');
  if (read['type'] !== undefined && (read['condition'] !== undefined || !hasCondition)) {
    reading.part([...path, 'condition'], () => checkCondition(correlation, hasCondition));
  }
  reading.part([...path, 'aliases'], () => checkRules(correlation));
  checkFields(correlation, reading, path);
  return correlation;
}

function readAliases(value: unknown, reading: Reading, path: Path): unknown {
  const names = mapOf(value);
  const shape = Object.fromEntries(
    Object.keys(names).map((alias): [string, Read] => [
      alias,
      (rules, at) => {
        const fields = readShape(
          rules,
          Object.fromEntries(Object.keys(mapOf(rules)).map((rule) => [rule, text])),
          [],
          reading,
          at,
        );
        return Object.fromEntries(Object.entries(fields).map(([rule, field]) => [handle(rule), field]));
      },
    ]),
  );
  return readShape(names, shape, [], reading, path);
}

function checkCondition(
  { type, rules, bounds, fields, percentile: rank }: Correlation,
  hasCondition: boolean,
): void {
  if (type.startsWith('temporal')) {
    if (hasCondition) throw new Fault(`${type} takes no condition: it counts the rules that matched.`);
    if (new Set(rules).size < 2) throw new Fault(`${type} needs at least two rules.`);
    return;
  }
  const lowest = bounds.gt ?? bounds.gte ?? -Infinity;
  const highest = bounds.lt ?? bounds.lte ?? Infinity;
  const operators = Object.keys(bounds);
  const isRange = lowest !== -Infinity && highest !== Infinity && lowest <= highest;
  if (operators.length !== 1 && !(operators.length === 2 && isRange)) {
    throw new Fault(
      `A condition has one of ${BOUND_OPERATORS.join(', ')} with a number, or a range such as gt: 5, lte: 9.`,
    );
  }
  const isOfValues = type.startsWith('value_');
  if (isOfValues !== fields.length > 0) {
    throw new Fault(
      isOfValues
        ? `${type} needs field: whose values it looks at.`
        : `${type} counts events: leave field out.`,
    );
  }
  if (fields.length > 1 && type !== 'value_count') throw new Fault(`${type} takes one field.`);
  if ((type === 'value_percentile') !== (rank !== undefined)) {
    throw new Fault('percentile, from 0 to 100, goes with value_percentile, and only with it.');
  }
}

function checkRules({ rules, aliases }: Correlation): void {
  const unknown = Object.values(aliases)
    .flatMap((fields) => Object.keys(fields))
    .find((rule) => !rules.includes(rule));
  if (unknown !== undefined) throw new Fault(`${quote(unknown)} is not among the rules of the correlation.`);
}

function checkFields({ groupBy, aliases, fields }: Correlation, reading: Reading, path: Path): void {
  for (const field of groupBy) {
    if (!Object.hasOwn(aliases, field))
      reading.part([...path, 'group-by'], () => reading.field(field, 'group'));
  }
  for (const [alias, byRule] of Object.entries(aliases)) {
    for (const [rule, field] of Object.entries(byRule)) {
      reading.part([...path, 'aliases', alias, rule], () => reading.field(field, 'group'));
    }
  }
  for (const field of fields) {
    reading.part([...path, 'condition', 'field'], () => reading.field(field, 'value'));
  }
}
