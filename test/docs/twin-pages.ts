/** A page and its translation, line by line: what each line is, and what of it must be the same in both languages. */

import { codeIn } from './page.ts';

/** What must be the same in two languages of a line. */
export interface Line {
  /** Such as `heading 2`, `row of 3`, `item`, `quote`, `text`, `empty`. */
  readonly kind: string;
  readonly codes: readonly string[];
  readonly numbers: readonly string[];
  /** Pages that it links to; of the page's own language, without the anchor. */
  readonly links: readonly string[];
}

/** Every line of a page; of a fenced block each is `block`, and its words are not compared. */
export function linesOf(text: string): Line[] {
  let isInBlock = false;
  return text.split('\n').map((line) => {
    const isFence = line.startsWith('```');
    const isOfBlock = isInBlock || isFence;
    if (isFence) isInBlock = !isInBlock;
    return isOfBlock ? lineOfBlock() : lineOf(line);
  });
}

/** The cells of a row, without the space around them. */
export function cellsOf(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The rows of the first table below a heading, without its head. */
export function rowsBelow(section: string): string[][] {
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map(cellsOf);
}

function lineOf(line: string): Line {
  const links = [...line.matchAll(/\]\(([^)#]*)[^)]*\)/g)].map(([, path = '']) =>
    path.replace('.fr.md', '.md'),
  );
  const words = line.replaceAll(/`[^`]*`/g, '').replaceAll(/\]\([^)]*\)/g, ']');
  const numbers = [...words.matchAll(/\d+/g)].map(([number]) => number);
  return {
    kind: kindOf(line),
    codes: codeIn(line).toSorted(),
    numbers: numbers.toSorted(),
    links: links.toSorted(),
  };
}

function lineOfBlock(): Line {
  return { kind: 'block', codes: [], numbers: [], links: [] };
}

function kindOf(line: string): string {
  const heading = /^(#+) /.exec(line)?.[1];
  if (heading !== undefined) return `heading ${heading.length}`;
  if (/^\| *-+/.test(line)) return 'rule';
  if (line.startsWith('|')) return `row of ${cellsOf(line).length}`;
  if (line.startsWith('- ')) return 'item';
  if (line.startsWith('> - ')) return 'quoted item';
  if (line.startsWith('>')) return 'quote';
  return line.trim() === '' ? 'empty' : 'text';
}
