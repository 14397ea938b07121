/** Every link of the docs, the README and the changelog leads to a file, and to a heading of it. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { DOCS, brokenLinks } from './page.ts';

const PAGES = [
  '../README.md',
  '../CHANGELOG.md',
  ...readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md')),
];

describe('the docs', () => {
  it('are all looked at', () => {
    expect(PAGES.length).toBeGreaterThan(20);
    expect(PAGES).toContain(join('destinations', 'harfanglab.md'));
  });

  it.each(PAGES)('link to files and headings that exist: %s', (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });

  it('would be caught with a link that leads nowhere', () => {
    expect(
      brokenLinks('quickstart.md', '[a](missing.md) [b](cli.md#no-such-heading) [c](cli.md#init)'),
    ).toEqual(['](missing.md)', '](cli.md#no-such-heading)']);
  });
});
