/**
 * The bundled playbooks in words: a checklist for what people read of a detection. A line is done (`[x]`) where the relay did it or knows it,
 * and says what; what the relay can't know is to be checked (`[ ]`). Pure. Tells no more than the entry, which is reduced already,
 * and never that something was done which was only asked for.
 */

import { durationText } from '../lib/duration-text.ts';
import { cutText, listWithin, oneLine } from '../lib/short-text.ts';
import type { CanonicalEvent } from './event.ts';
import type { Language } from './language.ts';
import { platformName } from './platforms.ts';
import { type Known, PLAYBOOK_STEPS, type PlaybookName } from './playbook.ts';
import { PLAYBOOK_WORDS, type PlaybookWords } from './playbook-texts.ts';
import type { UserActivity } from './user-activity.ts';
import { DEFAULT_RESPONSES, type Verb } from './verbs.ts';

const NAME_LENGTH_MAX = 60;
const LIST_LENGTH_MAX = 160;
/** Rules that are named of the user's earlier detections. */
const RULES_MAX = 3;

export interface ChecklistFacts {
  readonly playbook: PlaybookName;
  readonly language: Language;
  /** Of a detection, as the destination may see it. */
  readonly event: CanonicalEvent;
  readonly activity?: UserActivity | undefined;
  /** What the destination may do. Absent: not known, so that nothing is said to be another's. */
  readonly granted?: readonly string[];
}

/** The heading, then a line for each step, in the order of the playbook. */
export function checklistOf(facts: ChecklistFacts): readonly string[] {
  const words = PLAYBOOK_WORDS[facts.language];
  const lines = PLAYBOOK_STEPS[facts.playbook].flatMap(({ known, ask }) => {
    const found = known && KNOWN[known](facts, words);
    if (found !== undefined)
      return [
        `[${found.isOpen ? ' ' : 'x'}] ${found.isOpen ? words.toCheck : ''}${words.labels[known ?? 'user']}${words.colon}${found.text}`,
      ];
    return ask ? [`[ ] ${words.toCheck}${words.asks[ask]}`] : [];
  });
  return [`Playbook${words.colon}${words.titles[facts.playbook]}`, ...lines];
}

interface Found {
  readonly text: string;
  /** The relay knows of it, and not whether it was done. */
  readonly isOpen?: true;
}

type Look = (facts: ChecklistFacts, words: PlaybookWords) => Found | undefined;

const KNOWN: Readonly<Record<Known, Look>> = {
  user: ({ event: { user, device } }, { unnamed }) => {
    const names = [user?.id ?? user?.email, device?.hostname ?? device?.id];
    if (names.every((name) => name === undefined)) return undefined;
    return { text: names.map((name) => (name === undefined ? unnamed : shortName(name))).join(', ') };
  },
  day: ({ activity, language }) => activity && { text: activityText(activity, language) },
  earlier: ({ activity, language }) => activity && { text: earlierText(activity, language) },
  count: ({ event: { detection }, language }) => {
    const text = detection && countText(detection, language);
    return text === undefined ? undefined : { text };
  },
  isolation: (facts, words) => askedFor('contain', facts, words),
  workflow: (facts, words) => askedFor('workflow', facts, words),
  watch: ({ event: { detection } }, { watched }) =>
    detection?.watchedUntil === undefined ? undefined : { text: watched(detection.watchedUntil) },
  team: ({ event }, { told, toldByMessage }) => ({
    text: respondOf(event).includes('notify') ? toldByMessage : told,
  }),
};

/** Of the destination's own, or of another one that is not seen from here; undefined: the rule does not ask for it. */
function askedFor(verb: Verb, { event, granted }: ChecklistFacts, words: PlaybookWords): Found | undefined {
  if (!respondOf(event).includes(verb)) return undefined;
  const isElsewhere = granted !== undefined && !granted.includes(verb);
  return isElsewhere ? { text: words.elsewhere, isOpen: true } : { text: words.askedFor };
}

function respondOf({ detection }: CanonicalEvent): readonly Verb[] {
  return detection?.respond ?? DEFAULT_RESPONSES;
}

/** Such as `6 events in 1 h`; undefined for a rule that counts nothing. */
export function countText(
  { count, windowSeconds }: { readonly count: number; readonly windowSeconds: number },
  language: Language,
): string | undefined {
  if (windowSeconds === 0) return undefined;
  const { events, within } = PLAYBOOK_WORDS[language];
  return `${events(count)} ${within} ${durationText(windowSeconds)}`;
}

/** Such as `12 events, 9 of them on this device (Perplexity 8, Grok 4)`. */
export function activityText(activity: UserActivity, language: Language): string {
  const { events, atLeast, onDevice } = PLAYBOOK_WORDS[language];
  const platforms = countsOf(activity.byPlatform).map(
    ([id, count]) => `${oneLine(platformName(id))} ${count}`,
  );
  const where = activity.onDevice === undefined ? '' : onDevice(activity.onDevice);
  return `${activity.isComplete ? '' : atLeast}${events(activity.events)}${where}${inBrackets(platforms)}`;
}

/** Such as `2 (Repeated violations 2)`. */
export function earlierText(activity: UserActivity, language: Language): string {
  const { atLeast, none } = PLAYBOOK_WORDS[language];
  const { detections, byRule, isComplete } = activity;
  if (detections === 0 && isComplete) return none;
  const rules = countsOf(byRule)
    .slice(0, RULES_MAX)
    .map(([name, count]) => `${shortName(name)} ${count}`);
  return `${isComplete ? '' : atLeast}${detections}${inBrackets(rules)}`;
}

function countsOf(tally: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  return Object.entries(tally).toSorted(([, a], [, b]) => b - a);
}

function inBrackets(items: readonly string[]): string {
  return items.length === 0 ? '' : ` (${listWithin(items, LIST_LENGTH_MAX)})`;
}

function shortName(name: string): string {
  return cutText(oneLine(name), NAME_LENGTH_MAX);
}
