/** docs/data-residency.md says what `residency check` says: component by component, and word for word what may be promised. */

import { describe, expect, it } from 'vitest';

import { COMPONENT_IDS, COMPONENTS } from '../../cli/residency/components.ts';
import { WITH_ENTERPRISE, WITHOUT_ENTERPRISE } from '../../cli/residency/statement.ts';
import { below, readPage } from './page.ts';

const PAGE = readPage('data-residency.md');

/** The cells of the rows of a table, without its head. */
function rows(section: string): string[][] {
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/data-residency.md', () => {
  it('has the line of each component, and no other', () => {
    expect(rows(below(PAGE, '## Component by component'))).toEqual(
      COMPONENT_IDS.map((id) => {
        const { name, holds, rests, runs, enforcedBy, open } = COMPONENTS[id];
        return [name, holds, rests, runs, enforcedBy, open];
      }),
    );
  });

  it('has a line of each component in French, too, each with the same kind of enforcement', () => {
    const french = rows(below(readPage('data-residency.fr.md'), '## Composant par composant'));
    expect(french).toHaveLength(COMPONENT_IDS.length);
    const enforced = COMPONENT_IDS.map((id) => COMPONENTS[id].enforcedBy.startsWith('Nothing'));
    expect(french.map(([, , , , enforcedBy = '']) => enforcedBy.startsWith('Rien'))).toEqual(enforced);
    const inEu = COMPONENT_IDS.map((id) => COMPONENTS[id].rests.startsWith('EU'));
    expect(french.map(([, , rests = '']) => rests.startsWith('UE'))).toEqual(inEu);
    expect(enforced).toContain(true);
    expect(inEu).toContain(false);
  });

  it('quotes what may be said, word for word, each with its plan', () => {
    const section = below(PAGE, '## What you may say');
    const quotes = section.split('\n').filter((line) => line.startsWith('> '));
    expect(quotes).toEqual([`> ${WITHOUT_ENTERPRISE}`, `> ${WITH_ENTERPRISE}`]);
    expect(section.indexOf('Without Cloudflare Enterprise')).toBeLessThan(
      section.indexOf(WITHOUT_ENTERPRISE),
    );
    expect(section.indexOf('both Enterprise')).toBeLessThan(section.indexOf(WITH_ENTERPRISE));
  });
});
