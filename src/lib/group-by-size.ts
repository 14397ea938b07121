/** Fills one group after another, in order. Pure. */

/** Groups of at most `sizeMax` each; what is larger by itself makes a group of its own. */
export function groupBySize<T>(items: readonly T[], sizeOf: (item: T) => number, sizeMax: number): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const group = groups.at(-1);
    if (group && size <= room) group.push(item);
    else groups.push([item]);
    room = (group && size <= room ? room : sizeMax) - size;
  }
  return groups;
}
