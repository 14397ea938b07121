/**
 * What HarfangLab's list calls share: filters, search, ordering, paging and the choice of fields. Pure.
 * A parameter that an endpoint does not know is ignored, as Django does: a filter that does not exist answers everything.
 */

import type { ApiCall, ApiReply } from './harfanglab-api.ts';

/** When a call names no limit: the vendor's own default is not published. */
const LIMIT_DEFAULT = 100;
const SPACED_DATE = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

type Operator = 'exact' | 'gte' | 'lte' | 'gt' | 'lt';

export interface ListRules {
  /** Members, a dot leading into an object, such as `windows.logon_type`. */
  readonly filters: readonly string[];
  /** Filters that take several values, separated by commas. */
  readonly listFilters?: readonly string[];
  readonly orderings: readonly string[];
  /** Where `search` looks: every word of it must occur somewhere, in any case. */
  readonly searched: readonly string[];
  /** How a date filter must be spelled. IOCRule wants no T and no Z (NETSKOPE2 constants). Default `iso`. */
  readonly dates?: 'iso' | 'spaced';
  /** Without count and links, as Agent may answer (SEKOIA handles both). */
  readonly isBare?: boolean;
}

interface Filter {
  readonly field: string;
  readonly operator: Operator;
  readonly isNegated: boolean;
  readonly text: string;
}

export function list(records: readonly object[], call: ApiCall, rules: ListRules): ApiReply {
  const { query, pagingMax } = call;
  const filters = [...query].flatMap(([name, text]) => filterOf(name, text, rules));
  const errors = filters.flatMap((filter) => dateError(filter, rules));
  if (errors.length > 0) return { status: 400, body: Object.fromEntries(errors) };
  const limit = Math.min(positive(query.get('limit'), 1) ?? LIMIT_DEFAULT, pagingMax);
  const offset = positive(query.get('offset'), 0) ?? 0;
  // The status and the words are our choice: no source shows the answer itself.
  if (offset >= pagingMax) {
    return {
      status: 400,
      body: { detail: `Result window is too large: offset must be below ${pagingMax}.` },
    };
  }
  const words = (query.get('search') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const found = records.filter(
    (record) => filters.every((filter) => passes(record, filter, rules)) && isFound(record, words, rules),
  );
  const sorted = order(found, query.get('ordering') ?? '', rules);
  const page = sorted
    .slice(offset, Math.min(offset + limit, pagingMax))
    .map((record) => choose(record, query.get('fields')));
  if (rules.isBare === true) return { status: 200, body: page };
  const reachable = Math.min(sorted.length, pagingMax);
  const next = offset + limit < reachable ? link(call, limit, offset + limit) : null;
  const previous = offset > 0 ? link(call, limit, Math.max(0, offset - limit)) : null;
  return { status: 200, body: { count: sorted.length, next, previous, results: page } };
}

/** Relative, and URL-encoded already. Source: OCTI-INC client_api.py; SEKOIA's urljoin. */
function link({ path, query }: ApiCall, limit: number, offset: number): string {
  const all = new URLSearchParams(query);
  all.set('limit', `${limit}`);
  if (offset === 0) all.delete('offset');
  else all.set('offset', `${offset}`);
  all.sort();
  return `${path}?${all.toString()}`;
}

function filterOf(name: string, text: string, rules: ListRules): Filter[] {
  const isNegated = name.endsWith('!');
  const [, field = '', operator = 'exact'] =
    /^(.+?)(?:__(exact|gte|lte|gt|lt))?$/.exec(isNegated ? name.slice(0, -1) : name) ?? [];
  if (!rules.filters.includes(field) || (isNegated && !name.includes('__exact'))) return [];
  return [{ field, operator: operator as Operator, isNegated, text }];
}

/** Only where the filter compares with a text that is no number. */
function dateError({ field, operator, text }: Filter, { dates }: ListRules): [string, string[]][] {
  if (operator === 'exact' || /^\d+$/.test(text)) return [];
  const isRight = (dates === 'spaced' ? SPACED_DATE : ISO_DATE).test(text) && !Number.isNaN(instant(text));
  return isRight ? [] : [[`${field}__${operator}`, ['Enter a valid date/time.']]];
}

function passes(record: object, { field, operator, isNegated, text }: Filter, rules: ListRules): boolean {
  const value = read(record, field);
  if (operator !== 'exact') return compare(value, text, operator);
  const texts = rules.listFilters?.includes(field) === true ? text.split(',') : [text];
  return texts.some((one) => isSame(value, one)) !== isNegated;
}

function isSame(value: unknown, text: string): boolean {
  if (typeof value === 'boolean') return String(value) === text.toLowerCase();
  return typeof value === 'string' || typeof value === 'number' ? String(value) === text : false;
}

function compare(value: unknown, text: string, operator: Exclude<Operator, 'exact'>): boolean {
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const isNumber = /^\d+$/.test(text);
  const left = isNumber ? Number(value) : instant(String(value));
  const right = isNumber ? Number(text) : instant(text);
  if (operator === 'gte') return left >= right;
  if (operator === 'lte') return left <= right;
  return operator === 'gt' ? left > right : left < right;
}

function isFound(record: object, words: readonly string[], { searched }: ListRules): boolean {
  const texts = searched.map((field) => textOf(read(record, field)).toLowerCase());
  return words.every((word) => texts.some((text) => text.includes(word)));
}

/** An unknown field leaves the order as it is. */
function order(records: readonly object[], asked: string, rules: ListRules): object[] {
  const isDescending = asked.startsWith('-');
  const field = isDescending ? asked.slice(1) : asked;
  if (!rules.orderings.includes(field)) return [...records];
  const sign = isDescending ? -1 : 1;
  return records.toSorted((a, b) => sign * rank(read(a, field), read(b, field)));
}

function rank(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : Number(left > right);
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
}

function choose(record: object, fields: string | null): object {
  if (fields === null) return record;
  const names = fields.split(',');
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
}

function read(record: object, field: string): unknown {
  let value: unknown = record;
  for (const name of field.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function instant(text: string): number {
  return Date.parse(SPACED_DATE.test(text) ? `${text.replace(' ', 'T')}Z` : text);
}

/** Undefined for what is no whole number from `least`: Django REST falls back to its default. */
function positive(text: string | null, least: number): number | undefined {
  if (text === null || !/^\d{1,9}$/.test(text)) return undefined;
  return Number(text) >= least ? Number(text) : undefined;
}
