import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Message } from '../../../src/destinations/messages/message.ts';
import { slackPayload } from '../../../src/destinations/slack/slack-payload.ts';
import { slackProduct } from '../../../src/destinations/slack/slack.ts';
import { slackSchema } from '../../../src/domain/messages-config.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { guardedHttp } from '../../../src/lib/http.ts';
import { Semaphore } from '../../../src/lib/semaphore.ts';
import { blocksFault, isSlackText } from '../../simulators/slack-blocks.ts';
import { SlackSimulator, type SlackTrouble } from '../../simulators/slack.ts';

let slack: SlackSimulator;
beforeEach(async () => {
  slack = await new SlackSimulator().start();
});
afterEach(async () => slack.stop());

const message = (changes: Partial<Message> = {}): Message => ({
  id: 'msg_abcdefghijklmnopqrstuvwxyz',
  kind: 'detection',
  level: 'critical',
  colour: 'red',
  language: 'en',
  tenant: 'acme',
  occurredAt: '2026-11-22T08:00:00.000Z',
  title: 'Critical: secrets on ChatGPT',
  text: 'And 37 more.',
  facts: [{ label: 'User', value: 'user-42' }],
  link: { label: 'Open at the relay', url: 'https://relay.acme.eu/api/v1/tenants/acme/events/a?b=1&c=2' },
  data: { entries: [] },
  ...changes,
});

async function send(sent: Message = message(), url = slack.webhookUrl): Promise<Outcome> {
  const product = slackProduct(slackSchema.parse({ name: 'soc', type: 'slack', url }));
  const http = guardedHttp({ fetch, allows: () => true, connections: new Semaphore(5) });
  const request = await product.request(sent, { nowMs: 0, attemptId: 'attempt-1' });
  return product.outcome(await http({ ...request, timeoutMs: 1000 }), 0);
}

describe('an answer of Slack', () => {
  it.each([
    ['its whole address', (url: URL) => url.href],
    ['the path of its address', (url: URL) => url.pathname],
    ['the last part of its path', (url: URL) => url.pathname.split('/').at(-1) ?? ''],
  ])('that quotes %s has the secret left out', async (_what, partOf) => {
    const url = new URL(slack.webhookUrl);
    for (const status of [404, 400, 500, 200]) {
      slack.fail({ status, body: `{"ok":false,"error":"no such page: ${partOf(url)}"}`, times: 1 });
      const told = JSON.stringify(await send());
      expect(told).not.toContain(url.pathname.split('/').at(-1));
    }
  });
});

