/** A selection of a rule as a test of events: a map (all of it), a list (any of it), or keywords. Pure. */

import type { Scalar, SigmaMap } from './document.ts';
import { Fault } from './fault.ts';
import type { Path, Reading } from './fault.ts';
import type { SigmaEvent } from './field.ts';
import { compileItem, compileKeywords } from './item.ts';
import type { Test } from './item.ts';

export interface CompiledSelection {
  readonly test: Test;
  /** As they are written, in their order. */
  readonly items: readonly { readonly key: string; readonly values: unknown; readonly test: Test }[];
}

export function compileSelection(selection: unknown, reading: Reading, path: Path): CompiledSelection {
  if (Array.isArray(selection)) return compileList(selection, reading, path);
  return isMap(selection)
    ? compileMap(selection, reading, path)
    : one(selection, compileKeywords(selection as Scalar, false, reading, path));
}

export function isMap(value: unknown): value is SigmaEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function one(values: unknown, test: Test): CompiledSelection {
  return { test, items: [{ key: 'keywords', values, test }] };
}

function compileMap(map: SigmaEvent, reading: Reading, path: Path): CompiledSelection {
  const items = Object.entries(map).flatMap(([key, values]) => {
    const at = [...path, key];
    const test = reading.part(at, () => compileItem(key, values as SigmaMap[string], reading, at));
    return test === undefined ? [] : [{ key, values, test }];
  });
  if (Object.keys(map).length === 0) throw new Fault('empty');
  const [only] = items;
  if (only !== undefined && items.length === 1) return { test: only.test, items };
  return {
    items,
    test: (event) => {
      for (const { test } of items) if (!test(event)) return false;
      return true;
    },
  };
}

function compileList(list: readonly unknown[], reading: Reading, path: Path): CompiledSelection {
  if (!list.some(isMap)) {
    return one(list, compileKeywords(list as Scalar[], false, reading, path));
  }
  const members = list.flatMap((member, at) => {
    if (Array.isArray(member)) throw new Fault('list_in_list');
    const found = reading.part([...path, at], () => compileSelection(member, reading, [...path, at]));
    return found === undefined ? [] : [found];
  });
  return {
    items: members.flatMap(({ items }) => items),
    test: (event) => members.some(({ test }) => test(event)),
  };
}
