/** Keeps the event types that the tenant forwards and counts the rest. Pure. */

/** Splits by type, compared exactly. Every other type, also one that nobody knows yet, is filtered and no error. */
export function splitForwarded<E extends { readonly type: string }>(
  events: readonly E[],
  forwardedTypes: readonly string[],
): { readonly forwarded: readonly E[]; readonly filtered: number } {
  const forwarded = events.filter((event) => forwardedTypes.includes(event.type));
  return { forwarded, filtered: events.length - forwarded.length };
}
