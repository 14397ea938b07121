/** A comment names nobody, however its title writes the user's name, and finds that out fast whatever it is given. */

import { describe, expect, it } from 'vitest';

import { commentText } from '../../../src/destinations/harfanglab/finding-text.ts';
import { type Detection, detectionEvent } from '../../../src/domain/detection.ts';
import { detectionForTest } from '../../domain/detection-for-test.ts';

const RULE = '17959439-cff0-46d2-9135-de30a0d097dc';

/** The title, as the comment has it. */
function titleIn(changes: Partial<Detection>): string | undefined {
  const receivedAt = '2026-11-22T08:00:00.000Z';
  const event = detectionEvent(detectionForTest(changes), { tenant: 'acme', receivedAt });
  return commentText(event, 'en', undefined).split('\n')[0]?.replace('Noxys: ', '');
}

describe('the title of a comment', () => {
  it.each<[string, Detection['user'], string]>([
    ['with a number behind the name', { id: 'jean.dupont2@acme.fr' }, 'Secrets pasted by Jean Dupont'],
    ['with a number, without a domain', { id: 'jean.dupont2' }, 'Secrets pasted by Mr Dupont'],
    ['with a tag', { email: 'jean.dupont+ai@acme.fr' }, 'Secrets pasted by M. Dupont'],
    [
      'of a guest',
      { id: 'jean_dupont_partner.fr#EXT#@acme.onmicrosoft.com' },
      'Secrets pasted by Jean Dupont',
    ],
    ['of a domain', { id: 'CORP\\jean.dupont' }, 'Secrets pasted by Dupont'],
    ['with what is no name', { id: 'a.dupont_ext@acme.fr' }, 'Secrets pasted by DUPONT'],
    ['with an apostrophe', { id: 'jean.o\u2019neil@acme.fr' }, "Secrets pasted by J. O'Neil"],
    ['of the shortest name', { id: 'joe.b@acme.fr' }, 'Secrets pasted by Joe'],
    ['of a short name', { id: 'li.wei@acme.fr' }, 'Secrets pasted by Mrs Wei'],
    ['of which the title has another one', { id: 'jean.dupont@acme.fr' }, 'Secrets pasted by mdupont'],
    ['of which the title has the letters apart', { id: 'jean.dupont@acme.fr' }, 'Pasted by J. Du Pont'],
    ['without the accents of the title', { id: 'rene.lefevre@acme.fr' }, 'Pasted by Mrs Lef\u00e8vre'],
    ['with accents that the title has not', { id: 'rene.lef\u00e8vre@acme.fr' }, 'Pasted by Mrs Lefevre'],
    ['with o for \u00f8', { id: 'b.sorensen@acme.fr' }, 'Pasted by Mrs S\u00f8rensen'],
    ['with oe for \u00f8', { id: 'b.soerensen@acme.fr' }, 'Pasted by Mrs S\u00f8rensen'],
    ['with aa for \u00e5', { id: 'b.aaberg@acme.fr' }, 'Pasted by Mrs \u00c5berg'],
    ['with ue for \u00fc', { id: 'k.mueller@acme.fr' }, 'Pasted by Mrs M\u00fcller'],
    ['with ss for \u00df', { id: 'k.strauss@acme.fr' }, 'Pasted by Mrs Strau\u00df'],
    ['with ae for \u00e6', { id: 'k.kjaer@acme.fr' }, 'Pasted by Mrs KJ\u00c6R'],
    ['with oe for \u0153', { id: 'k.lecoeur@acme.fr' }, 'Pasted by Mrs Lec\u0153ur'],
  ])('is the id of its rule where it has a part of an account %s', (_what, user, title) => {
    expect(titleIn({ user, title })).toBe(RULE);
  });

  it.each<[string, Detection['user'], string]>([
    ['a number of a user', { id: 'user-42' }, 'Repeated violations from the same user'],
    ['a UUID', { id: '0a1b2c3d-1111-4222-8333-444455556666' }, 'A policy was violated 4 times'],
    ['two letters', { id: 'ai.lab@acme.fr' }, 'AI policy violated'],
    ['a short part of a word', { id: 'anne.dupont@acme.fr' }, 'Secrets in a channel'],
    ['what is behind the name', { email: 'jean.dupont+claude@acme.fr' }, 'Secrets pasted into Claude'],
    ['the domain', { email: 'jean.dupont@secrets.fr' }, 'Secrets pasted'],
  ])('is whole where all that it has of an account is %s', (_what, user, title) => {
    expect(titleIn({ user, title })).toBe(title);
  });

  it('is found fast, 288 times, whatever the account and the title are made of', () => {
    const startedAtMs = performance.now();
    for (const between of ['.', ' ', '-', '. ', '+', 'ae'])
      for (const letters of ['a', 'ab', 'abc', 'abcdef']) {
        const id = `${`${letters}${between}`.repeat(300).slice(0, 511)}x`;
        const far = between.repeat(Math.floor(500 / between.length));
        const texts = [`${letters}${between}`.repeat(5000), `x${' .-'.repeat(3000)}`, `${far}${far}y`];
        for (const title of texts.map((text) => text.slice(0, 10_000)))
          for (const account of [id, `x${far}y`, `${far}yy`, `yy${far}`])
            titleIn({ user: { id: account, email: `${account}@acme.fr` }, title, device: { hostname: id } });
      }
    expect(performance.now() - startedAtMs).toBeLessThan(288 * 50);
  });
});
