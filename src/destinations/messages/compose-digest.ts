/** The message that is a digest: counts of a day or a week beside those before. It names no person. Pure. */

import type { DigestFacts, DigestTotals } from '../../domain/digest.ts';
import { type CanonicalEvent, POLICY_DECISIONS } from '../../domain/event.ts';
import { NOTICE_KINDS } from '../../domain/notice.ts';
import { platformName } from '../../domain/platforms.ts';
import { LEVELS } from '../../domain/severity.ts';
import { type Composer, baseOf, fact, linkTo } from './composer.ts';
import { Local } from './local.ts';
import type { Message, MessageFact, MessageSection } from './message.ts';
import type { Label } from './words.ts';

const TOP_MAX = 5;
const RULES_MAX = 10;
const LANES_MAX = 10;

/** In their order: an object would have names that are numbers first. */
type Counted = readonly (readonly [name: string, count: number])[];

export function digestMessage(
  context: Composer,
  entry: CanonicalEvent,
  digest: DigestFacts,
  untold: number,
): Message {
  const composer = { ...context, local: new Local(context.words, digest.timeZone) };
  const { words, local } = composer;
  const { totals, period } = digest;
  const found = detectionsIn(totals);
  const counts = [
    words.digest.eventCount(totals.events, local.number(totals.events)),
    words.digest.detectionCount(found, local.number(found)),
  ];
  const isQuiet = isNothing(digest, untold);
  const span = words.digest.span(local.dayTime(digest.from), local.dayTime(digest.to), local.timeZone);
  return {
    ...baseOf(composer, [entry.type, entry.id]),
    kind: 'digest',
    level: 'informational',
    colour: digest.blockedLanes.length > 0 ? 'yellow' : 'grey',
    occurredAt: entry.occurredAt,
    title: `${words.digest.title[period]}${words.colon}${counts.join(', ')}`,
    text: isQuiet ? `${nothingText(composer, digest.before)} ${span}` : span,
    facts: isQuiet ? [] : totalsFacts(composer, digest, untold),
    ...(!isQuiet && { sections: sectionsOf(composer, digest) }),
    ...linkTo(composer, ['events']),
    data: { entries: [], digest, ...(untold > 0 && { untold }) },
  };
}

function isNothing({ totals, notices, blockedLanes }: DigestFacts, untold: number): boolean {
  const others = [totals.limited, detectionsIn(totals), sum(notices), blockedLanes.length, untold];
  return totals.events === 0 && others.every((count) => count === 0);
}

/** That a busy source fell silent is worth a word. */
function nothingText({ words, local }: Composer, before: DigestTotals): string {
  return before.events === 0 ? words.digest.nothing : words.digest.nothingAfter(local.number(before.events));
}

function totalsFacts(composer: Composer, digest: DigestFacts, untold: number): readonly MessageFact[] {
  const { local } = composer;
  const { totals, before } = digest;
  const compared = (now: number, earlier: number): string => comparedText(composer, digest, now, earlier);
  return [
    ...fact(composer, 'events', compared(totals.events, before.events)),
    ...fact(composer, 'detections', compared(detectionsIn(totals), detectionsIn(before))),
    ...fact(composer, 'limited', totals.limited > 0 ? compared(totals.limited, before.limited) : undefined),
    ...fact(composer, 'untold', untold > 0 ? local.number(untold) : undefined),
  ];
}

/** `1,204 (↑ +12% on the day before)`. */
function comparedText(
  { words, local }: Composer,
  { period }: DigestFacts,
  now: number,
  before: number,
): string {
  const shown = local.number(now);
  if (before > 0) return `${shown} (${words.digest.change[period](local.change(now, before))})`;
  return now === 0 ? shown : `${shown} (${words.digest.noneBefore[period]})`;
}

function sectionsOf(composer: Composer, digest: DigestFacts): readonly MessageSection[] {
  const { words, local } = composer;
  const { totals, before, notices, blockedLanes } = digest;
  const counted = (
    counts: Counted,
    earlier: Readonly<Record<string, number>>,
    name: (key: string) => string,
  ): string[] =>
    counts
      .filter(([, count]) => count > 0)
      .map(([key, count]) => {
        const earlierCount = own(earlier, key) ?? 0;
        const change = earlierCount > 0 ? ` (${local.change(count, earlierCount)})` : '';
        return `${name(key)}${words.colon}${local.number(count)}${change}`;
      });
  const rules = totals.detections.map(
    ({ rule, level, count }) => `${rule} (${words.levels[level]})${words.colon}${local.number(count)}`,
  );
  const told = Object.entries(notices).map(
    ([kind, count]) => `${own(words.notices, kind) ?? kind}${words.colon}${local.number(count)}`,
  );
  const levels = inOrder(totals.byLevel, LEVELS.toReversed());
  const decisions = inOrder(totals.byDecision, POLICY_DECISIONS);
  return [
    ...section(composer, 'byRule', rules, RULES_MAX),
    ...section(
      composer,
      'byLevel',
      counted(levels, before.byLevel, (key) => own(words.levels, key) ?? key),
      LEVELS.length,
    ),
    ...section(
      composer,
      'byDecision',
      counted(decisions, before.byDecision, (key) => own(words.decisions, key) ?? key),
      TOP_MAX,
    ),
    ...section(
      composer,
      'byPlatform',
      counted(mostFirst(totals.byPlatform), before.byPlatform, platformName),
      TOP_MAX,
    ),
    ...section(
      composer,
      'byClassification',
      counted(mostFirst(totals.byClassification), before.byClassification, (key) => key),
      TOP_MAX,
    ),
    ...section(composer, 'notices', told, NOTICE_KINDS.length),
    ...section(composer, 'blockedLanes', blockedLanes, LANES_MAX),
  ];
}

function section(
  { words, local }: Composer,
  label: Label,
  lines: readonly string[],
  linesMax: number,
): readonly MessageSection[] {
  if (lines.length === 0) return [];
  const { shown, rest } = local.cut(lines, linesMax);
  return [{ title: words.labels[label], lines: rest === undefined ? shown : [...shown, rest] }];
}

/** The keys that are known in their order, then those that are not. */
function inOrder(counts: Readonly<Record<string, number>>, keys: readonly string[]): Counted {
  const known = keys.map((key) => [key, own(counts, key) ?? 0] as const);
  return [...known, ...Object.entries(counts).filter(([key]) => !keys.includes(key))];
}

function mostFirst(counts: Readonly<Record<string, number>>): Counted {
  return Object.entries(counts).toSorted(([, a], [, b]) => b - a);
}

function detectionsIn({ detections }: DigestTotals): number {
  return detections.reduce((total, { count }) => total + count, 0);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
