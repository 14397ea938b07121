/** Texts of somebody's own choice without a name that they may hold. Pure. */

import { LEFT_OUT } from './personal-fields.ts';

/** With `…` for the name, in any case. `name` is in lower case. */
export function withoutName(text: string, name: string): string {
  const folded = text.toLowerCase();
  let at = folded.indexOf(name);
  if (at === -1) return text;
  // A letter that has another length in lower case: places in the one are not those in the other.
  if (folded.length !== text.length) return LEFT_OUT;
  let clean = '';
  let from = 0;
  for (; at !== -1; at = folded.indexOf(name, from)) {
    clean += text.slice(from, at) + LEFT_OUT;
    from = at + name.length;
  }
  return clean + text.slice(from);
}
