/** The idempotency ids of a request, as the vendor gets them: a header of HarfangLab's, type and id of each HEC event. Pure. */

/** `{type}:{id}` of each event, in the order of the body. */
export function arrivalKeys(idempotencyKey: string | null | undefined, body: string): string[] {
  if (typeof idempotencyKey === 'string') return [idempotencyKey];
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { event } = JSON.parse(line) as { event: { event: { action: string; id: string } } };
      return `${event.event.action}:${event.event.id}`;
    });
}
