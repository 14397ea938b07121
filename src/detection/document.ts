/**
 * Sigma documents as the engine knows them: plain JSON, checked when they were parsed, so that they can be stored and compiled later.
 * Types only. Source: SigmaHQ/sigma-specification 2.1.0, read 2026-11.
 */

export type Result<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** What is wrong with a text, where, and how to mend it. */
export interface SigmaError {
  /** Within the document, such as `detection.selection.f|nosuch`; empty: the document as a whole. */
  readonly path: string;
  readonly message: string;
  /** From 1, in the text that was parsed. */
  readonly line: number;
  readonly column: number;
}

export const SIGMA_LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type SigmaLevel = (typeof SIGMA_LEVELS)[number];

export type Scalar = string | number | boolean | null;

interface Header {
  readonly title: string;
  /** UUID. */
  readonly id?: string;
  /** By which correlations and filters refer to it, beside `id`. */
  readonly name?: string;
  readonly status?: string;
  readonly description?: string;
  readonly references?: readonly string[];
  readonly author?: string;
  readonly date?: string;
  readonly modified?: string;
  readonly tags?: readonly string[];
  readonly falsepositives?: readonly string[];
  readonly level?: SigmaLevel;
  /** Attributes that the specification does not know, such as `relay`, as they were written. */
  readonly custom?: Readonly<Record<string, unknown>>;
}

/** Of a map: `field|modifier|modifier`, or `|all` for keywords. */
export type SigmaMap = Readonly<Record<string, Scalar | readonly Scalar[]>>;
/** A map (AND), a list of maps or keywords (OR), or a keyword. */
export type SigmaSelection = SigmaMap | Scalar | readonly (SigmaMap | Scalar)[];

export interface SigmaRule extends Header {
  readonly kind: 'rule';
  readonly logsource: Readonly<Record<string, string>>;
  readonly selections: Readonly<Record<string, SigmaSelection>>;
  /** Several: one of them holds. At least one. */
  readonly condition: readonly string[];
}

export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];

export const BOUND_OPERATORS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;
export type BoundOperator = (typeof BOUND_OPERATORS)[number];

export interface SigmaCorrelation extends Header {
  readonly kind: 'correlation';
  readonly type: CorrelationType;
  /** Ids or names, of rules or of correlations. */
  readonly rules: readonly string[];
  readonly timespanMs: number;
  readonly groupBy: readonly string[];
  /** By alias, by rule: the field that it stands for there. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the value of the window must be; all of them hold. Empty: temporal ones. */
  readonly bounds: Readonly<Partial<Record<BoundOperator, number>>>;
  /** Of value_*: the fields that are looked at; several are a tuple. */
  readonly fields: readonly string[];
  /** Of value_percentile: 0 to 100. */
  readonly percentile?: number;
  /** Whether the rules that it refers to alert alone, too. */
  readonly generate: boolean;
}

export interface SigmaFilter extends Header {
  readonly kind: 'filter';
  readonly logsource: Readonly<Record<string, string>>;
  /** Ids or names. */
  readonly rules: readonly string[];
  readonly selections: Readonly<Record<string, SigmaSelection>>;
  readonly condition: readonly string[];
}

export type SigmaDocument = SigmaRule | SigmaCorrelation | SigmaFilter;
