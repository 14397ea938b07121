/** The message that tells of the relay itself, and the one that tests a destination. Pure. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { NoticeFacts, NoticeKind } from '../../domain/notice.ts';
import { noticeWords } from '../../domain/notice-words.ts';
import type { Level } from '../../domain/severity.ts';
import { type Composer, baseOf, fact, linkTo } from './composer.ts';
import { shortLine } from './local.ts';
import type { Message, MessageColour } from './message.ts';

const SEEN_AS: Readonly<Record<NoticeKind, { readonly level: Level; readonly colour: MessageColour }>> = {
  lane_blocked: { level: 'high', colour: 'red' },
  lane_recovered: { level: 'informational', colour: 'green' },
  dead_letters: { level: 'high', colour: 'red' },
  events_expired: { level: 'high', colour: 'red' },
  retention_near: { level: 'medium', colour: 'yellow' },
  rule_failed: { level: 'medium', colour: 'yellow' },
  isolation_waits: { level: 'high', colour: 'red' },
  inbound_limited: { level: 'medium', colour: 'yellow' },
};

export function noticeMessage(
  composer: Composer,
  entry: CanonicalEvent,
  notice: NoticeFacts,
  nowMs: number,
): Message {
  const { context, local } = composer;
  const { title, text } = noticeWords(notice, context.language);
  return {
    ...baseOf(composer, [entry.type, entry.id]),
    kind: 'notice',
    ...SEEN_AS[notice.kind],
    occurredAt: entry.occurredAt,
    title: shortLine(title),
    text,
    facts: [
      ...fact(composer, 'lane', notice.lane),
      ...fact(composer, 'since', local.clock(notice.since, nowMs)),
      ...fact(composer, 'at', local.time(entry.occurredAt)),
    ],
    ...linkTo(composer, ['notices']),
    data: { entries: [], notice },
  };
}

export function testMessage(composer: Composer, entry: CanonicalEvent): Message {
  return {
    ...baseOf(composer, [entry.type, entry.id]),
    kind: 'test',
    level: 'informational',
    colour: 'green',
    occurredAt: entry.occurredAt,
    title: composer.words.test.title,
    text: composer.words.test.text,
    facts: fact(composer, 'at', composer.local.time(entry.occurredAt)),
    data: { entries: [entry] },
  };
}
