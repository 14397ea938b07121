/**
 * What a transfer out of the EU may carry of an entry: words that the relay knows, numbers and times, and of a rule its name.
 * An allow-list: a field that is added later stays behind until it is named here. Pure.
 */

import type { TransferWords } from '../destinations/destination.ts';
import { isKnownType } from '../domain/data-categories.ts';
import type { DetectionFacts } from '../domain/detection-facts.ts';
import type { DigestFacts, DigestTotals } from '../domain/digest.ts';
import { type CanonicalEvent, POLICY_DECISIONS } from '../domain/event.ts';
import { NOTICE_KINDS, type NoticeFacts } from '../domain/notice.ts';
import { LEFT_OUT } from '../domain/personal-fields.ts';
import { KNOWN_PLATFORMS, platformName } from '../domain/platforms.ts';
import type { RulesConfig } from '../domain/rules-config.ts';
import { LEVELS } from '../domain/severity.ts';
import { bundledRule } from '../rules/rule-entry.ts';

/** Stands for a rule of the tenant's own that has no name, or one that is a text. */
const CUSTOM_RULE = 'custom_rule';
/** A rule's `name`, as its author wrote it: of small letters, digits and what joins them. */
const NAME_PATTERN = /^name:[ \t]*["']?([a-z0-9]+(?:[_-][a-z0-9]+)*)["']?[ \t]*$/gm;
const LANE_PATTERN = /^[a-z0-9-]{1,32}\/[a-z]{1,16}$/;
const DATE_PATTERN = /^[\d:.TZ -]{1,30}$/;

type Counts = Readonly<Record<string, number>>;

/** What a tenant's rules are called there. A name that was made of a title is a text, and not told. */
export function transferWords({ custom }: Pick<RulesConfig, 'custom'>): TransferWords {
  const written = new Set(custom.flatMap((text) => [...text.matchAll(NAME_PATTERN)].map(([, name]) => name)));
  const ownName = (name: string): string => (written.has(name) ? name : CUSTOM_RULE);
  return {
    ruleName: (name) => bundledRule(name)?.name ?? ownName(name),
    ruleTitle: (name) => bundledRule(name)?.title ?? ownName(name),
    isKnownPlatform,
  };
}

/** The entry without a user, a device, a page and any text of somebody's own choice. */
export function withoutFreeText(event: CanonicalEvent, words: TransferWords): CanonicalEvent {
  const { id, type, occurredAt, receivedAt, tenant, severity, raisedFrom, riskScore } = event;
  const { classifications, classificationCount, source, platform, policy, detection, notice, digest } = event;
  return {
    id,
    type,
    occurredAt,
    receivedAt,
    tenant,
    ...(severity && { severity }),
    ...(raisedFrom && { raisedFrom }),
    ...(riskScore !== undefined && { riskScore }),
    ...(platform && isKnownPlatform(platform.id) && { platform: ownNameOf(platform.id) }),
    ...(policy?.decision && { policy: { decision: policy.decision } }),
    classifications: classifications.filter(isKnownType),
    classificationCount,
    faults: [],
    source,
    ...(detection && { detection: detectionFacts(detection, words) }),
    ...(notice && { notice: noticeFacts(notice) }),
    ...(digest && { digest: digestFacts(digest, words) }),
  };
}

function isKnownPlatform(id: string): boolean {
  return KNOWN_PLATFORMS.includes(id);
}

function ownNameOf(id: string): NonNullable<CanonicalEvent['platform']> {
  return { id, name: platformName(id) };
}

/** `ruleId` and the ids of events tell matters apart, and are not told. */
function detectionFacts(detection: DetectionFacts, words: TransferWords): DetectionFacts {
  const { ruleId, ruleName, level, platforms, count, windowSeconds, firstAt, lastAt } = detection;
  const { eventIds, causeId, dryRun } = detection;
  return {
    ruleId,
    ruleName: words.ruleName(ruleName),
    title: words.ruleTitle(ruleName),
    level,
    platforms: platforms.filter(isKnownPlatform),
    count,
    windowSeconds,
    firstAt,
    lastAt,
    eventIds,
    ...(causeId !== undefined && { causeId }),
    dryRun,
  };
}

/** Its detail is what a destination answered, a rule, or the time at which something is gone. */
function noticeFacts({ kind, lane, since, count, detail = '' }: NoticeFacts): NoticeFacts {
  return {
    kind,
    ...(lane !== undefined && LANE_PATTERN.test(lane) && { lane }),
    since,
    ...(count !== undefined && { count }),
    ...(DATE_PATTERN.test(detail) && { detail }),
  };
}

function digestFacts(digest: DigestFacts, words: TransferWords): DigestFacts {
  const { period, from, to, timeZone, totals, before, notices, blockedLanes } = digest;
  return {
    period,
    from,
    to,
    timeZone,
    totals: digestTotals(totals, words),
    before: digestTotals(before, words),
    notices: known(notices, (kind) => NOTICE_KINDS.some((one) => one === kind)),
    blockedLanes: blockedLanes.filter((lane) => LANE_PATTERN.test(lane)),
  };
}

function digestTotals(totals: DigestTotals, words: TransferWords): DigestTotals {
  const { events, limited, byLevel, byDecision, byPlatform, byClassification, detections } = totals;
  return {
    events,
    limited,
    byLevel: known(byLevel, (level) => LEVELS.some((one) => one === level)),
    byDecision: known(byDecision, (decision) => POLICY_DECISIONS.some((one) => one === decision)),
    byPlatform: known(byPlatform, isKnownPlatform),
    byClassification: known(byClassification, isKnownType),
    detections: detections.map((counted) => ({ ...counted, rule: words.ruleName(counted.rule) })),
  };
}

/** The others are counted together. */
function known(counts: Counts, isKnown: (key: string) => boolean): Counts {
  const sums = new Map<string, number>();
  for (const [key, count] of Object.entries(counts)) {
    const told = isKnown(key) ? key : LEFT_OUT;
    sums.set(told, (sums.get(told) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}
