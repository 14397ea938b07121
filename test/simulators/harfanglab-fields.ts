/**
 * Checks of a body's fields, answered in the words of Django REST: `{"field": ["message"]}`. Pure; it knows no endpoint.
 */

/** Why a value is refused, if it is. */
export type Check = (value: unknown) => string | undefined;

export type FieldErrors = Readonly<Record<string, readonly string[]>>;

const REQUIRED = ['This field is required.'];

export const isText: Check = (value) => {
  if (value === null) return 'This field may not be null.';
  if (typeof value !== 'string') return 'Not a valid string.';
  return value.trim() === '' ? 'This field may not be blank.' : undefined;
};

export const isTextOrBlank: Check = (value) =>
  typeof value === 'string' ? undefined : 'Not a valid string.';

export const isTextOrNull: Check = (value) => (value === null ? undefined : isTextOrBlank(value));

export const isBoolean: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'Must be a valid boolean.';

export const isTexts: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : 'Expected a list of items but got another type.';

export function isTextUpTo(charactersMax: number): Check {
  return (value) =>
    isText(value) ??
    (Array.from(String(value).trim()).length > charactersMax
      ? `Ensure this field has no more than ${charactersMax} characters.`
      : undefined);
}

export function isOneOf(...choices: readonly (string | null)[]): Check {
  return (value) =>
    choices.some((choice) => choice === value) ? undefined : `"${String(value)}" is not a valid choice.`;
}

/** The faults of the fields that are there, and the required ones that are not. A field without a check is ignored, as by Django REST. */
export function fieldErrors(
  body: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): FieldErrors {
  const errors: Record<string, readonly string[]> = {};
  for (const name of required) if (body[name] === undefined) errors[name] = REQUIRED;
  for (const [name, check] of Object.entries(checks)) {
    const message = body[name] === undefined ? undefined : check(body[name]);
    if (message !== undefined) errors[name] = [message];
  }
  return errors;
}

export function hasErrors(errors: FieldErrors): boolean {
  return Object.keys(errors).length > 0;
}
