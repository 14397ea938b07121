/** docs/destinations/slack.md, teams.md and webhook.md are whole: every field, true messages, links that lead somewhere, examples that work. */

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { WORDS_EN } from '../../src/destinations/messages/words-en.ts';
import { webhookPayload } from '../../src/destinations/webhook/payload.ts';
import { FIELD_NAMES } from '../../src/destinations/webhook/template-fields.ts';
import { renderTemplate, templateFaults } from '../../src/destinations/webhook/template.ts';
import { webhookProduct } from '../../src/destinations/webhook/webhook.ts';
import { slackSchema, teamsSchema, webhookDestinationSchema } from '../../src/domain/messages-config.ts';
import { BLOCKED_REASONS } from '../../src/domain/outcome.ts';
import { digestForTest, messageForTest, noticeForTest } from '../destinations/webhook/message-for-test.ts';
import {
  below,
  block,
  codeIn,
  exampleFaults,
  firstColumn,
  messageParts,
  messagesOfSource,
  ownFields,
  ownPaths,
  readPage,
} from './page.ts';

const WEBHOOK = readPage('destinations/webhook.md');
const SOURCES = messagesOfSource('the product');

type Body = Record<string, unknown>;

const PAGES = [
  { page: 'slack.md', schema: slackSchema },
  { page: 'teams.md', schema: teamsSchema },
  { page: 'webhook.md', schema: webhookDestinationSchema },
];

describe.each(PAGES)('the page $page', ({ page, schema }) => {
  const text = readPage(`destinations/${page}`);

  it('has every field of the schema, and no other', () => {
    expect(ownFields(text)).toEqual(ownPaths(schema));
  });

  it('has an example that the schema takes', () => {
    expect(exampleFaults(text, schema)).toEqual([undefined]);
  });

  it('quotes messages that the relay really says, for reasons that there are', () => {
    const section = below(text, '### A lane is blocked');
    const reasons: readonly string[] = BLOCKED_REASONS;
    expect(firstColumn(section).filter((reason) => !reasons.includes(reason))).toEqual([]);
    const parts = messageParts(section).filter((part) => part !== 'twenty refusals without a delivery');
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.filter((part) => !SOURCES.includes(part))).toEqual([]);
  });
});

describe('the page about Slack', () => {
  it('quotes what is refused when a config is saved as the relay says it', () => {
    const parts = messageParts(below(readPage('destinations/slack.md'), '### Refused when you save'));
    expect(parts.length).toBeGreaterThan(6);
    expect(parts.filter((part) => !SOURCES.includes(part))).toEqual([]);
  });

  it('quotes what a message says of a storm, of repetitions and of a quiet day', () => {
    const quotes = codeIn(below(readPage('destinations/slack.md'), '## When, and how often'));
    expect(quotes).toContain(WORDS_EN.storm.title('20'));
    expect(quotes).toContain(WORDS_EN.moreSince(12, '12', '09:14'));
    expect(codeIn(below(readPage('destinations/slack.md'), '## Digests'))).toContain(WORDS_EN.digest.nothing);
  });
});

