/**
 * A stored window without what it counts of one person: entries whose value names them. Other entries, and what of an entry names others,
 * stay. Pure; the engine itself knows nothing of it.
 */

import type { StoredWindow } from './correlation.ts';
import { type Counted, type Kept, listOf } from './window-value.ts';

/** The window; the same one where nothing of it is theirs, undefined where nothing else is left. */
export function windowWithout(
  state: StoredWindow,
  isTheirs: (text: string) => boolean,
): StoredWindow | undefined {
  const { values = [], gaps, ids, at, ...told } = state;
  const isCounted = (value: Counted): boolean => typeof value === 'string' && isTheirs(value);
  if (!values.some((kept) => listOf(kept).some(isCounted))) return state;
  let atMs = at;
  const entries = gaps.map((gap, n) => {
    atMs += gap;
    // The newest come first among the ids, and only of the newest entries there are any.
    return { atMs, kept: values[n] ?? [], id: ids[gaps.length - 1 - n] };
  });
  const left = entries.flatMap(({ kept, ...entry }) => {
    const list = listOf(kept);
    const others = list.filter((value) => !isCounted(value));
    const isGone = others.length === 0 && list.length > 0;
    return isGone ? [] : [{ ...entry, kept: others.length === list.length ? kept : keptOf(others) }];
  });
  const [first] = left;
  if (!first) return undefined;
  return {
    at: first.atMs,
    gaps: left.map((entry, n) => entry.atMs - (left[n - 1]?.atMs ?? entry.atMs)),
    values: left.map(({ kept }) => kept),
    ids: left.flatMap(({ id }) => id ?? []).toReversed(),
    ...told,
  };
}

/** So much of a longer text is kept, with a hash; less of a name at its end is no name. */
const CUT_LENGTH = 40;
const NAME_BEGIN_LENGTH_MIN = 8;

/** Whether what is counted of text fields is one of some names: alone, among several fields, or cut as it was too long. */
export function isCountedName(text: string, names: readonly string[]): boolean {
  const begin = text.length > CUT_LENGTH ? text.slice(0, CUT_LENGTH) : '';
  return names.some((name) => {
    if (text === name || (begin !== '' && name.length > CUT_LENGTH && name.startsWith(begin))) return true;
    if (!text.startsWith('[')) return false;
    const quoted = JSON.stringify(name);
    return text.includes(quoted) || endsInside(begin, quoted);
  });
}

/** Whether a text ends with the beginning of another. */
function endsInside(begin: string, whole: string): boolean {
  for (let length = Math.min(begin.length, whole.length); length >= NAME_BEGIN_LENGTH_MIN; length--)
    if (begin.endsWith(whole.slice(0, length))) return true;
  return false;
}

function keptOf(values: readonly Counted[]): Kept {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}
