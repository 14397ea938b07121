import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SLACK_PATH, SlackSimulator } from './slack.ts';

let slack: SlackSimulator;
beforeEach(async () => {
  slack = await new SlackSimulator().start();
});
afterEach(async () => slack.stop());

const post = async (
  body: unknown,
  { path = SLACK_PATH, type = 'application/json', method = 'POST' } = {},
) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const init = method === 'GET' ? { method } : { method, body: text, headers: { 'content-type': type } };
  const answer = await fetch(`${slack.url}${path}`, init);
  return `${answer.status} ${await answer.text()}`;
};
const plain = (text: string) => ({ type: 'plain_text', text });
const section = (text: unknown) => ({ type: 'section', text });

describe('the simulated Slack', () => {
  it('takes a message and keeps what it shows', async () => {
    const attachments = [{ color: '#fff', blocks: [section(plain('inside'))] }];
    expect(
      await post({ text: 'hello', blocks: [{ type: 'header', text: plain('head') }], attachments }),
    ).toBe('200 ok');
    expect(slack.shown).toEqual(['head\ninside']);
    expect(slack.messages[0]).toMatchObject({ text: 'hello' });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{"text":', 'invalid_payload'],
    ['no object', [], 'invalid_payload'],
    ['nothing to show', {}, 'no_text'],
    ['a bare control character', { text: 'a < b' }, 'invalid_payload'],
    [
      'too many attachments',
      { attachments: Array.from({ length: 101 }, () => ({})) },
      'too_many_attachments',
    ],
    ['an unknown block', { blocks: [{ type: 'headline', text: plain('a') }] }, 'invalid_blocks'],
    ['an empty text', { blocks: [section(plain(''))] }, 'invalid_blocks'],
    ['a text of an unknown type', { blocks: [section({ type: 'text', text: 'a' })] }, 'invalid_blocks'],
    [
      'a formatted header',
      { blocks: [{ type: 'header', text: { type: 'mrkdwn', text: 'a' } }] },
      'invalid_blocks',
    ],
    ['a long header', { blocks: [{ type: 'header', text: plain('a'.repeat(151)) }] }, 'invalid_blocks'],
    ['a long text', { blocks: [section(plain('a'.repeat(3001)))] }, 'invalid_blocks'],
    ['a section of nothing', { blocks: [{ type: 'section' }] }, 'invalid_blocks'],
    ['a long field', { blocks: [{ type: 'section', fields: [plain('a'.repeat(2001))] }] }, 'invalid_blocks'],
    [
      'eleven fields',
      { blocks: [{ type: 'section', fields: Array.from({ length: 11 }, () => plain('a')) }] },
      'invalid_blocks',
    ],
    ['51 blocks', { blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }, 'invalid_blocks'],
    [
      '51 blocks, attached',
      { text: 'a', attachments: [{ blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }] },
      'invalid_blocks',
    ],
  ])('refuses %s', async (_what, body, word) => {
    expect(await post(body)).toBe(`400 ${word}`);
    expect(slack.messages).toEqual([]);
  });

  it('knows no other address, and no other method', async () => {
    expect(await post({ text: 'a' }, { path: '/services/T0NOXYS/B0RELAY/other' })).toBe('404 no_service');
    expect(await post({ text: 'a' }, { method: 'GET' })).toBe('405 http_method_not_allowed');
    expect(await post({ text: 'a' }, { type: 'text/plain' })).toBe('400 invalid_payload');
  });
});
