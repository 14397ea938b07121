import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('a parameter that a route does not know', () => {
  it.each([
    ['GET', 'acme/dead-letters?reson=rejected', 'reson', 'did you mean reason?'],
    ['GET', 'acme/dead-letters?since=2026-11-22T00:00:00Z', 'since', 'is not a known key'],
    ['GET', 'acme/notices?limt=5', 'limt', 'did you mean limit?'],
    ['GET', 'acme/lanes?lane=edr', 'lane', 'none is known here'],
    ['POST', 'acme/destinations/edr/resume?from=now', 'from', 'none is known here'],
    ['POST', 'acme/destinations/edr/pause?from=now', 'from', 'none is known here'],
    ['POST', 'acme/dead-letters/redrive?reason=rejected', 'reason', 'none is known here'],
    ['PUT', 'acme?added_form=backlog', 'added_form', 'did you mean added_from?'],
    ['GET', 'acme/dead-letters?limit=5&limit=6', 'limit', 'must be given once'],
  ] as const)(
    '%s %s is refused: nothing is done, and the answer says what is known',
    async (method, path, name, words) => {
      const answer = await acme.call(method, path);
      expect(answer).toMatchObject({ status: 400, body: { path: name } });
      expect(JSON.stringify(answer.body)).toContain(words);
      expect(acme.relay.asked).toEqual([]);
      expect(acme.relay.pages).toEqual([]);
    },
  );
});
