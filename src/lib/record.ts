/** Narrows an unknown value to something whose keys can be read. Pure. */

/** Whether it is an object or an array; its values are unknown. */
export function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
