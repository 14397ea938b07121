/**
 * What people read of an incident, an alert or a comment: plain text, a line for each fact. Pure.
 * A comment names nobody: neither user nor device, and no text of somebody's own choice that holds a name of theirs.
 */

import type { DetectionFacts } from '../../domain/detection-facts.ts';
import type { CanonicalEvent } from '../../domain/event.ts';
import type { Language } from '../../domain/language.ts';
import { LEFT_OUT } from '../../domain/personal-fields.ts';
import { activityText, checklistOf, countText, earlierText } from '../../domain/playbook-words.ts';
import type { UserActivity } from '../../domain/user-activity.ts';
import { mayNameUser, namesOfHost, namesOfUser, withoutNames } from '../../domain/without-name.ts';
import { cutText, listWithin, oneLine } from '../../lib/short-text.ts';
import { attackOf } from '../attack-tags.ts';
import { levelOf, platformsOf, spanOf } from './finding-facts.ts';
import { FINDING_WORDS, type FindingWords } from './finding-words.ts';

const TITLE_LENGTH_MAX = 256;
const VALUE_LENGTH_MAX = 200;
const LIST_LENGTH_MAX = 400;
/** Whatever HarfangLab may hold: nothing public names a limit. */
const COMMENT_LENGTH_MAX = 1000;

export interface FindingText {
  readonly event: CanonicalEvent;
  readonly language: Language;
  readonly activity: UserActivity | undefined;
  /** The earlier one of the same group, and which this one is. */
  readonly earlier: { readonly id: string; readonly number: number } | undefined;
  readonly url: string | undefined;
  /** What the destination grants. */
  readonly granted: readonly string[];
}

export function findingTitle(event: CanonicalEvent, language: Language): string {
  return cutText(titleOf(event, FINDING_WORDS[language]), TITLE_LENGTH_MAX);
}

function titleOf(event: CanonicalEvent, words: FindingWords): string {
  const { detection, type, policy } = event;
  if (detection) return oneLine(detection.title);
  const label = Object.hasOwn(words.types, type) ? words.types[type] : undefined;
  const [platform] = platformsOf(event);
  const place = platform ? ` ${words.on} ${oneLine(platform.name)}` : '';
  const decision = policy?.decision ? ` (${words.decisions[policy.decision]})` : '';
  return `${label ?? words.interaction}${place}${decision}`;
}

/** What happened, about whom, and what to look at first. */
export function findingDescription(facts: FindingText): string {
  const { event, language, earlier, url } = facts;
  const words = FINDING_WORDS[language];
  const { labels } = words;
  const { user, device, policy, riskScore, detection } = event;
  const line = liner(words);
  return present([
    findingTitle(event, language),
    ...factLines(event, language),
    line(labels.user, user?.id),
    line(labels.device, device?.hostname ?? device?.id),
    line(labels.decision, policy?.decision && words.decisions[policy.decision]),
    line(labels.risk, detection ? undefined : riskScore?.toString()),
    line('ATT&CK', listOf(attackOf(detection?.tags))),
    ...(detection?.playbook ? [] : dayLines(facts, words)),
    earlier && words.earlier(earlier, detection?.groupKey !== undefined),
    line(labels.first, lookText(event, words)),
    url && `${labels.relay}${words.colon}${url}`,
    ...(detection?.playbook ? checklistOf({ ...facts, playbook: detection.playbook }) : []),
  ]).join('\n');
}

function dayLines({ activity, language }: FindingText, words: FindingWords): readonly (string | undefined)[] {
  if (!activity) return [];
  const { labels } = words;
  const line = liner(words);
  return [
    line(labels.activity, activityText(activity, language)),
    line(labels.earlier, earlierText(activity, language)),
  ];
}

/** Of a detection, for a threat of the same endpoint. */
export function commentText(event: CanonicalEvent, language: Language, url: string | undefined): string {
  const words = FINDING_WORDS[language];
  const told = nameless(event);
  const tail = url === undefined ? '' : `\n${words.labels.relay}${words.colon}${url}`;
  const lines = present([titleOf(told, words), ...factLines(told, language)]);
  return `${cutText(`Noxys${words.colon}${lines.join('\n')}`, COMMENT_LENGTH_MAX - tail.length)}${tail}`;
}

/** Those that name nobody. */
function factLines(event: CanonicalEvent, language: Language): readonly (string | undefined)[] {
  const words = FINDING_WORDS[language];
  const { detection, classifications, occurredAt } = event;
  const { labels } = words;
  const line = liner(words);
  const { firstAt, lastAt } = spanOf(event);
  const counted = detection && countText(detection, language);
  return [
    line(labels.severity, words.levels[levelOf(event)]),
    line(labels.rule, detection && ruleText(detection)),
    line(labels.time, counted === undefined ? occurredAt : `${counted}, ${words.span(firstAt, lastAt)}`),
    line(labels.platforms, listOf(platformsOf(event).map(({ name }) => name))),
    line(labels.classifications, listOf(classifications)),
  ];
}

function ruleText({ ruleId, ruleName }: DetectionFacts): string {
  return ruleName === ruleId ? ruleId : `${ruleName} (${ruleId})`;
}

function lookText({ policy, device }: CanonicalEvent, words: FindingWords): string {
  const first = policy?.decision ? words.look[policy.decision] : words.lookAtEvents;
  return device ? `${first}; ${words.lookAtDevice}` : first;
}

/** A line is left out that has no value. */
function liner({ colon }: FindingWords) {
  return (label: string, value: string | undefined): string | undefined => {
    const text = cutText(oneLine(value ?? ''), LIST_LENGTH_MAX + VALUE_LENGTH_MAX);
    return text === '' ? undefined : `${label}${colon}${text}`;
  };
}

function listOf(items: readonly string[]): string {
  return listWithin(items.map(oneLine), LIST_LENGTH_MAX);
}

function present(lines: readonly (string | undefined)[]): readonly string[] {
  return lines.flatMap((line) => (line ? [line] : []));
}

/**
 * The entry with `…` for what names its user or device in the texts that somebody chose. A title or a rule's name that may name the user
 * all the same is left out as a whole, and the rule's id stands for it.
 */
function nameless(event: CanonicalEvent): CanonicalEvent {
  const { user, device, detection, platform, classifications } = event;
  const names = [
    ...[user?.id ?? '', user?.email ?? ''].flatMap(namesOfUser),
    ...[device?.id ?? '', device?.hostname ?? ''].flatMap(namesOfHost),
  ];
  const told = (text: string, instead = LEFT_OUT): string => {
    const clean = withoutNames(oneLine(text), names);
    return mayNameUser(clean, event) ? instead : clean;
  };
  return {
    ...event,
    classifications: classifications.map((one) => told(one)),
    ...(platform && { platform: { id: platform.id, name: told(platform.name) } }),
    ...(detection && {
      detection: {
        ...detection,
        title: told(detection.title, detection.ruleId),
        ruleName: told(detection.ruleName, detection.ruleId),
        platforms: detection.platforms.map((id) => told(id)),
      },
    }),
  };
}
