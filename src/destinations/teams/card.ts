/**
 * A message as an Adaptive Card. Pure.
 * Texts stand in `TextRun`s, which know no Markdown: nothing that somebody wrote can format, link or mention. A `TextBlock` and a
 * `FactSet` read Markdown, and not every Teams client takes a backslash before it.
 * Sources, read 2026-11: adaptivecards.io schema 1.4 (TextRun: "Markdown is not supported"); learn.microsoft.com
 * "Format cards in Teams"; MicrosoftDocs/msteams-docs#11274 (size).
 */

import type { Language } from '../../domain/language.ts';
import { encodeUtf8 } from '../../lib/bytes.ts';
import { cutText, oneLine } from '../../lib/short-text.ts';
import type { Message, MessageColour } from '../messages/message.ts';

/**
 * Teams takes 28,672 bytes, and counts more than is sent: 28,897 of a request of 24,453, as if the card was a text inside of JSON. What
 * is over fails inside the workflow, after it has answered 202: nobody would hear of it. Source: MicrosoftDocs/msteams-docs#11274.
 */
const CARD_BYTES_MAX = 22_000;
/** Kept for the line that says what was left out. */
const NOTE_BYTES = 300;
const TITLE_LENGTH_MAX = 300;
const TEXT_LENGTH_MAX = 2000;
const LABEL_LENGTH_MAX = 80;
const LINE_LENGTH_MAX = 800;

const STYLES: Readonly<Record<MessageColour, string>> = {
  red: 'attention',
  yellow: 'warning',
  grey: 'emphasis',
  green: 'good',
};

const LEFT_OUT: Readonly<Record<Language, (lines: number) => string>> = {
  en: (lines) => (lines === 1 ? '1 more line is left out.' : `${lines} more lines are left out.`),
  fr: (lines) =>
    lines === 1 ? '1 ligne de plus n’est pas affichée.' : `${lines} lignes de plus ne sont pas affichées.`,
};

type Element = Readonly<Record<string, unknown>>;

/** What a workflow posts: an envelope with one card. The least important lines are left out where there is no room, and the card says so. */
export function teamsMessage(message: Message): Element {
  const { colour, language, link, title, text } = message;
  const head = [
    rich([run(title, TITLE_LENGTH_MAX, { weight: 'Bolder', size: 'Medium' })]),
    ...(text === undefined ? [] : [rich([run(text, TEXT_LENGTH_MAX)])]),
  ];
  const container = { type: 'Container', style: STYLES[colour], bleed: true, items: head };
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    lang: language,
    msteams: { width: 'Full' },
    body: [container],
    ...(link && {
      actions: [{ type: 'Action.OpenUrl', title: shown(link.label, LABEL_LENGTH_MAX), url: link.url }],
    }),
  };
  const room = CARD_BYTES_MAX - NOTE_BYTES - bytesOf(envelope(content));
  return envelope({ ...content, body: [container, ...within(bodyLines(message), room, language)] });
}

function envelope(content: Element): Element {
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
}

/** The most important first. */
function bodyLines({ facts, sections = [], language }: Message): readonly Element[] {
  const colon = language === 'fr' ? '\u00A0: ' : ': ';
  return [
    ...facts.map(({ label, value }) =>
      rich([
        run(`${shown(label, LABEL_LENGTH_MAX)}${colon}`, undefined, { weight: 'Bolder' }),
        run(value, LINE_LENGTH_MAX),
      ]),
    ),
    ...sections.flatMap(({ title, lines: texts }) => [
      rich([run(title, TITLE_LENGTH_MAX, { weight: 'Bolder' })], { separator: true, spacing: 'Medium' }),
      ...texts.map((text) => rich([run(text, LINE_LENGTH_MAX)])),
    ]),
  ];
}

function within(elements: readonly Element[], bytesMax: number, language: Language): readonly Element[] {
  let room = bytesMax;
  const kept: Element[] = [];
  for (const element of elements) {
    room -= bytesOf(element) + 1;
    if (room < 0) break;
    kept.push(element);
  }
  const left = elements.length - kept.length;
  return left === 0 ? kept : [...kept, rich([run(LEFT_OUT[language](left), undefined, { isSubtle: true })])];
}

function rich(inlines: readonly Element[], more: Element = {}): Element {
  return { type: 'RichTextBlock', spacing: 'Small', ...more, inlines };
}

/** An empty text is refused by some clients. `lengthMax` absent: the text is the relay's own. */
function run(text: string, lengthMax?: number, more: Element = {}): Element {
  return { type: 'TextRun', text: lengthMax === undefined ? text : shown(text, lengthMax) || '–', ...more };
}

/** On one line. An address is spelled `hxxps://`, as analysts do: a client that makes links of addresses makes none of it. */
function shown(text: string, lengthMax: number): string {
  return cutText(oneLine(text).replaceAll(/\bhttp(s?):\/\//gi, 'hxxp$1://'), lengthMax);
}

/** As Teams counts: with the marks of a text inside of JSON. */
function bytesOf(value: Element): number {
  return encodeUtf8(JSON.stringify(JSON.stringify(value))).byteLength;
}
