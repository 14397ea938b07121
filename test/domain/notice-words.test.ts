import { describe, expect, it } from 'vitest';

import { LANGUAGES } from '../../src/domain/language.ts';
import { NOTICE_KINDS, type NoticeFacts } from '../../src/domain/notice.ts';
import { noticeWords } from '../../src/domain/notice-words.ts';

const lane = 'edr/events';
const since = '2026-11-22T08:00:00.000Z';
const facts = (changes: Partial<NoticeFacts> & Pick<NoticeFacts, 'kind'>): NoticeFacts => ({
  lane,
  since,
  ...changes,
});
const inAll = LANGUAGES.flatMap((language) => NOTICE_KINDS.map((kind) => [language, kind] as const));

describe('the words of a notice', () => {
  it.each(inAll)('in %s of %s are a line and whole sentences, whatever is known', (language, kind) => {
    for (const known of [{}, { count: 1 }, { count: 7 }, { count: 7, detail: 'HTTP 401' }]) {
      const { title, text } = noticeWords(facts({ kind, ...known }), language);
      expect(title).toMatch(/^\S.*[^.]$/);
      expect(text).toMatch(/^\S.*\.$/);
      for (const words of [title, text]) expect(words).not.toMatch(/undefined|null|NaN|\n| {2}/);
    }
  });

  it.each([
    ['lane_blocked', [lane, 'HTTP 401'], [lane, 'HTTP 401', 'bloqué']],
    ['lane_recovered', [lane, since], [lane, since, 'de nouveau']],
    ['dead_letters', [lane, '7 events'], [lane, '7 événements', 'lettres mortes']],
    ['events_expired', [lane, '7 events'], [lane, '7 événements', 'supprimés']],
    ['retention_near', [lane, '7 events', 'HTTP 401'], [lane, '7 événements', 'HTTP 401', 'conservation']],
    ['inbound_limited', ['7 events', '429', since], ['7 événements', '429', since]],
  ] as const)('of %s name what it is about in both languages', (kind, english, french) => {
    const known = facts({ kind, count: 7, detail: 'HTTP 401' });
    for (const part of english) expect(noticeWords(known, 'en').text).toContain(part);
    for (const part of french) expect(noticeWords(known, 'fr').text).toContain(part);
  });

  it('count one event as one', () => {
    const one = facts({ kind: 'dead_letters', count: 1 });
    expect(noticeWords(one, 'en').text).toMatch(/^1 event of .* waits as a dead letter\./);
    expect(noticeWords(one, 'fr').text).toMatch(/^1 événement du .* n’a pas pu être livré et attend /);
  });

  it('differ by language, and the name of the lane does not', () => {
    for (const kind of NOTICE_KINDS) {
      const [english, french] = LANGUAGES.map((language) => noticeWords(facts({ kind, count: 2 }), language));
      expect(english?.title).not.toBe(french?.title);
    }
    const aboutLanes = NOTICE_KINDS.filter((kind) => kind !== 'inbound_limited' && kind !== 'rule_failed');
    for (const kind of aboutLanes) expect(noticeWords(facts({ kind }), 'fr').title).toContain(lane);
  });
});
