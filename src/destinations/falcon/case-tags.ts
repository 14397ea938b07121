/**
 * The tags of a case: what makes it findable, then `noxys`, the platforms and the categories of data.
 * Pure. Falcon counts the characters of all tags of a case together, so whole tags are left out, least important first.
 */

import type { DataCategory } from '../../domain/data-categories.ts';

/** Of all tags of a case together. Source: falcon-mcp modules/cases.py, read 2026-11. */
const TAGS_LENGTH_MAX = 128;
/** Whether separators count is not published: they do here. */
const SEPARATOR_LENGTH = 1;

export interface TagFacts {
  /** The one that makes it findable: never left out. */
  readonly unique: string;
  readonly isStorm: boolean;
  /** Ids. */
  readonly platforms: readonly string[];
  readonly categories: readonly DataCategory[];
}

/** Within the limit; the first is the unique one. */
export function caseTags({ unique, isStorm, platforms, categories }: TagFacts): readonly string[] {
  const wanted = [unique, 'noxys', ...(isStorm ? ['storm'] : []), ...platforms.map(tagOf), ...categories];
  const tags = [...new Set(wanted.filter((tag) => tag !== ''))];
  while (tags.length > 1 && lengthOf(tags) > TAGS_LENGTH_MAX) tags.pop();
  return tags;
}

/** Whether a case that has these may get one more. */
export function hasTagRoom(tags: readonly string[], tag: string): boolean {
  return lengthOf([...tags, tag]) <= TAGS_LENGTH_MAX;
}

/** Lower case letters, digits, `-` and `_`, without accents; empty when nothing of it is one. */
function tagOf(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

function lengthOf(tags: readonly string[]): number {
  return tags.reduce((sum, tag) => sum + tag.length + SEPARATOR_LENGTH, -SEPARATOR_LENGTH);
}
