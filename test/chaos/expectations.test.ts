import { describe, expect, it } from 'vitest';

import { type Expectation, Expectations } from './expectations.ts';

const NARROW = ['alert.severity_high'];

function of(
  expectations: Expectations,
  seqs: readonly number[],
  type = 'interaction.high_risk',
): Expectation[] {
  return seqs.map((seq) => expectations.of({ seq, type, key: `${type}:${seq}` }));
}

describe('what a lane is expected to deliver', () => {
  it('is everything, from the first config on', () => {
    const lane = new Expectations();
    lane.add({ beforeSeq: 0, afterSeq: 0 });
    expect(of(lane, [1, 500])).toEqual(['must', 'must']);
  });

  it('is nothing that came before its destination was added, and either while it was', () => {
    const lane = new Expectations();
    lane.add({ beforeSeq: 10, afterSeq: 12 });
    expect(of(lane, [10, 11, 12, 13])).toEqual(['never', 'may', 'may', 'must']);
  });

  it('is everything until its destination was removed, unless it was given up then, and nothing after', () => {
    const lane = new Expectations();
    lane.add({ beforeSeq: 0, afterSeq: 0 });
    lane.remove({ beforeSeq: 19, afterSeq: 20 });
    lane.add({ beforeSeq: 30, afterSeq: 30 });
    expect(of(lane, [1, 19, 20, 21, 30, 31])).toEqual([
      'unless_discarded',
      'unless_discarded',
      'may',
      'never',
      'never',
      'must',
    ]);
  });

  it('may be what came while its destination was away, where a run says so', () => {
    const lane = new Expectations('may');
    lane.add({ beforeSeq: 0, afterSeq: 0 });
    lane.remove({ beforeSeq: 20, afterSeq: 20 });
    lane.add({ beforeSeq: 30, afterSeq: 30 });
    expect(of(lane, [20, 21, 30, 31])).toEqual(['unless_discarded', 'may', 'may', 'must']);
  });

  it('meets a later filter too where an event may be parked', () => {
    const lane = new Expectations();
    lane.add({ beforeSeq: 0, afterSeq: 0 });
    lane.filter(NARROW, { settledSeq: 10, afterSeq: 20, perhapsParked: ['interaction.high_risk:5'] });
    lane.filter(undefined, { settledSeq: 30, afterSeq: 40 });
    expect(of(lane, [4, 5, 6])).toEqual(['must', 'may', 'must']);
  });

  it('meets either filter where a change of the filter has no exact place', () => {
    const lane = new Expectations();
    lane.add({ beforeSeq: 0, afterSeq: 0 });
    lane.filter(NARROW, { settledSeq: 10, afterSeq: 20 });
    expect(of(lane, [10, 11, 20, 21])).toEqual(['must', 'may', 'may', 'never']);
    expect(of(lane, [10, 11, 20, 21], 'alert.severity_high')).toEqual(['must', 'must', 'must', 'must']);
    lane.filter(undefined, { settledSeq: 30, afterSeq: 40 });
    expect(of(lane, [21, 30, 31, 40, 41])).toEqual(['never', 'never', 'may', 'may', 'must']);
  });
});
