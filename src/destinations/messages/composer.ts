/** What every message is made with: the destination and the tenant that it is for, its words, its local time. Small and pure. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { Language } from '../../domain/language.ts';
import { platformName } from '../../domain/platforms.ts';
import type { Level } from '../../domain/severity.ts';
import type { ChannelContext } from '../destination.ts';
import { Local, shortLine } from './local.ts';
import type { Message, MessageColour, MessageFact } from './message.ts';
import { messageId } from './message-groups.ts';
import { WORDS_EN } from './words-en.ts';
import { WORDS_FR } from './words-fr.ts';
import type { Label, Words } from './words.ts';

const WORDS: Readonly<Record<Language, Words>> = { en: WORDS_EN, fr: WORDS_FR };

export interface Composer {
  readonly context: ChannelContext;
  readonly destination: string;
  readonly words: Words;
  readonly local: Local;
}

export function composerOf(context: ChannelContext, destination: string): Composer {
  const words = WORDS[context.language];
  return { context, destination, words, local: new Local(words, context.timeZone) };
}

/** What a message has whatever it tells. `first` makes its id. */
export function baseOf(
  { context: { tenant, language }, destination }: Composer,
  first: readonly string[],
): Pick<Message, 'id' | 'language' | 'tenant'> {
  return { id: messageId(tenant, destination, first), language, tenant };
}

/** A fact with its label; none where there is nothing to say. */
export function fact({ words }: Composer, label: Label, value: string | undefined): readonly MessageFact[] {
  return value === undefined || value === '' ? [] : [{ label: words.labels[label], value }];
}

/** A page of the relay about the tenant; none where RELAY_PUBLIC_URL is not set. */
export function linkTo(
  { context: { tenant, publicUrl }, words }: Composer,
  page: readonly string[],
): Pick<Message, 'link'> {
  if (publicUrl === undefined) return {};
  const path = [tenant, ...page].map((part) => encodeURIComponent(part.toWellFormed())).join('/');
  return { link: { label: words.link, url: `${publicUrl}/api/v1/tenants/${path}` } };
}

/** As people know it: the relay's own name before the one that was sent. */
export function platformLabel({ id, name }: NonNullable<CanonicalEvent['platform']>): string {
  const known = platformName(id);
  return shortLine(known === id ? name : known);
}

/** In the middle of a sentence. */
export function eventWord({ words }: Composer, type: string): string {
  return Object.hasOwn(words.events, type) ? (words.events[type] ?? words.otherEvent) : words.otherEvent;
}

export function colourOfLevel(level: Level): MessageColour {
  if (level === 'critical' || level === 'high') return 'red';
  return level === 'medium' ? 'yellow' : 'grey';
}
