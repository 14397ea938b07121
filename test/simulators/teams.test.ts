import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { TeamsSimulator } from './teams.ts';

const TEXT = { type: 'TextBlock', text: 'Hello', wrap: true };
const cardWith = (body: unknown, more: object = {}) => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: { type: 'AdaptiveCard', version: '1.4', body, ...more },
    },
  ],
});

let teams: TeamsSimulator;
beforeEach(async () => {
  teams = await new TeamsSimulator({ sig: 'right', isChecked: true }).start();
});
afterEach(async () => teams.stop());

const post = async (body: unknown, url = teams.address) =>
  fetch(url, { method: 'POST', body: JSON.stringify(body) });

describe('the workflow', () => {
  it('posts a card of the published form', async () => {
    const facts = { type: 'FactSet', facts: [{ title: 'User', value: 'user-42' }] };
    const body = [{ type: 'Container', style: 'good', items: [TEXT] }, facts];
    const actions = [{ type: 'Action.OpenUrl', title: 'More', url: 'https://relay.example.com' }];
    expect((await post(cardWith(body, { actions }))).status).toBe(202);
    expect(teams.cards).toMatchObject([{ body, actions }]);
  });

  it.each([
    ['a bare text', { text: 'Hello' }, 400],
    ['a MessageCard', { '@type': 'MessageCard', title: 'Hello' }, 400],
    ['a card without its envelope', { type: 'AdaptiveCard', version: '1.4', body: [TEXT] }, 400],
    ['no body', cardWith(undefined), 400],
    ['an unknown element', cardWith([{ type: 'Marquee', text: 'Hello' }]), 400],
    ['a TextBlock without text', cardWith([{ type: 'TextBlock' }]), 400],
    ['an unknown style', cardWith([{ type: 'Container', style: 'purple', items: [TEXT] }]), 400],
    ['an inline that is none', cardWith([{ type: 'RichTextBlock', inlines: [TEXT] }]), 400],
    ['an unknown version', cardWith([TEXT], { version: '2.0' }), 400],
    [
      'a relative link',
      cardWith([TEXT], { actions: [{ type: 'Action.OpenUrl', title: 'x', url: '/x' }] }),
      400,
    ],
    ['28 KB', cardWith([{ ...TEXT, text: 'x'.repeat(28_600) }]), 413],
  ])('refuses %s', async (_what, body, status) => {
    expect((await post(body)).status).toBe(status);
    expect(teams.cards).toEqual([]);
  });

  it('answers 202 before it looks at the card, unless it is told to check', async () => {
    const plain = await new TeamsSimulator({ sig: 'right' }).start();
    expect((await post({ text: 'Hello' }, plain.address)).status).toBe(202);
    expect(plain.runs).toMatchObject([{ error: expect.stringContaining('attachments') as unknown }]);
    await plain.stop();
  });

  it.each([
    ['another signature', (url: string) => url.replace('right', 'wrong'), 401],
    ['no signature', (url: string) => url.replace('&sig=right', ''), 401],
    ['another workflow', (url: string) => url.replace('0123abcd', 'ffff'), 404],
  ])('refuses %s', async (_what, change, status) => {
    expect((await post(cardWith([TEXT]), change(teams.address))).status).toBe(status);
    expect(teams.runs).toEqual([]);
  });
});
