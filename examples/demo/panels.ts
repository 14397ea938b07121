/** One incident as HarfangLab has it and one message as Slack shows it, side by side: with its coloured bar where the terminal has colours. */

import Table from 'cli-table3';
import { wrapAnsi } from 'fast-wrap-ansi';

import type { HarfangLabIncident } from '../../test/simulators/harfanglab-guide.ts';
import type { SlackMessage } from '../../test/simulators/slack.ts';
import type { Stage } from './stage.ts';

/** Of each of the two: a terminal of 110 columns holds both. */
const WIDTH = 52;
const LABEL_WIDTH = 16;
/** ANSI: bold on and off, a colour's end. */
const [BOLD, NOT_BOLD, NO_COLOUR] = ['\u001B[1m', '\u001B[22m', '\u001B[39m'];
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

interface Text {
  readonly text: string;
}
interface Block {
  readonly type: string;
  readonly text?: Text;
  readonly fields?: readonly Text[];
  readonly elements?: readonly Text[];
}

/** Empty while there is neither. */
export function panels({ edr, slack }: Stage, isColoured: boolean): string {
  const incident = richest(edr.incidents, ({ body }) => String(body['description']).length);
  const message = richest(slack.messages, ({ attachments }) => JSON.stringify(attachments).length);
  if (!incident || !message) return '';
  const table = new Table({
    head: ['An incident at HarfangLab', 'A message in Slack'],
    style: { head: [], border: [], compact: true },
    colWidths: [WIDTH + 2, WIDTH + 2],
  });
  const strong = (text: string): string => (isColoured ? `${BOLD}${text}${NOT_BOLD}` : text);
  table.push([incidentText(incident, strong), messageText(message, strong, isColoured)]);
  return table.toString();
}

function incidentText({ body, key = '' }: HarfangLabIncident, strong: (text: string) => string): string {
  const [title = '', ...lines] = String(body['description']).split('\n');
  const bold = wrapped(title, WIDTH).map(strong);
  return [...bold, ...[...lines, `Key: ${key}`].flatMap((line) => wrapped(line, WIDTH, '  '))].join('\n');
}

function messageText(
  { text, attachments: [attachment] }: SlackMessage,
  strong: (text: string) => string,
  isColoured: boolean,
): string {
  const { color = '', blocks = [] } = (attachment ?? {}) as { color?: string; blocks?: readonly Block[] };
  const bar = `${isColoured ? coloured(color, '▌') : '▌'} `;
  const inside = blocks.flatMap((block) => blockLines(block, WIDTH - 2));
  return [...wrapped(plain(text), WIDTH).map(strong), ...inside.map((line) => `${bar}${line}`)].join('\n');
}

function blockLines({ text, fields = [], elements = [] }: Block, width: number): readonly string[] {
  const pairs = fields.flatMap((label, i) => (i % 2 === 0 ? [[label, fields[i + 1]] as const] : []));
  const facts = pairs.flatMap(([label, value]) => {
    const name = plain(label.text).replaceAll('*', '').padEnd(LABEL_WIDTH);
    const lines = wrapped(plain(value?.text ?? ''), width - LABEL_WIDTH);
    return lines.map((line, i) => `${i === 0 ? name : ' '.repeat(LABEL_WIDTH)}${line}`);
  });
  const foot = elements.map((element) => plain(element.text)).join(' · ');
  const paragraphs = [plain(text?.text ?? ''), foot].filter((line) => line !== '');
  return [...facts, ...paragraphs.flatMap((line) => wrapped(line, width))];
}

function wrapped(text: string, width: number, indent = ''): readonly string[] {
  const [first = '', ...rest] = wrapAnsi(text, width - indent.length, { hard: true }).split('\n');
  return [first, ...rest.map((line) => `${indent}${line}`)];
}

/** As Slack shows it. */
function plain(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** `hex` such as `#d1242f`. */
function coloured(hex: string, text: string): string {
  const [red, green, blue] = [1, 3, 5].map((from) => Number.parseInt(hex.slice(from, from + 2), 16));
  return `\u001B[38;2;${red};${green};${blue}m${text}${NO_COLOUR}`;
}

/** The first of those with the most to show. */
function richest<T>(list: readonly T[], weight: (one: T) => number): T | undefined {
  return list.toSorted((a, b) => weight(b) - weight(a))[0];
}
