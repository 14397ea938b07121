/**
 * What the indicators of a destination must fulfil beyond the schema, and their one spelling. What each product does with one is its own.
 * Pure, without a clock: an indicator whose time is over is no fault, so that a config does not become invalid by waiting.
 * Never quotes what was written: it may be a secret in the wrong place.
 */

import type { ConfigFault } from '../domain/fault.ts';
import { normaliseDomain } from '../domain/domain-name.ts';
import { indicatorDomains, platformIdOf } from '../domain/indicator-domains.ts';
import { KNOWN_PLATFORMS, approvedPlatformOf, platformName } from '../domain/platforms.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import { nearestWord } from '../lib/nearest.ts';

/** An indicator with more about it, as far as the products agree. */
export interface DetailedIndicator {
  readonly value: string;
  readonly action: string;
  readonly expires?: string | undefined;
}
type Indicator = string | DetailedIndicator;
/** Whether the product knows the action; undefined: it does, else what is wrong with it. */
export type FaultOfAction = (action: string) => string | undefined;
/** The tenant's `platforms`. */
export type IndicatorPlatforms = Pick<PlatformsConfig, 'approved' | 'domains'>;

const DATE_TIME_PATTERN = /^\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d))?$/;
const DATE_LENGTH = '2027-01-31'.length;

/** Every indicator in one spelling; one that has a fault, as far as it can be read. */
export function normaliseIndicators<Details extends DetailedIndicator>(
  indicators: readonly (string | Details)[],
): (string | Details)[] {
  return indicators.map((indicator) => {
    if (typeof indicator === 'string') return normaliseValue(indicator);
    const { value, expires } = indicator;
    return {
      ...indicator,
      value: normaliseValue(value),
      ...(expires !== undefined && { expires: isoTime(expires) ?? expires }),
    };
  });
}

/** All that is wrong with the indicators; `path` is that of their list. */
export function indicatorFaults(
  indicators: readonly Indicator[],
  path: string,
  platforms: IndicatorPlatforms,
  faultOfAction: FaultOfAction = () => undefined,
): ConfigFault[] {
  const firstPaths = new Map<string, string>();
  return indicators.flatMap((indicator, index) => {
    const own = `${path}[${index}]`;
    const at = typeof indicator === 'string' ? own : `${own}.value`;
    return [
      ...valueFaults(valueOf(indicator), at, platforms),
      ...doubleFaults(indicatorDomains(valueOf(indicator), platforms.domains), at, firstPaths),
      ...(typeof indicator === 'string' ? [] : detailFaults(indicator, own, faultOfAction)),
    ];
  });
}

function valueFaults(value: string, path: string, platforms: IndicatorPlatforms): ConfigFault[] {
  const domains = indicatorDomains(value, platforms.domains);
  if (domains.length === 0) return [{ path, message: unknownValue(value, platforms) }];
  const approved =
    platforms.approved.find((id) => id === platformIdOf(value)) ??
    domains.map((domain) => approvedPlatformOf(domain, platforms)).find((platform) => platform !== undefined);
  if (approved === undefined) return [];
  const message = `is about ${platformName(approved)}, which platforms.approved names: remove it from one of the two`;
  return [{ path, message }];
}

function unknownValue(value: string, { domains }: IndicatorPlatforms): string {
  if (value.includes('.') || /[/:*@]/.test(value)) {
    return 'must be a domain such as perplexity.ai, of at most 200 characters, without a scheme, a path or a wildcard';
  }
  const known = [...new Set([...KNOWN_PLATFORMS, ...Object.keys(domains)])];
  const nearest = nearestWord(platformIdOf(value), known);
  const hint =
    nearest === undefined
      ? `known are ${known.join(', ')}; name its domains in platforms.domains, or write a domain`
      : `did you mean ${nearest}?`;
  return `is not a platform that the relay knows the domains of: ${hint}`;
}

/** Two indicators of one domain would contradict each other. */
function doubleFaults(
  domains: readonly string[],
  path: string,
  firstPaths: Map<string, string>,
): ConfigFault[] {
  const first = domains.map((domain) => firstPaths.get(domain)).find((earlier) => earlier !== undefined);
  for (const domain of domains) if (!firstPaths.has(domain)) firstPaths.set(domain, path);
  return first === undefined
    ? []
    : [{ path, message: `is about a domain of ${first} too: keep one of them` }];
}

function detailFaults(
  { action, expires }: DetailedIndicator,
  path: string,
  faultOfAction: FaultOfAction,
): ConfigFault[] {
  const actionFault = faultOfAction(action);
  const isTime = expires === undefined || isoTime(expires) !== undefined;
  return [
    ...(actionFault === undefined ? [] : [{ path: `${path}.action`, message: actionFault }]),
    ...(isTime
      ? []
      : [{ path: `${path}.expires`, message: 'must be a time such as 2027-01-31T00:00:00Z, or a date' }]),
  ];
}

function valueOf(indicator: Indicator): string {
  return typeof indicator === 'string' ? indicator : indicator.value;
}

function normaliseValue(value: string): string {
  if (!value.includes('.')) return platformIdOf(value);
  return normaliseDomain(value) ?? value;
}

/** RFC 3339 in UTC, in whole seconds; a date is its first second. Undefined: it is no time. */
function isoTime(text: string): string | undefined {
  const bare = text.trim();
  const isTime = DATE_TIME_PATTERN.test(bare) && isDate(bare.slice(0, DATE_LENGTH));
  const ms = isTime ? Date.parse(bare) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** `Date.parse` takes 30 February as 2 March. */
function isDate(date: string): boolean {
  const ms = Date.parse(date);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}
