/**
 * Readers of single values, for the parameters and the short bodies of admin routes.
 * Pure. A failure says in words what the value must be, and never quotes it.
 */

import type { LaneStart } from '../../domain/rpc.ts';
import { TENANT_ID_PATTERN } from '../../domain/tenant-config.ts';
import { nearestWord } from '../../lib/nearest.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';

/** JSON Schema of a value, for the OpenAPI document. */
export type ValueSchema = Readonly<Record<string, unknown>>;

/** The failure goes on from the value's name: `must be …`. */
export interface Reader<T> {
  (value: unknown): Result<T, string>;
  readonly schema: ValueSchema;
}

/** A reader of its schema and of how it reads. */
export function reader<T>(schema: ValueSchema, read: (value: unknown) => Result<T, string>): Reader<T> {
  return Object.assign((value: unknown) => read(value), { schema });
}

/** A longer text is no misspelling of an allowed one. */
const NEAR_MISS_LENGTH_MAX = 40;
/** `{destination}/{kind}`; a removed destination still has its lane. */
const LANE_PATTERN = /^[a-z0-9-]{1,32}\/[a-z0-9-]{1,32}$/;
const AGENT_ID_PATTERN = /^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$/;
/** ISO 8601 with an offset: without one it would be anybody's guess whose clock is meant. */
const INSTANT_PATTERN =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** One of a few words. */
export function oneOf<const T extends string>(allowed: readonly T[]): Reader<T> {
  return reader({ type: 'string', enum: allowed }, (value) => {
    const chosen = allowed.find((word) => word === value);
    if (chosen !== undefined) return success(chosen);
    const isShort = typeof value === 'string' && value.length <= NEAR_MISS_LENGTH_MAX;
    const nearest = isShort ? nearestWord(value, allowed) : undefined;
    return failure(
      `must be one of ${allowed.join(', ')}${nearest === undefined ? '' : `: did you mean ${nearest}?`}`,
    );
  });
}

/** A whole number, or one as text, from 0; `words` say what it must be. */
export function wholeNumber(words: string, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): Reader<number> {
  return reader({ type: 'integer', minimum: min, maximum: max }, (value) => {
    const isText = typeof value === 'string' && /^\d{1,15}$/.test(value);
    const number = isText || Number.isSafeInteger(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? success(number) : failure(words);
  });
}

/** A text with something in it, on one line. */
export function shortText(lengthMax: number): Reader<string> {
  return reader({ type: 'string', minLength: 1, maxLength: lengthMax }, (value) =>
    typeof value === 'string' && isShortText(value, lengthMax)
      ? success(value)
      : failure(`must be a text of 1 to ${lengthMax} characters`),
  );
}

function isShortText(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax && text.trim() !== '' && !/\p{Cc}/u.test(text);
}

/** A text of so many UTF-16 units. */
export function textOf({ min, max }: { readonly min: number; readonly max: number }): Reader<string> {
  return reader({ type: 'string', minLength: min, maxLength: max }, (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max
      ? success(value)
      : failure(`must be a text of ${min} to ${max} characters`),
  );
}

/** `true` or `false`, as they are or as text. */
export const yesOrNo: Reader<boolean> = reader({ type: 'boolean' }, (value) =>
  value === true || value === false || value === 'true' || value === 'false'
    ? success(String(value) === 'true')
    : failure('must be true or false'),
);

/** A rule's id or name, as long as one of a tenant's config. */
export const ruleReference = shortText(128);

/** Where a lane begins, or goes on. */
export const laneStart = oneOf<LaneStart>(['now', 'backlog']);

/** The id of a tenant, known or not. */
export const tenantId: Reader<string> = reader(
  { type: 'string', pattern: TENANT_ID_PATTERN.source },
  (value) =>
    typeof value === 'string' && TENANT_ID_PATTERN.test(value)
      ? success(value)
      : failure('must be the id of a tenant'),
);

/** The name of a lane, known or not. */
export const laneName: Reader<string> = reader({ type: 'string', pattern: LANE_PATTERN.source }, (value) =>
  typeof value === 'string' && LANE_PATTERN.test(value)
    ? success(value)
    : failure('must be the name of a lane, such as edr/events'),
);

/** The id of an agent of Falcon or HarfangLab. */
export const agentId: Reader<string> = reader(
  { type: 'string', pattern: AGENT_ID_PATTERN.source },
  (value) =>
    typeof value === 'string' && AGENT_ID_PATTERN.test(value)
      ? success(value)
      : failure('must be the agent id of a host: 32 hex digits, or a UUID'),
);

/** A date-time in ISO 8601 → epoch milliseconds. */
export const instantMs: Reader<number> = reader({ type: 'string', format: 'date-time' }, (value) => {
  const date = typeof value === 'string' ? INSTANT_PATTERN.exec(value)?.[1] : undefined;
  return typeof value === 'string' && date !== undefined && isInCalendar(date)
    ? success(Date.parse(value))
    : failure('must be a date-time in ISO 8601 with its offset, such as 2026-11-22T05:00:00Z');
});

/** `Date` takes 30 February for 2 March. */
function isInCalendar(date: string): boolean {
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(date);
}