describe('the page about webhooks', () => {
  it('names every field of a template, and no other', () => {
    const rows = below(WEBHOOK, '## Templates').split('| Fields ')[1]?.split('\n\n')[0] ?? '';
    expect(new Set(firstColumn(rows))).toEqual(new Set(FIELD_NAMES));
  });

  it('shows a payload of the form that is sent', () => {
    const keysOf = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.slice(0, 1).map(keysOf)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, keysOf(item)]))
          : typeof value;
    const shown = JSON.parse(block(below(WEBHOOK, '## What is sent'), 'json')) as { data: { user: Body } };
    const { email: _email, ...user } = { ...messageForTest().data.entries[0]?.user };
    const sent = JSON.parse(JSON.stringify(webhookPayload(messageForTest()))) as { data: Body };
    expect(keysOf(shown)).toEqual(keysOf({ ...sent, data: { ...sent.data, user } }));
  });

  it('quotes what is wrong with a body as the relay says it', () => {
    const rows = below(WEBHOOK, '### Refused when you save')
      .split('\n')
      .filter((row) => row.includes('`body'));
    const parts = messageParts(rows.join('\n'));
    expect(parts.length).toBeGreaterThan(6);
    expect(parts.filter((part) => !SOURCES.includes(part))).toEqual([]);
  });

  it('shows a receiver in Node that takes what the relay signs, and nothing else', async () => {
    const source = block(below(WEBHOOK, '## Verify it'), 'js');
    const { verify } = (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`
    )) as { verify: (secrets: string[], headers: object, body: Buffer, nowMs: number) => void };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const other = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
    const config = {
      name: 'hook',
      type: 'webhook',
      url: 'https://hook.example.com',
      secrets: [other, secret],
    };
    const product = webhookProduct(webhookDestinationSchema.parse(config));
    const nowMs = 1_795_338_000_000;
    const { headers, body = '' } = await product.request(messageForTest(), { nowMs, attemptId: 'a' });
    const take =
      (secrets: string[], text = body, atMs = nowMs) =>
      () =>
        verify(secrets, headers, Buffer.from(text), atMs);
    expect(take([secret])).not.toThrow();
    expect(take(['whsec_AAAA', other])).not.toThrow();
    expect(take(['whsec_AAAA'])).toThrow('wrong signature');
    expect(take([secret], `${body} `)).toThrow('wrong signature');
    expect(take([secret], body, nowMs + 301_000)).toThrow('too old');
  });
});

/** What each system takes, by its documentation. */
const FORMS: Readonly<Record<string, z.ZodMiniType>> = {
  '### Jira Cloud': z.strictObject({
    fields: z.strictObject({
      project: z.strictObject({ key: z.string() }),
      issuetype: z.strictObject({ name: z.string() }),
      // One line of 255 characters.
      summary: z.string().check(z.regex(/^.{1,255}$/)),
      priority: z.strictObject({ name: z.enum(['Highest', 'High', 'Medium', 'Low', 'Lowest']) }),
      // Without spaces.
      labels: z.array(z.string().check(z.regex(/^\S{1,255}$/))),
      description: z.strictObject({
        type: z.literal('doc'),
        version: z.literal(1),
        content: z.array(
          z.strictObject({
            type: z.literal('codeBlock'),
            content: z.array(
              z.strictObject({ type: z.literal('text'), text: z.string().check(z.minLength(1)) }),
            ),
          }),
        ),
      }),
    }),
  }),
  '### ServiceNow': z.strictObject({
    short_description: z.string().check(z.regex(/^.{1,160}$/)),
    description: z.string().check(z.minLength(1), z.maxLength(4000)),
    impact: z.int().check(z.minimum(1), z.maximum(3)),
    urgency: z.int().check(z.minimum(1), z.maximum(3)),
    correlation_id: z.string().check(z.maxLength(100)),
    correlation_display: z.string().check(z.maxLength(100)),
  }),
  '### GLPI': z.strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(255)),
    // No element but its own line breaks.
    content: z.string().check(z.regex(/^(?:[^<]|<br>)+$/)),
    type: z.literal(1),
    urgency: z.int().check(z.minimum(1), z.maximum(5)),
    impact: z.int().check(z.minimum(1), z.maximum(5)),
    external_id: z.string(),
  }),
  '### TheHive 5': z.strictObject({
    type: z.string().check(z.minLength(1), z.maxLength(32)),
    source: z.string().check(z.minLength(1), z.maxLength(64)),
    sourceRef: z.string().check(z.minLength(1), z.maxLength(128)),
    title: z.string().check(z.minLength(1), z.maxLength(512)),
    description: z.string().check(z.minLength(1)),
    severity: z.int().check(z.minimum(1), z.maximum(4)),
    date: z.int().check(z.minimum(1e12)),
    tags: z.array(z.string().check(z.minLength(1))),
    tlp: z.int().check(z.minimum(0), z.maximum(4)),
    externalLink: z.optional(z.string().check(z.regex(/^https:\/\//))),
  }),
};

describe.each(Object.entries(FORMS))('the example of %s', (heading, form) => {
  const { destinations } = load(block(below(WEBHOOK, heading), 'yaml')) as { destinations: [unknown] };
  const { body = {} } = webhookDestinationSchema.parse(destinations[0]);

  it('is a template without faults', () => {
    expect(Object.keys(body).length).toBeGreaterThan(0);
    expect(templateFaults(body)).toEqual([]);
  });

  it.each([
    ['a detection', messageForTest()],
    [
      'one with hostile and long texts',
      messageForTest({ title: `<b>"x"\n{{id}}\\ `.repeat(60), text: '<script>' }),
    ],
    ['one of low level', messageForTest({ level: 'low' })],
    ['a test', messageForTest({ kind: 'test', level: 'informational', data: { entries: [] } })],
    ['a notice', noticeForTest()],
    ['a digest', digestForTest()],
  ])('makes of %s what the system takes', (_what, message) => {
    const made = form.safeParse(JSON.parse(renderTemplate(body, message)));
    expect(made.error?.issues).toBeUndefined();
  });
});
