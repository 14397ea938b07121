/**
 * Which indicators are wanted: those of the config, and those that detections asked for and that have not expired.
 * Never one of an approved platform's domain, whoever asks. What a detection asked for is kept in the lane's memory, without a person.
 * Knows no product: what one does on a look-up of a domain is the product's own `Action`.
 */

import type { DetectionFacts } from '../domain/detection-facts.ts';
import { normaliseDomain } from '../domain/domain-name.ts';
import { indicatorDomains } from '../domain/indicator-domains.ts';
import { approvedPlatformOf, platformDomains, platformName } from '../domain/platforms.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import { type Level, LEVELS, isAtLeast } from '../domain/severity.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import { type Result, failure, success } from '../lib/result.ts';
import type { ChannelMemory } from './destination.ts';

const DAY_MS = 24 * 3_600_000;
/** How long a detection's indicator is good for: to the end of that day in UTC, so that a later one of the same day changes nothing. */
const RESPONSE_DAYS = 30;
/** Keys of the memory: one per domain. */
const RESPONSE_PREFIX = 'response:';

export interface WantedIndicator<Action extends string> {
  /** In one spelling: lower case, punycode. */
  readonly domain: string;
  readonly action: Action;
  readonly severity: Level;
  readonly description: string;
  /** Absent: it does not expire. */
  readonly expiresAtMs?: number;
  /** Whether a detection asks for it, and not the config. */
  readonly isResponse: boolean;
}

/** By domain. */
export type WantedIndicators<Action extends string> = ReadonlyMap<string, WantedIndicator<Action>>;

/** An indicator as a destination's config has it: a value alone, or with details. */
export type ConfiguredIndicator =
  | string
  | {
      readonly value: string;
      readonly action: string;
      readonly severity: Level;
      readonly description?: string | undefined;
      readonly expires?: string | undefined;
    };

/** What one product does for an indicator. */
export interface IndicatorActions<Action extends string> {
  /** What the config's word means; undefined: it has none. */
  readonly configured: (action: string | undefined) => Action;
  /** For what a detection asks for. */
  readonly response: Action;
}

export interface Refusal {
  readonly domain: string;
  readonly message: string;
}

export interface ConfigWishes<Action extends string> {
  readonly wanted: WantedIndicators<Action>;
  /** Against the relay's own rules: nothing is sent for them. */
  readonly refused: readonly Refusal[];
  /** Their time is over. */
  readonly expired: readonly string[];
}

/** What the config asks for, by domain. The first indicator of a domain counts. */
export function configWishes<Action extends string>(
  indicators: readonly ConfiguredIndicator[],
  platforms: PlatformsConfig,
  { actions, nowMs }: { readonly actions: IndicatorActions<Action>; readonly nowMs: number },
): ConfigWishes<Action> {
  const wanted = new Map<string, WantedIndicator<Action>>();
  const refused: Refusal[] = [];
  const expired: string[] = [];
  for (const indicator of indicators) {
    const { value, ...details }: Details & { readonly value: string } =
      typeof indicator === 'string' ? { value: indicator } : indicator;
    for (const domain of indicatorDomains(value, platforms.domains)) {
      const approved = approvedMessage(domain, platforms);
      const wish = { domain, ...wishOf(value, details), action: actions.configured(details.action) };
      if (approved !== undefined) refused.push({ domain, message: approved });
      else if (wish.expiresAtMs !== undefined && wish.expiresAtMs <= nowMs) expired.push(domain);
      else if (!wanted.has(domain)) wanted.set(domain, wish);
    }
  }
  return { wanted, refused, expired };
}

type Details = Partial<Omit<Exclude<ConfiguredIndicator, string>, 'value'>>;

function wishOf(
  value: string,
  { severity = 'high', description, expires }: Details,
): Omit<WantedIndicator<string>, 'domain' | 'action'> {
  const expiresAtMs = expires === undefined ? Number.NaN : Date.parse(expires);
  return {
    severity,
    description: description ?? `Noxys: ${platformName(value)} is not an approved AI platform`,
    ...(!Number.isNaN(expiresAtMs) && { expiresAtMs }),
    isResponse: false,
  };
}

