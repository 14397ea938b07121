/** The message about an event and the rules that it matched, and the one about a storm of them. Pure. */

import { type CanonicalEvent, POLICY_DECISIONS, type PolicyDecision } from '../../domain/event.ts';
import { ID_PREFIX } from '../../domain/logged-ids.ts';
import { platformName } from '../../domain/platforms.ts';
import { LEVELS } from '../../domain/severity.ts';
import { type Composer, baseOf, colourOfLevel, eventWord, fact, linkTo, platformLabel } from './composer.ts';
import { shortLine } from './local.ts';
import type { Message, MessageColour, MessageFact } from './message.ts';
import { gravestOf, leadOf, levelOf } from './message-groups.ts';
import type { Storm, StormKind } from './storm.ts';
import type { More } from './told.ts';

const RULES_MAX = 5;
const PLATFORMS_MAX = 5;
const CLASSIFICATIONS_MAX = 10;
const STORM_KINDS_MAX = 8;

/** A UUID, hex digits, a ULID: nobody has written them. With a word such as `evt_` before it, and none of somebody's own. */
const MADE_ID_PATTERN = new RegExp(
  `^(?:${ID_PREFIX})?(?:[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}|[\\da-f]{16,64}|\\d[\\dA-HJKMNP-TV-Z]{25})$`,
);

const DECISION_COLOURS: Readonly<Record<PolicyDecision, MessageColour>> = {
  block: 'red',
  coach: 'yellow',
  log: 'grey',
};

export interface AlertAround {
  /** Counted of the same since. */
  readonly more: More | undefined;
  /** Whether the same event was in a message before, without these entries. */
  readonly isFollowUp: boolean;
  readonly nowMs: number;
}

/** `entries`: of one event and user, at least one. */
export function alertMessage(
  composer: Composer,
  entries: readonly CanonicalEvent[],
  { more, isFollowUp, nowMs }: AlertAround,
): Message {
  const { words, local } = composer;
  const lead = leadOf(entries);
  const level = gravestOf(entries);
  const decision = decisionOf(entries);
  const [first = lead] = entries;
  const text = [
    ...(isFollowUp ? [words.followUp] : []),
    ...(more
      ? [words.moreSince(more.count, local.number(more.count), local.clock(more.sinceMs, nowMs))]
      : []),
  ].join(' ');
  return {
    ...baseOf(composer, [first.type, first.id]),
    kind: entries.some(({ detection }) => detection) ? 'detection' : 'event',
    level,
    colour: decision ? DECISION_COLOURS[decision] : colourOfLevel(level),
    occurredAt: lead.occurredAt,
    title: `${words.levels[level]}${words.colon}${subjectOf(composer, entries, decision)}`,
    ...(text !== '' && { text }),
    facts: factsOf(composer, entries, decision),
    ...linkTo(composer, pageOf(composer, lead)),
    data: { entries, ...(more && { untold: more.count }) },
  };
}

/** Where messages leave the EU, an id that may be a text of somebody's own choice is left out of the address. */
function pageOf({ context }: Composer, { id, detection }: CanonicalEvent): readonly string[] {
  const isTold = !context.transfer || detection !== undefined || MADE_ID_PATTERN.test(id);
  return isTold ? ['events', id] : ['events'];
}

function subjectOf(
  composer: Composer,
  entries: readonly CanonicalEvent[],
  decision: PolicyDecision | undefined,
): string {
  const { words, local } = composer;
  const { detection, type } = leadOf(entries);
  const platforms = platformsOf(entries);
  const on = (text: string): string => {
    const missing = platforms.filter((name) => !text.toLowerCase().includes(name.toLowerCase()));
    return missing.length === 0 ? '' : words.on(local.list(missing, PLATFORMS_MAX));
  };
  if (!detection) {
    const decided = decision ? ` (${words.decisions[decision]})` : '';
    return `${eventWord(composer, type)}${on('')}${decided}`;
  }
  const title = shortLine(detection.title);
  const others = rulesOf(entries).length - 1;
  return `${title}${on(title)}${others > 0 ? words.otherRules(others) : ''}`;
}

