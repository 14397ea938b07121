/**
 * The value of a field of an event: flat names and nested ones, lists on the way. Own properties only, so that no name reaches
 * what every object has. Pure.
 */

/** An event as rules see it: plain JSON. */
export type SigmaEvent = Readonly<Record<string, unknown>>;
/** undefined: missing. */
export type FieldOf = (event: SigmaEvent) => unknown;

interface Step {
  readonly key: string;
  /** From which part it goes on. */
  readonly next: number;
}

/** The exact name wins; else the longest beginning of it that is a key, and on from there. */
export function fieldOf(field: string): FieldOf {
  const parts = field.split('.');
  if (parts.length === 1) {
    // What every object has is asked for in the slow way.
    return field in Object.prototype
      ? (event) => (Object.hasOwn(event, field) ? event[field] : undefined)
      : (event) => event[field];
  }
  /** By the part that it starts at, longest first. */
  const steps = parts.map((_, from) =>
    parts
      .slice(from)
      .map((_part, length): Step => ({
        key: parts.slice(from, from + length + 1).join('.'),
        next: from + length + 1,
      }))
      .toReversed(),
  );
  return (event) => (Object.hasOwn(event, field) ? event[field] : walk(event, steps, 0));
}

function walk(value: unknown, steps: readonly (readonly Step[])[], from: number): unknown {
  const ahead = steps[from];
  if (ahead === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    const found = elementsOf(value)
      .map((element) => walk(element, steps, from))
      .filter((inner) => inner !== undefined);
    return found.length === 0 ? undefined : found;
  }
  for (const { key, next } of ahead) {
    if (Object.hasOwn(value, key)) return walk((value as SigmaEvent)[key], steps, next);
  }
  return undefined;
}

/** The value; of a list: its elements, however nested; `isDeep`: of an object, the values in it. */
export function elementsOf(value: unknown, isDeep = false): unknown[] {
  const found: unknown[] = [];
  someOf(value, (element) => found.push(element) < 0, isDeep);
  return found;
}

/** Whether the test holds for the value; of a list: for any element, however nested; `isDeep`: of an object, for any value in it. */
export function someOf(value: unknown, test: (value: unknown) => boolean, isDeep = false): boolean {
  if (typeof value !== 'object' || !isOpened(value, isDeep)) return test(value);
  // A list to work off, as an event may be nested deeper than calls may.
  const open = [value];
  for (const container of open) {
    for (const inner of Array.isArray(container) ? container : Object.values(container)) {
      if (isOpened(inner, isDeep)) open.push(inner);
      else if (test(inner)) return true;
    }
  }
  return false;
}

function isOpened(value: unknown, isDeep: boolean): value is object {
  return typeof value === 'object' && value !== null && (isDeep || Array.isArray(value));
}
