/** Tables for people: borderless, no wider than the terminal. Pure. */

import { stripVTControlCharacters } from 'node:util';

import Table from 'cli-table3';
import { wrapAnsi } from 'fast-wrap-ansi';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/** Narrower than this nothing can be read. */
const COLUMN_WIDTH_MIN = 8;
/** A terminal narrower than this gets rows that do not fit as records. */
const TABLE_WIDTH_MIN = 80;
const GAP = 2;

const NO_BORDER = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};

/** Rows below their heads; cells must be printable and may be coloured. Without a width nothing is wrapped. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const natural = columnWidths(columns, rows, undefined);
  const isTooWide = width !== undefined && sum(natural) + GAP * (columns.length - 1) > width;
  if (isTooWide && width < TABLE_WIDTH_MIN) return renderRecords(columns, rows, width);
  const widths = isTooWide ? columnWidths(columns, rows, width) : natural;
  const table = new Table({
    head: columns.map(({ head }, index) => wrapAnsi(head, widths[index] ?? 1, { hard: true })),
    colAligns: columns.map(({ align = 'left' }) => align),
    colWidths: widths,
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows)
    table.push(row.map((cell, index) => wrapAnsi(cell, widths[index] ?? 1, { hard: true })));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Each row as lines of head and cell, so that an id, which is to be copied, stays in one piece. */
function renderRecords(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const headWidth = Math.max(...columns.map(({ head }) => lengthOf(head)));
  const cellWidth = Math.max(COLUMN_WIDTH_MIN, width - headWidth - GAP);
  return rows
    .map((row) =>
      columns.flatMap(({ head }, index) => {
        const [first = '', ...rest] = wrapAnsi(row[index] ?? '', cellWidth, { hard: true }).split('\n');
        const indent = ' '.repeat(headWidth + GAP);
        const lines = [`${head}${' '.repeat(headWidth - lengthOf(head) + GAP)}${first}`];
        return [...lines, ...rest.map((line) => `${indent}${line}`)].map((line) => line.trimEnd());
      }),
    )
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** As wide as their content; the widest give way until all fit. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): number[] {
  const widths = columns.map(({ head }, index) =>
    Math.max(lengthOf(head), ...rows.map((row) => lengthOf(row[index] ?? ''))),
  );
  if (width === undefined) return widths;
  let excess = sum(widths) + GAP * (columns.length - 1) - width;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const current = widths[widest] ?? 0;
    if (current <= COLUMN_WIDTH_MIN) break;
    const others = widths.filter((_, index) => index !== widest);
    const second = Math.max(COLUMN_WIDTH_MIN, ...others);
    const cut = Math.min(excess, Math.max(1, current - second));
    widths[widest] = Math.max(COLUMN_WIDTH_MIN, current - cut);
    excess -= current - (widths[widest] ?? 0);
  }
  return widths;
}

function lengthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
