/**
 * The LogScale functions that docs/falcon uses, and what each of their parameters holds: a field that must exist, a field that is made,
 * or neither. A function or parameter that is not here is refused, so that a query can't call one that LogScale does not have.
 * Constants only. Source: library.humio.com, one page per function, read 2026-11.
 */

/** `fields` are read; `makes` is written; `functions` are calls; `expressions` read the fields that are not quoted; `plain` is neither. */
export type Role = 'fields' | 'makes' | 'functions' | 'expressions' | 'plain';

export interface FunctionShape {
  /** The parameter whose name may be left out. */
  readonly first?: string;
  readonly parameters: Readonly<Record<string, Role>>;
  /** What it makes when no parameter says it. */
  readonly makes?: string;
  /** After it only the fields that it reads or makes are left. */
  readonly isAggregate?: boolean;
}

export const FUNCTIONS: Readonly<Record<string, FunctionShape>> = {
  'array:append': { first: 'array', parameters: { array: 'makes', values: 'expressions' } },
  'array:drop': { first: 'array', parameters: { array: 'plain' } },
  'array:regex': { first: 'array', parameters: { array: 'fields', regex: 'plain', flags: 'plain' } },
  count: {
    first: 'field',
    parameters: { field: 'fields', as: 'makes', distinct: 'plain' },
    makes: '_count',
    isAggregate: true,
  },
  groupBy: {
    first: 'field',
    parameters: { field: 'fields', function: 'functions', limit: 'plain' },
    makes: '_count',
    isAggregate: true,
  },
  in: { first: 'field', parameters: { field: 'fields', values: 'plain', ignoreCase: 'plain' } },
  lower: { first: 'field', parameters: { field: 'fields', as: 'makes', locale: 'plain' }, makes: '_lower' },
  max: { first: 'field', parameters: { field: 'fields', as: 'makes' }, makes: '_max', isAggregate: true },
  parseJson: { first: 'field', parameters: { field: 'fields', prefix: 'plain', handleNull: 'plain' } },
  parseTimestamp: { parameters: { field: 'fields', as: 'makes' }, makes: '@timestamp' },
  sort: { first: 'field', parameters: { field: 'fields', order: 'plain', limit: 'plain' } },
  table: { first: 'fields', parameters: { fields: 'fields', limit: 'plain' }, isAggregate: true },
  'time:hour': {
    first: 'field',
    parameters: { field: 'fields', as: 'makes', timezone: 'plain' },
    makes: '_hour',
  },
  timeChart: {
    first: 'series',
    parameters: { series: 'fields', function: 'functions', span: 'plain' },
    isAggregate: true,
  },
};
