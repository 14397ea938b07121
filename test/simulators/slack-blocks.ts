/** What Slack refuses of Block Kit, of the blocks that messages use. Pure. Source: docs.slack.dev reference of Block Kit, read 2026-11-22. */

import { isJsonObject } from './request.ts';

type Json = Readonly<Record<string, unknown>>;

const HEADER_LENGTH_MAX = 150;
const TEXT_LENGTH_MAX = 3000;
const FIELDS_MAX = 10;
const FIELD_LENGTH_MAX = 2000;
const ELEMENTS_MAX = 10;
/** What is no entity of the three is taken for the start of a control sequence. */
const BARE_CONTROL_PATTERN = /&(?!(?:amp|lt|gt);)|<(?![^<>|\s]+(?:\|[^<>]*)?>)/;

/** What is wrong with the first block that Slack refuses; undefined: it takes them all. */
export function blocksFault(blocks: readonly Json[]): string | undefined {
  return blocks.map(blockFault).find((fault) => fault !== undefined);
}

/** Whether nothing in a text stands where Slack expects an entity or a control sequence. */
export function isSlackText(text: string): boolean {
  return !BARE_CONTROL_PATTERN.test(text);
}

function blockFault(block: Json): string | undefined {
  switch (block['type']) {
    case 'header':
      return textFault(block['text'], ['plain_text'], HEADER_LENGTH_MAX);
    case 'section':
      return sectionFault(block);
    case 'context':
      return listFault(block['elements'], ELEMENTS_MAX, TEXT_LENGTH_MAX);
    case 'divider':
      return undefined;
    default:
      return `unknown block type ${String(block['type'])}`;
  }
}

function sectionFault({ text, fields }: Json): string | undefined {
  if (text === undefined && fields === undefined) return 'a section needs a text or fields';
  const wrong = text === undefined ? undefined : textFault(text, TEXT_TYPES, TEXT_LENGTH_MAX);
  return wrong ?? (fields === undefined ? undefined : listFault(fields, FIELDS_MAX, FIELD_LENGTH_MAX));
}

const TEXT_TYPES = ['plain_text', 'mrkdwn'];

function listFault(list: unknown, countMax: number, lengthMax: number): string | undefined {
  if (!Array.isArray(list) || list.length === 0 || list.length > countMax)
    return `not 1 to ${countMax} texts`;
  return list.map((item) => textFault(item, TEXT_TYPES, lengthMax)).find((fault) => fault !== undefined);
}

function textFault(value: unknown, types: readonly string[], lengthMax: number): string | undefined {
  if (!isJsonObject(value)) return 'no text object';
  const { type, text, emoji, verbatim } = value;
  if (typeof type !== 'string' || !types.includes(type)) return `not a text of ${types.join(' or ')}`;
  if (typeof text !== 'string' || text.length === 0) return 'an empty text';
  if (text.length > lengthMax) return `longer than ${lengthMax}`;
  if (emoji !== undefined && type !== 'plain_text') return 'emoji is of plain_text alone';
  if (verbatim !== undefined && type !== 'mrkdwn') return 'verbatim is of mrkdwn alone';
  return isSlackText(text) ? undefined : 'a bare control character';
}
