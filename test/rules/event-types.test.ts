import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileRule } from '../../src/detection/sigma.ts';
import type { SigmaRule } from '../../src/detection/document.ts';
import { eventTypesOf } from '../../src/rules/event-types.ts';
import { Lab, eventAt, plainRule, rulesOf } from './lab.ts';

function typesOf(selections: SigmaRule['selections'], ...condition: string[]) {
  const types = eventTypesOf({ kind: 'rule', title: 't', logsource: {}, selections, condition });
  return types && [...types];
}

describe('eventTypesOf', () => {
  const s = { type: 'A.b', platform_id: 'grok' };

  it.each<[SigmaRule['selections'], string, string[] | undefined]>([
    [{ s }, 's', ['a.b']],
    [{ s: { type: ['x', 'Y'] } }, 's', ['x', 'y']],
    [{ s, t: { type: 'c' } }, 's and not 1 of t*', ['a.b']],
    [{ s, t: { type: 'c' } }, 's AND t', ['a.b']],
    [{ s, t: { type: 'c' } }, 's or t', undefined],
    [{ s, t: { type: 'c' } }, 's and (t OR s)', undefined],
    [{ s }, 'not s', undefined],
    [{ s }, '(s)', undefined],
    [{ s }, '1 of s*', undefined],
    [{ s: [s] }, 's', undefined],
    [{ s: ['keyword'] }, 's', undefined],
    [{ s: { 'type|startswith': 'a' } }, 's', undefined],
    [{ s: { type: 'a.*' } }, 's', undefined],
    [{ s: { type: 'a?' } }, 's', undefined],
    [{ s: { type: 'a\\*' } }, 's', undefined],
    [{ s: { type: ['a', 5] } }, 's', undefined],
    [{ s: { type: null } }, 's', undefined],
    [{ s: { type: 'σ' } }, 's', undefined],
    [{ s: { platform_id: 'grok' } }, 's', undefined],
  ])('of %j, %s are %j', (selections, condition, expected) => {
    expect(typesOf(selections, condition)).toEqual(expected);
  });

  it('are not told of a rule with several conditions', () => {
    expect(typesOf({ s, t: { type: 'c' } }, 's', 't')).toBeUndefined();
  });

  it('leave out no rule that matches', () => {
    const type = fc.constantFrom('a', 'B', 'b', 'a*', '?', '\\*', '*');
    const map = fc.record({ type: fc.oneof(type, fc.array(type, { minLength: 1 })) });
    const condition = fc.constantFrom(
      's',
      'not s',
      's and t',
      's or t',
      's and not t',
      't and (s or not s)',
      '1 of *',
    );
    fc.assert(
      fc.property(map, map, condition, type, (first, second, text, occurring) => {
        const rule = {
          kind: 'rule',
          title: 't',
          logsource: {},
          selections: { s: first, t: second },
        } as const;
        const document = { ...rule, condition: [text] };
        const types = eventTypesOf(document);
        const isTold = types?.has(occurring.toLowerCase()) ?? true;
        expect(isTold || !compileRule(document)({ type: occurring })).toBe(true);
      }),
    );
  });

  it('keep no rule from events of a type in other letters', () => {
    const lab = new Lab(rulesOf({ custom: [plainRule('one', { type: 'Interaction.High_Risk' })] }));
    expect(lab.names(eventAt(0, { type: 'INTERACTION.high_risk' }))).toEqual(['one']);
    expect(lab.names(eventAt(0))).toEqual([]);
  });
});
