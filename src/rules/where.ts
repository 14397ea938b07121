/**
 * Compiles a destination's `where`: one Sigma selection with equality and comparisons, of which every entry must hold.
 * Pure. What can't be compiled is a fault for the operator at save, never a surprise at delivery.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { FieldName } from '../domain/field-map.ts';
import { nearestField, readField, resolveField } from '../domain/field-map.ts';
import { HIDDEN_VALUE } from '../domain/personal-fields.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';

export type WhereScalar = string | number | boolean;
export type Where = Readonly<Record<string, WhereScalar | readonly WhereScalar[]>>;
export type EventPredicate = (event: CanonicalEvent) => boolean;

const COMPARISONS: ReadonlyMap<string, (value: number, bound: number) => boolean> = new Map([
  ['gt', (value, bound) => value > bound],
  ['gte', (value, bound) => value >= bound],
  ['lt', (value, bound) => value < bound],
  ['lte', (value, bound) => value <= bound],
]);

const NUMBER_FIELDS: ReadonlySet<FieldName> = new Set(['risk_score', 'classification_count']);

/**
 * A predicate over events, or every fault of the selection. Keys are `field` or `field|op`, op one of gt, gte, lt, lte.
 * A list means any of; a field that is a list matches when any of its elements does; an absent field matches nothing.
 * `path` leads the paths of the faults.
 */
export function compileWhere(where: Where, path = 'where'): Result<EventPredicate, ConfigFault[]> {
  const predicates: EventPredicate[] = [];
  const faults: ConfigFault[] = [];
  for (const [key, wanted] of Object.entries(where)) {
    const entry = compileEntry(key, wanted);
    if (entry.ok) predicates.push(entry.value);
    else faults.push({ path: `${path}.${showKey(key)}`, message: entry.error });
  }
  if (faults.length > 0) return failure(faults);
  return success((event) => predicates.every((holds) => holds(event)));
}

function compileEntry(key: string, wanted: Where[string]): Result<EventPredicate, string> {
  const [name = '', ...operators] = key.split('|');
  const field = resolveField(name);
  if (field === undefined) {
    const nearest = nearestField(name);
    return failure(
      `"${showKey(name)}" is no field of an event${nearest ? `: did you mean "${nearest}"?` : ''}`,
    );
  }
  if (wanted === HIDDEN_VALUE || (Array.isArray(wanted) && wanted.includes(HIDDEN_VALUE)))
    return failure(`${HIDDEN_VALUE} stands for a value that viewers do not see: write the value itself.`);
  if (operators.length === 0) return compileEquality(field, Array.isArray(wanted) ? wanted : [wanted]);
  const operator = operators.join('|');
  const compare = COMPARISONS.get(operator);
  if (compare === undefined) {
    return failure(
      `"${showKey(operator)}" is no operator: use one of ${[...COMPARISONS.keys()].join(', ')}, or none for equality.`,
    );
  }
  if (!NUMBER_FIELDS.has(field)) {
    return failure(`"${name}" is not a number: only ${[...NUMBER_FIELDS].join(' and ')} can be compared.`);
  }
  if (typeof wanted !== 'number' || !Number.isFinite(wanted)) {
    return failure(`"${key}" needs one number, without quotation marks.`);
  }
  return success((event) => {
    const value = readField(event, field);
    return typeof value === 'number' && compare(value, wanted);
  });
}

function compileEquality(field: FieldName, wanted: readonly WhereScalar[]): Result<EventPredicate, string> {
  if (wanted.length === 0)
    return failure('The list is empty, so that nothing could match: name at least one value.');
  const folded = new Set(wanted.map(fold));
  return success((event) => {
    const value = readField(event, field);
    if (value === undefined) return false;
    const values = typeof value === 'object' ? value : [value];
    return values.some((one) => folded.has(fold(one)));
  });
}

/** Sigma compares strings without case, and a number with its decimal text. */
function fold(value: WhereScalar): string {
  return String(value).toLowerCase();
}
