/** Open windows as a table for people. Pure. */

import type { WindowView } from '../api-types.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';
import { formatAge } from './time.ts';

const COLUMNS = [
  { head: 'rule' },
  { head: 'of' },
  { head: 'value', align: 'right' },
  { head: 'first', align: 'right' },
  { head: 'last', align: 'right' },
  { head: 'alerted', align: 'right' },
  { head: 'quiet until', align: 'right' },
] as const;

export function windowsTable(out: Output, windows: readonly WindowView[], nowMs: number): string {
  if (windows.length === 0) return 'No window is open: nothing is counted at the moment.';
  const age = (iso: string | undefined) => (iso === undefined ? '–' : formatAge(iso, nowMs));
  const rows = windows.map(({ rule, group, value, condition, firstAt, lastAt, alertedAt, quietUntil }) => [
    printable(rule),
    printable(
      Object.entries(group)
        .map(([field, of]) => `${field}=${of}`)
        .join(' ') || 'all',
    ),
    `${value ?? '–'}${condition === undefined ? '' : ` of ${printable(condition)}`}`,
    age(firstAt),
    age(lastAt),
    age(alertedAt),
    quietUntil === undefined || Date.parse(quietUntil) <= nowMs ? '–' : age(quietUntil),
  ]);
  return out.table(COLUMNS, rows);
}
