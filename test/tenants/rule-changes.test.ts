/** How a change of rules reads in a plan and in the audit. */

import { describe, expect, it } from 'vitest';

import { changesOf } from '../../src/tenants/config-changes.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { customCount, customRule } from './rule-texts.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

function configOf(rules: object) {
  const result = validateTenantConfig({ ...sampleDocument(), rules }, PRODUCTION);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const changesFrom = async (before: object, after: object) =>
  changesOf(configOf(before), configOf(after), async (secret) => Promise.resolve(secret));

const HL3 = 'noxys_hl3_repeated_violations';
const A = customRule({ name: 'a' });
const B = customRule({ name: 'b' });

describe('the changes of rules', () => {
  it.each<[string, object, object, object[]]>([
    ['nothing', { custom: [A, B] }, { custom: [A, B] }, []],
    ['the order of texts, which means nothing', { custom: [A, B] }, { custom: [B, A] }, []],
    [
      'which text a rule stands in',
      { custom: [A, B] },
      { custom: [`${A}---\n${B}`] },
      [
        {
          path: 'rules.custom',
          from: '2 texts, as to comments and layout',
          to: '1 text, as to comments and layout',
        },
      ],
    ],
    [
      'comments alone',
      { custom: [A] },
      { custom: [`# mine\n${A}`] },
      [
        {
          path: 'rules.custom',
          from: '1 text, as to comments and layout',
          to: '1 text, as to comments and layout',
        },
      ],
    ],
    [
      'a rule that comes',
      { custom: [A] },
      { custom: [A, B] },
      [{ path: 'rules.custom.b', to: { kind: 'rule', title: 'Rule b', level: 'high' } }],
    ],
    [
      'a rule that goes',
      { custom: [A, B] },
      { custom: [B] },
      [{ path: 'rules.custom.a', from: { kind: 'rule', title: 'Rule a', level: 'high' } }],
    ],
    [
      'the first rule',
      {},
      { custom: [A] },
      [{ path: 'rules.custom.a', to: { kind: 'rule', title: 'Rule a', level: 'high' } }],
    ],
    [
      'the parts of a rule',
      { custom: [A, B] },
      { custom: [B, customRule({ name: 'a', level: 'low', value: '[poe, grok]' })] },
      [
        { path: 'rules.custom.a.level', from: 'high', to: 'low' },
        { path: 'rules.custom.a.selections.selection.platform_id', from: 'grok', to: ['poe', 'grok'] },
      ],
    ],
    [
      'what a rule asks for',
      { custom: [A] },
      { custom: [customRule({ name: 'a', relay: '{ respond: [case] }' })] },
      [{ path: 'rules.custom.a.relay.respond', to: ['case'] }],
    ],
    [
      'the catalog, whose order means nothing',
      { catalog: [HL3, 'noxys_cs2_high_volume'] },
      { catalog: ['noxys_cs2_high_volume', HL3] },
      [],
    ],
    [
      'the catalog',
      { catalog: [HL3] },
      { catalog: 'all' },
      [{ path: 'rules.catalog', from: [HL3], to: 'all' }],
    ],
    [
      'an override, by its path',
      { catalog: 'all', overrides: { [HL3]: { threshold: 5 } } },
      { catalog: 'all', overrides: { [HL3]: { threshold: 8, dry_run: true } } },
      [
        { path: `rules.overrides.${HL3}.threshold`, from: 5, to: 8 },
        { path: `rules.overrides.${HL3}.dry_run`, to: true },
      ],
    ],
  ])('are of %s', async (_what, before, after, changes) => {
    const found = await changesFrom(before, after);
    const byPath = (list: readonly object[]) =>
      list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    expect(byPath(found)).toEqual(byPath(changes));
  });

  it('are of the order in which a correlation counts', async () => {
    const count = customCount('count', 'a, b')
      .replace('event_count', 'temporal_ordered')
      .replace('condition: { gte: 3 }', '');
    const changes = await changesFrom(
      { custom: [A, B, count] },
      { custom: [A, B, count.replace('[a, b]', '[b, a]')] },
    );
    expect(changes).toEqual([{ path: 'rules.custom.count.rules', from: ['a', 'b'], to: ['b', 'a'] }]);
  });

  it('tell a rule by its title where it has no name, and never take two paths for one', async () => {
    const untitled = customRule({ title: 'Use. of "grok"' }).replace(
      'title: Use. of "grok"\nname: my_grok',
      `title: 'Use. of "grok"'`,
    );
    const changes = await changesFrom({ custom: [A] }, { custom: [A, untitled] });
    expect(changes).toEqual([
      {
        path: String.raw`rules.custom."Use. of \"grok\""`,
        to: { kind: 'rule', title: 'Use. of "grok"', level: 'high' },
      },
    ]);
  });

  it('have short paths, whatever a rule calls its parts', async () => {
    const long = 'x'.repeat(5_000);
    const rule = customRule({ title: 'Long' }).replaceAll('selection', `selection_${long}`);
    const changes = await changesFrom({ custom: [rule] }, { custom: [rule.replace(': grok', ': poe')] });
    expect(changes).toEqual([expect.objectContaining({ from: 'grok', to: 'poe' })]);
    expect(Math.max(...changes.map(({ path }) => path.length))).toBeLessThan(400);
  });

  it('are never the text of a rule, even of one that this release can not read', async () => {
    const before = configOf({ custom: [A] });
    const unread = {
      ...before,
      rules: { ...before.rules, custom: [`title: not a rule ${'x'.repeat(5_000)}`] },
    };
    const changes = await changesOf(unread, before, async (secret) => Promise.resolve(secret));
    expect(JSON.stringify(changes)).not.toContain('xxx');
    expect(changes).toContainEqual({ path: 'rules.custom.[0]', from: { text: '5018 characters' } });
  });
});
