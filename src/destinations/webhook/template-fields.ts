/**
 * What a template may name of a message: the payload's own fields, and those that tickets need. Pure.
 * A name that a message has no value for is no fault: it is missing.
 */

import { isRecord } from '../../lib/record.ts';
import { cutText, oneLine } from '../../lib/short-text.ts';
import type { Message } from '../messages/message.ts';
import { type Fields, messageData } from './payload.ts';

/** Of `description` and `facts`: the least of what ticket systems take in a long text. Source: ServiceNow, `description` 4,000 characters. */
const TEXT_LENGTH_MAX = 4000;

/** By the field that it begins with. Held to the payload by a test. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '': 'id type kind timestamp timestamp_ms tenant level colour language title text facts sections description link untold risk_score classifications detections detection_count kinds'.split(
    ' ',
  ),
  user: ['id', 'email'],
  device: ['id', 'hostname'],
  platform: ['id', 'name'],
  policy: ['decision', 'name'],
  detection:
    'id rule_id rule title level group platforms count window_seconds first_at last_at event_ids'.split(' '),
  event:
    'id type interaction_id occurred_at received_at severity direction sensor interaction_type model url_host classification_count'.split(
      ' ',
    ),
  notice: ['kind', 'lane', 'since', 'count', 'detail'],
  digest:
    'period from to time_zone totals before notices blocked_lanes totals.events totals.limited before.events'.split(
      ' ',
    ),
};

/** Every name that a template may use. */
export const FIELD_NAMES: readonly string[] = Object.entries(NAMES).flatMap(([group, names]) =>
  group === '' ? names : [group, ...names.map((name) => `${group}.${name}`)],
);

/** What the names stand for in one message. */
export function templateFields(message: Message): Fields {
  const data = messageData(message);
  const { detections, ...rest } = data;
  const [detection] = Array.isArray(detections) ? (detections as readonly unknown[]) : [];
  return {
    ...rest,
    detections,
    detection,
    type: `noxys.${message.kind}`,
    kind: message.kind,
    timestamp: message.occurredAt,
    timestamp_ms: Date.parse(message.occurredAt),
    title: oneLine(message.title),
    facts: cutText(factLines(message).join('\n'), TEXT_LENGTH_MAX),
    description: description(message),
  };
}

/** The value at a name such as `detection.rule`; undefined: the message has none. */
export function fieldAt(fields: Fields, name: string): unknown {
  return name
    .split('.')
    .reduce<unknown>(
      (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      fields,
    );
}

/** All that people read, a line each; never empty: a ticket without a text is refused. */
function description(message: Message): string {
  const { title, text, sections = [], link } = message;
  const lines = [
    oneLine(text ?? title),
    ...factLines(message),
    ...sections.flatMap((section) => ['', oneLine(section.title), ...section.lines.map(oneLine)]),
  ].join('\n');
  // The link is whole, or not there.
  const end = link ? `\n${oneLine(link.label)} ${link.url}` : '';
  return `${cutText(lines, TEXT_LENGTH_MAX - end.length)}${end}`;
}

function factLines({ facts, language }: Message): readonly string[] {
  const colon = language === 'fr' ? '\u00A0: ' : ': ';
  return facts.map(({ label, value }) => `${oneLine(label)}${colon}${oneLine(value)}`);
}
