/** A selection of a rule as a test of events: a map (all of it), a list (any of it), or keywords. Pure. */

import type { SigmaMap, SigmaSelection } from './document.ts';
import { compileItem, compileKeywords } from './item.ts';
import type { Test, Values } from './item.ts';
import { joined } from './joined.ts';

export function isMap(value: unknown): value is SigmaMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function compileSelection(selection: SigmaSelection): Test {
  if (isMap(selection)) {
    return joined(
      Object.entries(selection).map(([key, values]) => compileItem(key, values)),
      true,
    );
  }
  return Array.isArray(selection) && selection.some(isMap)
    ? joined(selection.map(compileSelection), false)
    : compileKeywords(selection as Values, false);
}
