/**
 * What Teams' workflow refuses of an Adaptive Card: an unknown type, a missing or wrongly typed property, a card that is too large.
 * Written from the schema, not from the relay's cards. Pure.
 * Sources: adaptivecards.io/schemas/adaptive-card.json 1.4; MicrosoftDocs/msteams-docs#11274, read 2026-11.
 */

import { isJsonObject } from './request.ts';

/** `MessageSizeExceeded … max allowed size is 28672 bytes`. */
export const MESSAGE_BYTES_MAX = 28_672;

type Values = Readonly<Record<string, unknown>>;

const COLOURED = ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'];
const SIZES = ['default', 'small', 'medium', 'large', 'extraLarge'];
const WEIGHTS = ['default', 'lighter', 'bolder'];
const SPACINGS = ['default', 'none', 'small', 'medium', 'large', 'extraLarge', 'padding'];

/** The first thing that is wrong with what a workflow was sent; undefined: it is posted. */
export function messageRefusal(value: unknown): string | undefined {
  const attachments = isJsonObject(value) ? value['attachments'] : undefined;
  if (!Array.isArray(attachments)) {
    return "the result of the evaluation of 'foreach' expression '@triggerOutputs()?['body']?['attachments']' is of type 'Null'";
  }
  for (const attachment of attachments as readonly unknown[]) {
    if (!isJsonObject(attachment)) return 'an attachment must be an object';
    if (attachment['contentType'] !== 'application/vnd.microsoft.card.adaptive') return 'unknown contentType';
    const refusal = cardRefusal(attachment['content']) ?? sizeRefusal(attachment['content']);
    if (refusal !== undefined) return refusal;
  }
  return attachments.length === 0 ? 'no attachment' : undefined;
}

/** The card travels as a text inside of JSON: this explains the sizes that were reported. */
function sizeRefusal(card: unknown): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(JSON.stringify(card)));
  if (bytes <= MESSAGE_BYTES_MAX) return undefined;
  return `MessageSizeExceeded-Message properties size exceeded. Actual message properties size: ${bytes} bytes, whereas max allowed size is ${MESSAGE_BYTES_MAX} bytes`;
}

function cardRefusal(card: unknown): string | undefined {
  if (!isJsonObject(card)) return 'the card must be an object';
  if (card['type'] !== 'AdaptiveCard') return "Property 'type' must be 'AdaptiveCard'";
  if (!/^1\.[0-5]$/.test(String(card['version']))) return `unsupported version ${String(card['version'])}`;
  if (!Array.isArray(card['body'])) return "Required property 'body' not found";
  return (
    first(card['body'], elementRefusal) ??
    (card['actions'] === undefined ? undefined : first(card['actions'], actionRefusal))
  );
}

function elementRefusal(element: Values): string | undefined {
  const wrong = oneOf(element, 'spacing', SPACINGS);
  if (wrong !== undefined) return wrong;
  switch (element['type']) {
    case 'Container':
      return oneOf(element, 'style', COLOURED) ?? first(element['items'], elementRefusal);
    case 'TextBlock':
      return text(element, 'text') ?? oneOf(element, 'size', SIZES) ?? oneOf(element, 'weight', WEIGHTS);
    case 'RichTextBlock':
      return first(element['inlines'], runRefusal);
    case 'FactSet':
      return first(element['facts'], (fact) => text(fact, 'title') ?? text(fact, 'value'));
    default:
      return `unknown element ${String(element['type'])}`;
  }
}

function runRefusal(run: Values): string | undefined {
  if (run['type'] !== 'TextRun') return `unknown inline ${String(run['type'])}`;
  return text(run, 'text') ?? oneOf(run, 'size', SIZES) ?? oneOf(run, 'weight', WEIGHTS);
}

function actionRefusal(action: Values): string | undefined {
  if (action['type'] !== 'Action.OpenUrl') return `unknown action ${String(action['type'])}`;
  const url = action['url'];
  if (typeof url !== 'string' || !/^https?:\/\//.test(url))
    return "property 'url' must be an absolute address";
  return text(action, 'title');
}

function first(values: unknown, refusal: (value: Values) => string | undefined): string | undefined {
  if (!Array.isArray(values) || values.length === 0) return 'a list is missing or empty';
  for (const value of values as readonly unknown[]) {
    const found = isJsonObject(value) ? refusal(value) : 'not an object';
    if (found !== undefined) return found;
  }
  return undefined;
}

function text(values: Values, key: string): string | undefined {
  const value = values[key];
  return typeof value === 'string' && value !== '' ? undefined : `property '${key}' must be a text`;
}

/** Words are compared without case, as the schema's are. */
function oneOf(values: Values, key: string, allowed: readonly string[]): string | undefined {
  const value = values[key];
  if (value === undefined) return undefined;
  const written = typeof value === 'string' ? value.toLowerCase() : '';
  return allowed.some((word) => word.toLowerCase() === written) ? undefined : `property '${key}' is unknown`;
}