/** The domains that a detection asks indicators for, or why there is none. */
export function responseDomains(
  { platforms: ids, lastAt }: DetectionFacts,
  platforms: PlatformsConfig,
  nowMs: number,
): Result<readonly string[], string> {
  if (expiryOf(lastAt) <= nowMs) return failure('its indicator would have expired already');
  if (ids.length === 0) return failure('it names no platform to make an indicator of');
  const reasons: string[] = [];
  const domains = ids.flatMap((id) => {
    if (platforms.approved.includes(id)) {
      reasons.push(`${platformName(id)} is approved: no indicator is made of it`);
      return [];
    }
    const known = platformDomains(id, platforms.domains).flatMap((text) => normaliseDomain(text) ?? []);
    if (known.length === 0) reasons.push(`no domain of ${id} is known: name it in platforms.domains`);
    return known.filter((domain) => {
      const message = approvedMessage(domain, platforms);
      if (message !== undefined) reasons.push(`${domain} ${message}`);
      return message === undefined;
    });
  });
  return domains.length > 0 ? success([...new Set(domains)]) : failure(reasons.join('; '));
}

/** Keeps what a detection asks for, beside what earlier ones asked for: the later expiry counts, and the graver severity. */
export function noteResponse(
  memory: ChannelMemory,
  domain: string,
  { lastAt, level, ruleName, platforms }: DetectionFacts,
): void {
  const names = platforms.map((id) => platformName(id)).join(', ');
  const next = {
    expiresAtMs: expiryOf(lastAt),
    severity: level,
    description: `Noxys: ${names}, found by the rule ${ruleName}`,
  };
  const key = `${RESPONSE_PREFIX}${domain}`;
  const kept = readResponse(memory.get(key));
  const isLater = kept === undefined || next.expiresAtMs > kept.expiresAtMs;
  const isGraver = kept === undefined || !isAtLeast(kept.severity, next.severity);
  if (!isLater && !isGraver) return;
  const severity = isGraver ? next.severity : kept.severity;
  const response = { ...(isLater ? next : kept), severity };
  memory.put(key, JSON.stringify(response), response.expiresAtMs);
}

/** What detections asked for and what has not expired, by domain, without what was approved since. */
export function responseWishes<Action extends string>(
  memory: ChannelMemory,
  platforms: PlatformsConfig,
  action: Action,
): WantedIndicators<Action> {
  const wishes = memory.entries(RESPONSE_PREFIX).flatMap(([key, value]) => {
    const domain = key.slice(RESPONSE_PREFIX.length);
    const response = readResponse(value);
    if (!response || approvedMessage(domain, platforms) !== undefined) return [];
    return [[domain, { domain, action, isResponse: true, ...response }] as const];
  });
  return new Map(wishes);
}

interface Response {
  readonly expiresAtMs: number;
  readonly severity: Level;
  readonly description: string;
}

function readResponse(text: string | undefined): Response | undefined {
  const value = text === undefined ? undefined : jsonIn(text);
  if (!isRecord(value)) return undefined;
  const { expiresAtMs, severity, description } = value;
  const level = LEVELS.find((known) => known === severity);
  if (typeof expiresAtMs !== 'number' || level === undefined || typeof description !== 'string')
    return undefined;
  return { expiresAtMs, severity: level, description };
}

function expiryOf(lastAt: string): number {
  return (Math.floor(Date.parse(lastAt) / DAY_MS) + RESPONSE_DAYS + 1) * DAY_MS;
}

function approvedMessage(domain: string, platforms: PlatformsConfig): string | undefined {
  const approved = approvedPlatformOf(domain, platforms);
  return approved === undefined ? undefined : `belongs to ${platformName(approved)}, which is approved`;
}