function factsOf(
  composer: Composer,
  entries: readonly CanonicalEvent[],
  decision: PolicyDecision | undefined,
): readonly MessageFact[] {
  const { words, local } = composer;
  const { user, device } = leadOf(entries);
  const other = <T>(of: (entry: CanonicalEvent) => T | undefined): T | undefined =>
    entries.map(of).find((value) => value !== undefined);
  const who = user ?? other((entry) => entry.user);
  const where = device ?? other((entry) => entry.device);
  const classifications = [...new Set(entries.flatMap((entry) => entry.classifications))];
  const risk = other(({ riskScore }) => riskScore);
  const policy = other((entry) => entry.policy?.name);
  return [
    ...fact(composer, 'level', words.levels[gravestOf(entries)]),
    ...fact(composer, 'decision', decision && words.decisions[decision]),
    ...fact(composer, 'user', pair(who?.id, who?.email)),
    ...fact(composer, 'device', pair(where?.hostname, where?.id)),
    ...fact(composer, 'platforms', local.list(platformsOf(entries), PLATFORMS_MAX)),
    ...ruleFacts(composer, entries),
    ...fact(composer, 'classifications', local.list(classifications, CLASSIFICATIONS_MAX)),
    ...fact(composer, 'riskScore', risk === undefined ? undefined : local.number(risk)),
    ...fact(composer, 'policy', policy && shortLine(policy)),
    ...fact(composer, 'at', local.time(leadOf(entries).occurredAt)),
  ];
}

/** A line for each rule, the gravest first. */
function ruleFacts(composer: Composer, entries: readonly CanonicalEvent[]): readonly MessageFact[] {
  const { words, local } = composer;
  const lines = rulesOf(entries).map((entry) => {
    const { ruleName = '', count = 0, windowSeconds = 0 } = entry.detection ?? {};
    const rule = `${shortLine(ruleName)} (${words.levels[levelOf(entry)]})`;
    // A rule that counts nothing: the time of the message says it.
    if (windowSeconds === 0) return rule;
    return `${rule}${words.colon}${words.ruleCount(count, local.number(count), local.duration(windowSeconds))}`;
  });
  const { rest } = local.cut(lines, RULES_MAX);
  return [
    ...lines.slice(0, RULES_MAX).flatMap((line) => fact(composer, 'rule', line)),
    ...fact(composer, 'rules', rest),
  ];
}

/** The newest detection of each rule, the gravest first. */
function rulesOf(entries: readonly CanonicalEvent[]): readonly CanonicalEvent[] {
  const byRule = new Map(
    entries.flatMap((entry) => (entry.detection ? [[entry.detection.ruleId, entry] as const] : [])),
  );
  return [...byRule.values()].toSorted((a, b) => LEVELS.indexOf(levelOf(b)) - LEVELS.indexOf(levelOf(a)));
}

function platformsOf(entries: readonly CanonicalEvent[]): readonly string[] {
  const labels = entries.flatMap(({ detection, platform }) => [
    ...(platform ? [platformLabel(platform)] : []),
    ...(detection?.platforms.filter((id) => id !== platform?.id).map((id) => shortLine(platformName(id))) ??
      []),
  ]);
  return [...new Set(labels)];
}

/** The strongest of them. */
function decisionOf(entries: readonly CanonicalEvent[]): PolicyDecision | undefined {
  return POLICY_DECISIONS.find((decision) => entries.some(({ policy }) => policy?.decision === decision));
}

function pair(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined || second === undefined) return shortLine(first ?? second ?? '');
  return `${shortLine(first)} (${shortLine(second)})`;
}

/** More came in an hour than may be told. */
export function stormMessage(composer: Composer, storm: Storm, capPerHour: number, nowMs: number): Message {
  const { words, local } = composer;
  const shown = local.number(storm.count);
  const kinds = storm.kinds.map(
    (kind) => `${local.number(kind.count)} × ${kindText(composer, kind)} (${words.levels[kind.level]})`,
  );
  const { rest } = local.cut(kinds, STORM_KINDS_MAX);
  return {
    ...baseOf(composer, ['storm', storm.opener]),
    kind: 'storm',
    level: storm.level,
    colour: colourOfLevel(storm.level),
    occurredAt: new Date(nowMs).toISOString(),
    title: words.storm.title(local.number(capPerHour)),
    text: words.storm.text(storm.count, shown, local.clock(storm.sinceMs, nowMs)),
    facts: [
      ...kinds.slice(0, STORM_KINDS_MAX).flatMap((line) => fact(composer, 'counted', line)),
      ...fact(composer, 'counted', rest),
      ...fact(composer, 'at', local.time(nowMs)),
    ],
    ...linkTo(composer, ['events']),
    data: { entries: [], kinds: storm.kinds, untold: storm.count },
  };
}

/** What was counted may be from before the tenant was one of the EU. */
function kindText(composer: Composer, { rule = '', title, type = '', ...kind }: StormKind): string {
  const { transfer } = composer.context;
  if (title !== undefined) return shortLine(transfer ? transfer.ruleTitle(rule) : title);
  const isTold = kind.platform !== undefined && transfer?.isKnownPlatform(kind.platform) !== false;
  const platform = isTold ? kind.platform : undefined;
  const on = platform === undefined ? '' : composer.words.on(shortLine(platformName(platform)));
  return `${eventWord(composer, type)}${on}`;
}
