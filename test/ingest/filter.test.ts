import { describe, expect, it } from 'vitest';

import { splitForwarded } from '../../src/ingest/filter.ts';

const events = ['a', 'b', 'a', 'A', 'webhook.test'].map((type, n) => ({ type, n }));

describe('splitForwarded', () => {
  it('keeps the forwarded types in their order and counts every other', () => {
    expect(splitForwarded(events, ['a', 'c'])).toEqual({
      forwarded: [
        { type: 'a', n: 0 },
        { type: 'a', n: 2 },
      ],
      filtered: 3,
    });
  });

  it('filters all when nothing is forwarded', () => {
    expect(splitForwarded(events, [])).toEqual({ forwarded: [], filtered: 5 });
  });
});
