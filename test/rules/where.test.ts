import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Where } from '../../src/rules/where.ts';
import { compileWhere } from '../../src/rules/where.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';

const EVENT: CanonicalEvent = {
  id: 'e1',
  type: 'interaction.policy_violated',
  occurredAt: '2026-11-20T10:00:00.000Z',
  receivedAt: '2026-11-20T10:00:00.000Z',
  tenant: 'acme',
  user: { id: '42' },
  platform: { id: 'deepseek', name: 'DeepSeek' },
  policy: { decision: 'block' },
  riskScore: 0.85,
  severity: 'high',
  classifications: ['CREDIT_CARD', 'EMAIL'],
  classificationCount: 2,
  faults: [],
  source: 'noxys',
};

function matches(where: Where, event = EVENT): boolean {
  const predicate = compileWhere(where);
  if (!predicate.ok) throw new Error(JSON.stringify(predicate.error));
  return predicate.value(event);
}

function faultOf(where: Where) {
  const predicate = compileWhere(where);
  return predicate.ok ? undefined : predicate.error;
}

describe('compileWhere', () => {
  it.each<[Where, boolean]>([
    [{}, true],
    [{ 'event.type': 'interaction.policy_violated' }, true],
    [{ event_type: 'INTERACTION.Policy_Violated' }, true],
    [{ type: 'interaction' }, false],
    [{ 'event.data.policy_decision': 'block' }, true],
    [{ action: 'Block', platform_id: ['perplexity', 'DEEPSEEK'] }, true],
    [{ action: 'block', platform_id: ['perplexity', 'grok'] }, false],
    [{ action: 'coach', platform_id: 'deepseek' }, false],
    [{ classifications: 'credit_card' }, true],
    [{ classification_type: ['IBAN', 'EMAIL'] }, true],
    [{ classifications: ['IBAN', 'PHONE'] }, false],
    [{ classifications: 'CREDIT' }, false],
    [{ classification_count: 2 }, true],
    [{ classification_count: '2' }, true],
    [{ user_id: 42 }, true],
    [{ user_id: '*' }, false],
    [{ risk_score: 0.85 }, true],
    [{ 'event.data.risk_score|gte': 0.85 }, true],
    [{ 'risk_score|gt': 0.85 }, false],
    [{ 'risk_score|gt': 0.8, 'risk_score|lt': 0.9 }, true],
    [{ 'risk_score|lte': 0.85 }, true],
    [{ 'risk_score|lt': 0.85 }, false],
    [{ 'classification_count|gt': 0 }, true],
    [{ severity: ['high', 'critical'] }, true],
    [{ alert_severity: 'low' }, false],
    [{ user_email: 'undefined' }, false],
    [{ hostname: '' }, false],
    [{ source: true }, false],
  ])('judges %j as %s', (where, expected) => {
    expect(matches(where)).toBe(expected);
  });

  it('matches nothing on an absent field, whatever is asked', () => {
    const { riskScore: _riskScore, ...bare } = EVENT;
    for (const operator of ['gt', 'gte', 'lt', 'lte']) {
      expect(matches({ [`risk_score|${operator}`]: 0 }, bare)).toBe(false);
    }
    expect(matches({ risk_score: 0 }, bare)).toBe(false);
    expect(matches({ classifications: 'EMAIL' }, { ...EVENT, classifications: [] })).toBe(false);
  });

  it.each<[Where, string, RegExp]>([
    [{ risk_scor: 1 }, 'where.risk_scor', /"risk_scor".*"risk_score"/],
    [{ 'event.data.platfrom_id': 'x' }, 'where.event.data.platfrom_id', /"platform_id"/],
    [{ 'riskscore|gte': 1 }, 'where.riskscore|gte', /"risk_score"/],
    [{ '': 'x' }, 'where.(unreadable key)', /no field/],
    [{ constructor: 'x' }, 'where.constructor', /no field/],
    [{ 'risk_score|ge': 1 }, 'where.risk_score|ge', /gt, gte, lt, lte/],
    [{ 'risk_score|': 1 }, 'where.risk_score|', /no operator/],
    [{ 'risk_score|gt|lt': 1 }, 'where.risk_score|gt|lt', /no operator/],
    [{ 'type|contains': 'x' }, 'where.type|contains', /no operator/],
    [{ 'type|gt': 1 }, 'where.type|gt', /not a number/],
    [{ 'risk_score|gt': '0.5' }, 'where.risk_score|gt', /one number/],
    [{ 'risk_score|gt': [0.5] }, 'where.risk_score|gt', /one number/],
    [{ 'risk_score|gt': NaN }, 'where.risk_score|gt', /one number/],
    [{ type: [] }, 'where.type', /empty/],
  ])('refuses %j and says how to mend it', (where, path, message) => {
    expect(faultOf(where)).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  it.each(['whsec_topsecret', 'top secret', 'a1b2c3d4e5f6a7b8c9d0', 'type|whsec_topsecret', 'x'.repeat(41)])(
    'does not quote %j, which may be a secret in the wrong place',
    (key) => {
      const faults = faultOf({ [key]: 1 });
      expect(faults).toHaveLength(1);
      for (const part of [key, 'topsecret']) expect(JSON.stringify(faults)).not.toContain(part);
    },
  );

  it('names every fault at once, under the path that it is given', () => {
    const predicate = compileWhere({ typo: 1, type: 'x', 'risk_score|is': 1 }, 'destinations[0].where');
    expect(predicate.ok ? [] : predicate.error.map(({ path }) => path)).toEqual([
      'destinations[0].where.typo',
      'destinations[0].where.risk_score|is',
    ]);
  });

  it('never throws, whatever the selection', () => {
    const scalar = fc.oneof(fc.string(), fc.double(), fc.boolean());
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(scalar, fc.array(scalar))), (where) => {
        expect(typeof compileWhere(where).ok).toBe('boolean');
      }),
    );
  });
});