describe('a message in Slack', () => {
  it('is a header, and an attachment of the colour with label and value side by side', async () => {
    expect(await send()).toEqual({ kind: 'delivered' });
    const [taken] = slack.messages;
    expect(taken?.text).toBe('Critical: secrets on ChatGPT');
    expect(taken?.blocks).toEqual([
      { type: 'header', text: { type: 'plain_text', text: 'Critical: secrets on ChatGPT', emoji: false } },
    ]);
    expect(taken?.attachments).toEqual([
      {
        color: '#d1242f',
        blocks: [
          { type: 'section', text: { type: 'plain_text', text: 'And 37 more.', emoji: false } },
          {
            type: 'section',
            fields: [
              { type: 'mrkdwn', text: '*User*', verbatim: true },
              { type: 'plain_text', text: 'user-42', emoji: false },
            ],
          },
          {
            type: 'context',
            elements: [
              { type: 'plain_text', text: 'acme', emoji: false },
              {
                type: 'mrkdwn',
                text: '<https://relay.acme.eu/api/v1/tenants/acme/events/a?b=1&amp;c=2|Open at the relay>',
                verbatim: true,
              },
            ],
          },
        ],
      },
    ]);
  });

  it('mentions nobody, links nowhere and formats nothing that others wrote', async () => {
    const evil = '<!channel> <@U123> <https://evil.example|click> *bold* :fire: & @here';
    const sections = [{ title: 'Rules', lines: [evil] }];
    expect(
      await send(message({ title: evil, text: evil, facts: [{ label: 'User', value: evil }], sections })),
    ).toEqual({
      kind: 'delivered',
    });
    const escaped =
      '&lt;!channel&gt; &lt;@U123&gt; &lt;https://evil.example|click&gt; *bold* :fire: &amp; @here';
    expect(slack.messages[0]?.text).toBe(escaped);
    const all = JSON.stringify(slack.messages[0]);
    expect(all).not.toContain('<!channel>');
    expect(all).not.toContain('<@U123>');
    const texts = objectsWith(slack.messages[0], 'channel');
    expect(texts).toHaveLength(4);
    for (const text of texts) expect(text).toMatchObject({ type: 'plain_text', emoji: false });
  });

  it('is taken whatever is in it, and however much', () => {
    const text = fc.string({
      unit: fc.constantFrom('&', '<', '>', 'a', ' ', '😀', '\n', '"', '\u0000'),
      maxLength: 4000,
    });
    fc.assert(
      fc.property(
        text,
        text,
        fc.array(fc.record({ label: fc.constantFrom('User', 'A & B'), value: text }), { maxLength: 30 }),
        fc.array(fc.record({ title: fc.constant('Rules'), lines: fc.array(text, { maxLength: 5 }) }), {
          maxLength: 30,
        }),
        (title, body, facts, sections) => {
          const payload = slackPayload(message({ title, text: body, facts, sections }));
          const blocks = [...payload.blocks, ...payload.attachments.flatMap((one) => one.blocks)];
          expect(blocksFault(blocks as never)).toBeUndefined();
          expect(blocks.length).toBeLessThanOrEqual(50);
          expect(isSlackText(payload.text)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps its last line when there is too much of the rest', () => {
    const sections = Array.from({ length: 60 }, () => ({ title: 'Rules', lines: ['one'] }));
    const [attachment] = slackPayload(message({ sections })).attachments;
    expect(attachment.blocks).toHaveLength(49);
    expect(attachment.blocks.at(-1)?.type).toBe('context');
  });
});

/** The text objects of a message that hold a text. */
function objectsWith(value: unknown, text: string): unknown[] {
  const found: unknown[] = [];
  JSON.stringify(value, (_key, inner: unknown) => {
    const candidate = inner as { text?: unknown; type?: unknown } | null;
    if (
      typeof candidate === 'object' &&
      typeof candidate?.type === 'string' &&
      typeof candidate.text === 'string'
    )
      if (candidate.text.includes(text)) found.push(candidate);
    return inner;
  });
  return found;
}

describe("Slack's answer", () => {
  it.each<[SlackTrouble, string, string]>([
    [
      'no_service',
      'no_such_endpoint',
      'HTTP 404: no_service: the webhook was removed or its URL is not whole',
    ],
    ['channel_not_found', 'no_such_endpoint', 'HTTP 404: channel_not_found: the channel is gone'],
    ['channel_is_archived', 'no_such_endpoint', 'HTTP 410: channel_is_archived: the channel is archived'],
    ['action_prohibited', 'forbidden', "HTTP 403: action_prohibited: the workspace's admins do not let"],
  ])('%s blocks the lane and says what to do', async (trouble, reason, detail) => {
    slack.trouble = trouble;
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'blocked', reason });
    expect(outcome.kind === 'blocked' && outcome.detail).toContain(detail);
  });

  it('rollup_error is retried', async () => {
    slack.trouble = 'rollup_error';
    expect(await send()).toMatchObject({ kind: 'retry', reason: 'server_error', excerpt: 'rollup_error' });
  });

  it('invalid_blocks is a dead letter with that word', async () => {
    slack.fail({ status: 400, body: 'invalid_blocks', contentType: 'text/html' });
    expect(await send()).toEqual({ kind: 'rejected', status: 400, excerpt: 'invalid_blocks' });
  });

  it('of a URL that is not whole blocks the lane', async () => {
    expect(await send(message(), `${slack.url}/services/T0NOXYS`)).toMatchObject({
      kind: 'blocked',
      reason: 'no_such_endpoint',
    });
  });

  it('429 is retried when Slack says', async () => {
    await slack.stop();
    slack = await new SlackSimulator({ isRateLimited: true, nowMs: () => 5000 }).start();
    expect(await send()).toEqual({ kind: 'delivered' });
    expect(await send()).toMatchObject({ kind: 'retry', reason: 'busy', retryAfterMs: 1000 });
  });

  it.each([
    [
      'a web page',
      { body: '<!doctype html><title>Sign in</title>', contentType: 'text/html' },
      'html_answer',
    ],
    ['a page without a tag', { body: 'Welcome', contentType: 'text/html' }, 'html_answer'],
    ["another of Slack's addresses", { body: { ok: false, error: 'not_authed' } }, 'no_such_endpoint'],
  ])('200 of %s is no delivery', async (_what, canned, reason) => {
    slack.fail({ status: 200, ...canned });
    expect(await send()).toMatchObject({ kind: 'blocked', reason });
  });

  it('200 of a product that imitates Slack and answers JSON is a delivery', async () => {
    slack.fail({ status: 200, body: { success: true } });
    expect(await send()).toEqual({ kind: 'delivered' });
  });

  it('that never comes is retried', async () => {
    slack.fail({ drop: 'after_reading' });
    expect(await send()).toMatchObject({ kind: 'retry', reason: 'network' });
  });
});
