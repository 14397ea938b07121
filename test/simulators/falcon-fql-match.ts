/**
 * Whether a record matches a filter in Falcon Query Language. Pure; the clock is passed in for relative dates.
 * Source: falcon-mcp falcon_mcp/common/fql.py and resources/hosts.py.
 */

import type { FqlFilter, FqlTerm } from './falcon-fql.ts';

const RELATIVE = /^now(?:-(\d+)([smhdw]))?$/;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** The value of a field; a list matches where one of its members does, undefined never does. */
export type FieldReader = (field: string) => unknown;

export function matchesFql(filter: FqlFilter, read: FieldReader, nowMs: number): boolean {
  if ('all' in filter) return filter.all.every((part) => matchesFql(part, read, nowMs));
  if ('any' in filter) return filter.any.some((part) => matchesFql(part, read, nowMs));
  return matchesTerm(filter.term, read(filter.term.field), nowMs);
}

/** A reader of nested records: `device.device_id`. */
export function readerOf(record: object): FieldReader {
  return (field) =>
    field
      .split('.')
      .reduce<unknown>(
        (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
        record,
      );
}

function matchesTerm(term: FqlTerm, actual: unknown, nowMs: number): boolean {
  const members = (Array.isArray(actual) ? (actual as readonly unknown[]) : [actual])
    .filter((member) => ['string', 'number', 'boolean'].includes(typeof member))
    .map(String);
  const isHit = members.some((member) => term.values.some((value) => matchesOne(term, member, value, nowMs)));
  return isHit !== term.isNegated;
}

function matchesOne(term: FqlTerm, actual: string, value: string, nowMs: number): boolean {
  switch (term.operator) {
    case '~':
      return actual.toLowerCase().includes(value.toLowerCase());
    case '=':
      return term.isExact ? actual === value : wildcard(value).test(actual);
    default:
      return IS_ORDERED[term.operator](compare(actual, value, nowMs));
  }
}

const IS_ORDERED: Readonly<Record<'>' | '>=' | '<' | '<=', (order: number) => boolean>> = {
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
};

/** The case does not count. */
function wildcard(value: string): RegExp {
  const literal = value.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`, 'is');
}

/** Numbers as numbers, dates as dates, `now-7d` too; NaN, and so no match, where the two are unlike. */
function compare(actual: string, value: string, nowMs: number): number {
  const relative = RELATIVE.exec(value);
  if (relative !== null) {
    const unit = (relative[2] ?? 's') as keyof typeof UNIT_MS;
    return Date.parse(actual) - (nowMs - Number(relative[1] ?? 0) * UNIT_MS[unit]);
  }
  const isNumeric = actual !== '' && value !== '' && Number.isFinite(Number(actual));
  return isNumeric ? Number(actual) - Number(value) : Date.parse(actual) - Date.parse(value);
}
