/** The key of one window among those of its rule: the values that it is grouped by. Pure. */

import { isRecord } from '../lib/record.ts';
import type { Rule } from './rule.ts';

export function windowKey(group: readonly string[]): string {
  return JSON.stringify(group);
}

/** What a window is grouped by, from its key: by field, or by alias. */
export function groupOfKey({ document }: Rule, key: string): Readonly<Record<string, string>> {
  const values: unknown = JSON.parse(key);
  const names = document.kind === 'correlation' ? document.groupBy : [];
  return Object.fromEntries(
    names.map((name, index) => [name, isRecord(values) ? String(values[index]) : '']),
  );
}
