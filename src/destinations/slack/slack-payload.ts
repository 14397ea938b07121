/**
 * A message in Slack's Block Kit, within its limits. What others wrote is always `plain_text`: it formats nothing, mentions nobody,
 * links nowhere, and is copied as it is. Pure. Source: docs.slack.dev reference of Block Kit, read 2026-11-22.
 */

import { cutText } from '../../lib/short-text.ts';
import type { Message, MessageColour, MessageFact, MessageSection } from '../messages/message.ts';

export const SLACK_LIMITS = {
  headerLength: 150,
  textLength: 3000,
  fields: 10,
  fieldLength: 2000,
  /** Of a message, its attachments' included. */
  blocks: 50,
} as const;

/** `&amp;` */
const LONGEST_ESCAPE = 5;
/** A fact is two fields: its label and its value, side by side. */
const FACTS_PER_SECTION = SLACK_LIMITS.fields / 2;

/** Of Slack's own palette, legible on light and dark. */
const COLOURS: Readonly<Record<MessageColour, string>> = {
  red: '#d1242f',
  yellow: '#e3a008',
  grey: '#8c959f',
  green: '#2da44e',
};

interface Text {
  readonly type: 'plain_text' | 'mrkdwn';
  readonly text: string;
  readonly emoji?: false;
  readonly verbatim?: true;
}
type Block =
  | { readonly type: 'header'; readonly text: Text }
  | { readonly type: 'section'; readonly text: Text }
  | { readonly type: 'section'; readonly fields: readonly Text[] }
  | { readonly type: 'context'; readonly elements: readonly Text[] };

export interface SlackPayload {
  /** For notifications and screen readers: where there are blocks, it is shown nowhere else. */
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly attachments: readonly [{ readonly color: string; readonly blocks: readonly Block[] }];
}

export function slackPayload(message: Message): SlackPayload {
  const { title, text, facts, sections = [], link, tenant, colour } = message;
  const body = [
    ...(text === undefined ? [] : [paragraph(text)]),
    ...factSections(facts),
    ...sections.flatMap(listSection),
  ];
  const foot = { type: 'context', elements: [plain(tenant), ...(link ? [linkText(link)] : [])] } as const;
  return {
    text: escaped(cutText(title, SLACK_LIMITS.textLength / 2)),
    blocks: [{ type: 'header', text: plain(title, SLACK_LIMITS.headerLength) }],
    // The header and the foot are two.
    attachments: [{ color: COLOURS[colour], blocks: [...body.slice(0, SLACK_LIMITS.blocks - 2), foot] }],
  };
}

function paragraph(text: string): Block {
  return { type: 'section', text: plain(text, SLACK_LIMITS.textLength) };
}

function factSections(facts: readonly MessageFact[]): Block[] {
  const blocks: Block[] = [];
  for (let from = 0; from < facts.length; from += FACTS_PER_SECTION) {
    const fields = facts
      .slice(from, from + FACTS_PER_SECTION)
      .flatMap(({ label, value }) => [bold(label), plain(value, SLACK_LIMITS.fieldLength)]);
    blocks.push({ type: 'section', fields });
  }
  return blocks;
}

function listSection({ title, lines }: MessageSection): Block[] {
  return [{ type: 'section', text: bold(title) }, paragraph(lines.map((line) => `• ${line}`).join('\n'))];
}

function linkText({ label, url }: NonNullable<Message['link']>): Text {
  return { type: 'mrkdwn', text: `<${escaped(url)}|${escaped(label)}>`, verbatim: true };
}

/** Of the relay's own words alone. */
function bold(text: string): Text {
  return { type: 'mrkdwn', text: `*${escaped(text)}*`, verbatim: true };
}

/** Escapes make it longer: it is cut until it fits. Slack refuses an empty one. */
function plain(text: string, lengthMax: number = SLACK_LIMITS.fieldLength): Text {
  const overBy = (shown: string): number => escaped(shown).length - lengthMax;
  let cut = cutText(text, lengthMax);
  for (let over = overBy(cut); over > 0; over = overBy(cut))
    cut = cutText(cut, cut.length - Math.ceil(over / LONGEST_ESCAPE));
  return { type: 'plain_text', text: escaped(cut) || '–', emoji: false };
}

/** Slack's three control characters. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
