import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { SigmaRule } from '../../src/detection/document.ts';
import { compileRule, explainRule, parseRules } from '../../src/detection/sigma.ts';
import modifierVectors from '../vectors/sigma-modifier-vectors.json' with { type: 'json' };
import seedVectors from '../vectors/seed-rule-vectors.json' with { type: 'json' };
import { errorsOf, ruleOf } from './rule-of.ts';

interface Vector {
  readonly name: string;
  readonly rule: string;
  readonly event: Record<string, unknown>;
  readonly match: boolean;
}

const vectors: readonly Vector[] = modifierVectors.vectors;

const byRule = Map.groupBy(vectors, ({ rule }) => rule);

describe('the modifier vectors', () => {
  it('are all there', () => {
    expect([byRule.size, vectors.length, modifierVectors.reject.length]).toEqual([49, 231, 11]);
  });

  it.each([...byRule.values()].map((cases) => [cases[0]?.name, cases] as const))('%s', (_name, cases) => {
    const rule = ruleOf(cases[0]?.rule ?? '');
    const test = compileRule(rule);
    const explain = explainRule(rule);
    for (const { event, match } of cases) {
      expect({ event, match: test(event) }).toEqual({ event, match });
      expect(explain(event).matches).toBe(match);
    }
  });

  it.each(modifierVectors.reject.map(({ name, rule }) => [name, rule] as const))(
    'refuse: %s',
    (_name, rule) => {
      const errors = errorsOf(rule);
      expect(errors.every(({ message, line, column }) => message !== '' && line > 0 && column > 0)).toBe(
        true,
      );
    },
  );
});

describe('the rules of the two guides', () => {
  const folder = fileURLToPath(import.meta.resolve('../../rules/'));
  const rules = readdirSync(folder)
    .filter((file) => /^noxys_(?:hl|cs)[123]_.*\.yml$/.test(file))
    .flatMap((file) => {
      const parsed = parseRules(readFileSync(folder + file, 'utf8'));
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
      return parsed.value;
    })
    .filter((document): document is SigmaRule => document.kind === 'rule')
    .map((document) => ({ name: document.name ?? '', test: compileRule(document) }));

  it('are six detections, two of which are counted by correlations', () => {
    expect(rules.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'noxys_cs1_blocked_sensitive_data',
      'noxys_cs3_financial_data',
      'noxys_hl1_blocked_unauthorized_platform',
      'noxys_hl2_pii_exposure',
      'noxys_policy_violated_1h',
      'noxys_policy_violated_60m',
    ]);
  });

  it.each(seedVectors.map(({ name, event, matches }) => [name, event, matches] as const))(
    '%s',
    (_name, event, matches) => {
      expect(
        rules
          .filter(({ test }) => test(event))
          .map(({ name }) => name)
          .toSorted((a, b) => a.localeCompare(b)),
      ).toEqual(matches);
    },
  );
});
