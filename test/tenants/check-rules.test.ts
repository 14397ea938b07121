/** What is refused of a tenant's rules, with every fault at its place, and what is accepted. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { hidePersons } from '../../src/domain/personal-fields.ts';
import { RULE_TEXT_LENGTH_MAX, RULES_MAX } from '../../src/domain/rules-config.ts';
import { parseDocument } from '../../src/http/api/document.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { customRule } from './rule-texts.ts';
import { PRODUCTION, sampleDocument, sampleFalconApi } from './sample.ts';

const HL3 = 'noxys_hl3_repeated_violations';

function check(changes: object) {
  return validateTenantConfig({ ...sampleDocument(), ...changes }, PRODUCTION);
}

function faultsOf(changes: object) {
  const checked = check(changes);
  return checked.ok ? [] : checked.error;
}

/** `path message` of each fault. */
function linesOf(changes: object): string[] {
  return faultsOf(changes).map(({ path, message }) => `${path} ${message}`);
}

describe('the rules of a tenant', () => {
  it.each<[string, object]>([
    ['none', {}],
    ['all that come with the relay', { rules: { catalog: 'all' } }],
    ['some by name', { rules: { catalog: [HL3] } }],
    [
      'a bundled one with another threshold',
      { rules: { catalog: 'all', overrides: { [HL3]: { threshold: 20 } } } },
    ],
    ['own ones', { rules: { custom: [customRule()] } }],
    [
      'an own one that is changed',
      { rules: { custom: [customRule()], overrides: { my_grok: { dry_run: true } } } },
    ],
    ['what levels ask for', { responses: { by_level: { critical: ['incident', 'notify'] } } }],
    ['days of detections', { retention: { detections: 90 } }],
    ['risky platforms', { platforms: { risky: ['grok'] } }],
  ])('are accepted: %s', (_what, changes) => {
    expect(faultsOf(changes)).toEqual([]);
  });

  it('are on only where they are named', () => {
    const checked = check({});
    expect(checked.ok && checked.value).toMatchObject({
      rules: { catalog: [], overrides: {}, custom: [] },
      responses: { by_level: {} },
      retention: { detections: 365 },
    });
  });

  it.each<[string, object, RegExp]>([
    ['a text that is no YAML', { custom: ['title: [unclosed'] }, /^rules\.custom\[0\] line \d+, column \d+/],
    ['a text that is no rule', { custom: ['just words'] }, /^rules\.custom\[0\] line 1, column 1/],
    ['an empty text', { custom: [''] }, /^rules\.custom\[0\] must not be empty/],
    ['space alone', { custom: [' \n '] }, /^rules\.custom\[0\] /],
    ['comments alone', { custom: ['# nothing\n'] }, /^rules\.custom\[0\] /],
    ['a number', { custom: [7] }, /^rules\.custom\[0\] must be the text of a Sigma rule/],
    [
      'a file, which the relay can not read',
      { custom: [{ file: 'rules/mine.yml' }] },
      /^rules\.custom\[0\] must be the text of a Sigma rule: `file: <path>` is for the command line/,
    ],
    [
      'a misspelt field, with its place and the nearest one',
      { custom: [customRule(), customRule({ name: 'two', field: 'plaftorm_id' })] },
      /^rules\.custom\[1\] line 7, column 5, detection\.selection\S*: .*platform_id/,
    ],
    [
      'a text that is too long',
      { custom: [`${customRule()}# ${'x'.repeat(RULE_TEXT_LENGTH_MAX)}`] },
      /^rules\.custom\[0\] must have at most 65536 characters/,
    ],
    [
      'too many texts',
      { custom: Array.from({ length: RULES_MAX + 1 }, (_, i) => customRule({ name: `r${i}` })) },
      /^rules\.custom must have at most 100 entries/,
    ],
    ['one name twice', { custom: [customRule(), customRule()] }, /^rules\.custom\[1\] .*my_grok/],
    [
      'a bundled rule that there is not',
      { catalog: ['noxys_hl9'] },
      /^rules\.catalog\[0\] noxys_hl9 is no bundled rule/,
    ],
    ['a catalog that is no list', { catalog: 'some' }, /^rules\.catalog must be/],
    ['an override of no rule', { overrides: { nobody: { enabled: false } } }, /^rules\.overrides\.nobody /],
    [
      'a threshold of a rule that counts nothing',
      { custom: [customRule()], overrides: { my_grok: { threshold: 3 } } },
      /^rules\.overrides\.my_grok\.threshold is for correlations/,
    ],
    [
      'a time span that is none',
      { catalog: 'all', overrides: { [HL3]: { timespan: 'soon' } } },
      new RegExp(`^rules\\.overrides\\.${HL3}\\.timespan `),
    ],
    [
      'a list that the rule does not have',
      { custom: [customRule()], overrides: { my_grok: { lists: { users: ['a'] } } } },
      /^rules\.overrides\.my_grok\.lists/,
    ],
    [
      'a misspelt key of an override',
      { overrides: { [HL3]: { treshold: 3 } } },
      new RegExp(`^rules\\.overrides\\.${HL3}\\.treshold is not a known key: did you mean threshold\\?`),
    ],
    [
      'a response that there is not',
      { overrides: { [HL3]: { respond: ['explode'] } } },
      new RegExp(`^rules\\.overrides\\.${HL3}\\.respond\\[0\\] must be one of`),
    ],
  ])('are refused: %s', (_what, rules, words) => {
    expect(linesOf({ rules })).toContainEqual(expect.stringMatching(words));
  });

  it.each<[string, object, RegExp]>([
    ['a misspelt level', { responses: { by_level: { critcal: ['case'] } } }, /^responses\.by_level/],
    [
      'a verb that no rule asks for',
      { responses: { by_level: { high: ['event'] } } },
      /^responses\.by_level\.high\[0\]/,
    ],
    ['no days', { retention: { detections: 0 } }, /^retention\.detections must be at least 1/],
    [
      'a platform in capitals',
      { platforms: { risky: ['Grok'] } },
      /^platforms\.risky\[0\] must be a platform's id/,
    ],
    [
      'a verdict that can close no case',
      { destinations: [{ ...sampleFalconApi(), actions: ['event'], cases: { close_with_verdict: true } }] },
      /^destinations\[0\]\.cases does nothing as case is not granted: write actions: \[event, case\]/,
    ],
    [
      'a verdict without an API client to close a case by',
      {
        destinations: [
          {
            name: 'falcon',
            type: 'falcon',
            region: 'eu-1',
            hec: sampleFalconApi().hec,
            cases: { close_with_verdict: true },
          },
        ],
      },
      /^destinations\[0\]\.cases needs client_id and client_secret/,
    ],
  ])('are refused with what belongs to them: %s', (_what, changes, words) => {
    expect(linesOf(changes)).toContainEqual(expect.stringMatching(words));
  });

  it('are told of all their faults, and of all others, in one round', () => {
    const lines = linesOf({
      residency: 'mars',
      limits: { burst: 1 },
      rules: {
        catalog: ['noxys_hl9'],
        overrides: { [HL3]: { treshold: 1 }, noxys_cs2_high_volume: { timespan: 'soon' } },
        custom: [customRule({ field: 'usr_id' }), 7, 'just words'],
        extra: true,
      },
    });
    for (const words of [
      /^residency /,
      /^limits\.burst /,
      /^rules\.extra is not a known key/,
      /^rules\.catalog\[0\] /,
      new RegExp(`^rules\\.overrides\\.${HL3}\\.treshold `),
      /^rules\.custom\[0\] line 7, column 5/,
      /^rules\.custom\[1\] must be the text/,
      /^rules\.custom\[2\] line 1/,
    ])
      expect(lines).toContainEqual(expect.stringMatching(words));
  });

  it('are not said to be unknown where their text can not be read', () => {
    const rules = { custom: [customRule({ field: 'usr_id' })], overrides: { my_grok: { dry_run: true } } };
    expect(linesOf({ rules })).toEqual([expect.stringMatching(/^rules\.custom\[0\] line 7/)]);
  });

  it('may not use what privacy takes, whatever else is wrong with the document', () => {
    const rules = { custom: [customRule({ field: 'user_email', value: 'alice@acme.fr' })] };
    expect(linesOf({ rules, limits: { burst: 1 } })).toEqual([
      expect.stringMatching(/^limits\.burst /),
      expect.stringMatching(/^rules\.custom.* privacy\.user_email/),
    ]);
    // What could not be read takes nothing.
    expect(linesOf({ rules, privacy: { user_email: 'hide' } })).toEqual([
      expect.stringMatching(/^privacy\.user_email must be/),
    ]);
  });

  it.each([
    ['a text', { custom: ['<hidden>'] }, 'rules.custom[0]'],
    ['a text with space around', { custom: ['  <hidden>\n'] }, 'rules.custom[0]'],
    [
      'values',
      { catalog: 'all', overrides: { [HL3]: { lists: { users: ['<hidden>'] } } } },
      `rules.overrides.${HL3}.lists.users`,
    ],
  ])('are not saved as a viewer sees them: %s', (_what, rules, path) => {
    expect(linesOf({ rules })).toContainEqual(expect.stringContaining(`${path} holds <hidden>`));
  });

  it('have all their texts in a quarter of a mebibyte, whatever aliases multiply', () => {
    const custom = Array.from({ length: 5 }, () => `${customRule()}# ${'é'.repeat(30_000)}`);
    expect(linesOf({ rules: { custom } })).toEqual([
      expect.stringMatching(/^rules\.custom must have at most 256 KiB of text in all: it has 294/),
    ]);
  });

  it('are read whatever somebody wrote, and never throw', () => {
    const text = fc.oneof(fc.string(), fc.constant(customRule()), fc.constant('<hidden>'));
    const override = fc.oneof(
      fc.jsonValue(),
      fc.record({ threshold: fc.jsonValue(), lists: fc.jsonValue() }),
    );
    const rules = fc.record(
      {
        catalog: fc.oneof(fc.constant('all'), fc.jsonValue(), fc.array(fc.constantFrom(HL3, 'nobody'))),
        overrides: fc.oneof(
          fc.jsonValue(),
          fc.dictionary(fc.constantFrom(HL3, 'my_grok', 'constructor'), override),
        ),
        custom: fc.oneof(fc.jsonValue(), fc.array(fc.oneof(text, fc.jsonValue()), { maxLength: 4 })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(rules, fc.jsonValue()), (written) => {
        expect(() => check({ rules: written })).not.toThrow();
      }),
    );
  });

  it.each([
    [100, false],
    [500, true],
  ])(
    'make a config no larger than a row, whatever aliases multiply: values of %i characters',
    (length, isTooLarge) => {
      const values = JSON.stringify(Array.from({ length: 900 }, (_, i) => `${i} ${'x'.repeat(length)}`));
      const lists = `{ a: { lists: { l: &long ${values} } }, b: { lists: { l: *long } }, c: { lists: { l: *long } } }`;
      const yaml = `${JSON.stringify(sampleDocument()).slice(0, -1)}, "rules": { "overrides": ${lists} } }`;
      const document = parseDocument(new TextEncoder().encode(yaml), 'application/yaml');
      const checked = validateTenantConfig(document.ok ? document.value : {}, PRODUCTION);
      const faults = checked.ok ? [] : checked.error.map(({ path, message }) => `${path} ${message}`);
      const words = /^ has 1\d{3} KiB once its aliases are followed, and at most 1024 can be stored/;
      expect(faults.some((fault) => words.test(fault))).toBe(isTooLarge);
      // That there are no such rules is said in any case.
      expect(faults).toContainEqual(expect.stringMatching(/^rules\.overrides\.b is no rule of the tenant/));
    },
  );
});

describe('what viewers see of rules', () => {
  it('names no person: no text, and no value of a list', () => {
    const checked = check({
      rules: {
        catalog: ['noxys_hl1_blocked_unauthorized_platform'],
        custom: [`# on leave: alice\n${customRule({ field: 'user_id', value: 'alice' })}`],
        overrides: {
          my_grok: { dry_run: true },
          noxys_hl1_blocked_unauthorized_platform: { lists: { approved_platforms: ['claude', 'poe'] } },
        },
      },
    });
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    const shown = hidePersons(checked.value);
    expect(shown.rules).toEqual({
      catalog: ['noxys_hl1_blocked_unauthorized_platform'],
      custom: ['<hidden>'],
      overrides: {
        my_grok: { dry_run: true },
        noxys_hl1_blocked_unauthorized_platform: { lists: { approved_platforms: ['<hidden>', '<hidden>'] } },
      },
    });
    expect(JSON.stringify(shown)).not.toContain('alice');
    expect(checked.value.rules.custom[0]).toContain('alice');
  });
});
