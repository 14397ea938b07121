/** Many small pieces of work, a few at a time, in order of their start. */

/** The results in the order of the items. Stops starting when `isStopped` says so; what was not started is undefined. */
export async function inPool<T, R>(
  items: readonly T[],
  size: number,
  work: (item: T, index: number) => Promise<R>,
  isStopped: () => boolean = () => false,
): Promise<(R | undefined)[]> {
  const results = Array.from<R | undefined>({ length: items.length });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && !isStopped()) {
      const index = next++;
      const item = items[index];
      // Between the check and here nothing ran: the index is within the list.
      if (item !== undefined) results[index] = await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(size, items.length) }, worker));
  return results;
}
