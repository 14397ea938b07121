/**
 * What the endpoints of contract A take: the strict check of one event's body, and of one incident's or alert's.
 * Answers in the words of Django REST (`{"field":["message"]}`), which the real API is built on. Pure.
 */

import { isJsonObject } from './request.ts';

/** Faults by field; empty when the event is acceptable. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

type Check = (value: unknown) => string | undefined;

const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

const text: Check = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'Not a valid string.';
const number: Check = (value) => (typeof value === 'number' ? undefined : 'A valid number is required.');
const count: Check = (value) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? undefined
    : 'A valid integer is required.';
const listOfText: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : 'Expected a list of strings.';
const isoTime: Check = (value) =>
  typeof value === 'string' && ISO_8601.test(value) && !Number.isNaN(Date.parse(value))
    ? undefined
    : 'Datetime has wrong format.';
const noxys: Check = (value) => (value === 'noxys' ? undefined : 'Must be "noxys".');

// The Noxys guide for HarfangLab: console filter `source="noxys"`, hunt fields `risk_score` and `timestamp`.
const REQUIRED: Readonly<Record<string, Check>> = { id: text, source: noxys, type: text, timestamp: isoTime };
const OPTIONAL: Readonly<Record<string, Check>> = {
  user_id: text,
  device_id: text,
  platform_name: text,
  risk_score: number,
  classifications: listOfText,
};
// Rules 1 and 2 of the same guide read these under `event.data`.
const DATA: Readonly<Record<string, Check>> = {
  platform_id: text,
  policy_decision: text,
  risk_score: number,
  classifications: listOfText,
  classification_count: count,
};

// The guide names neither fields nor levels of an incident: these are the least that one needs, with the levels of the real API.
const INCIDENT: Readonly<Record<string, Check>> = {
  id: text,
  title: text,
  severity: (value) =>
    ['informational', 'low', 'medium', 'high', 'critical'].some((level) => level === value)
      ? undefined
      : `"${String(value)}" is not a valid choice.`,
};

/** The faults of an event, given its `Idempotency-Key` header. Absent is fine for optional fields, null is not. */
export function eventFieldErrors(event: unknown, idempotencyKey: string | undefined): FieldErrors {
  if (!isJsonObject(event)) return { non_field_errors: ['Invalid data. Expected a dictionary.'] };
  const errors: Record<string, readonly string[]> = {};
  for (const name of Object.keys(REQUIRED)) {
    if (event[name] === undefined) errors[name] = ['This field is required.'];
  }
  collect(errors, event, { ...REQUIRED, ...OPTIONAL }, '');
  if (event['data'] !== undefined) {
    if (isJsonObject(event['data'])) collect(errors, event['data'], DATA, 'data.');
    else errors['data'] = ['Expected a dictionary.'];
  }
  if (idempotencyKey === undefined) errors['Idempotency-Key'] = ['This header is required.'];
  return errors;
}

/** The faults of an incident or an alert. Whatever else it carries is taken as it is. */
export function incidentFieldErrors(
  incident: unknown,
  idempotencyKey: string | undefined,
  isKeyRequired: boolean,
): FieldErrors {
  if (!isJsonObject(incident)) return { non_field_errors: ['Invalid data. Expected a dictionary.'] };
  const errors: Record<string, readonly string[]> = {};
  for (const name of Object.keys(INCIDENT)) {
    if (incident[name] === undefined) errors[name] = ['This field is required.'];
  }
  collect(errors, incident, { ...INCIDENT, source: noxys }, '');
  if (isKeyRequired && idempotencyKey === undefined) errors['Idempotency-Key'] = ['This header is required.'];
  return errors;
}

function collect(
  errors: Record<string, readonly string[]>,
  source: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
  prefix: string,
): void {
  for (const [name, check] of Object.entries(checks)) {
    const message = source[name] === undefined ? undefined : check(source[name]);
    if (message !== undefined) errors[prefix + name] = [message];
  }
}
