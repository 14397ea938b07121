/**
 * What the indicators of a Falcon destination must fulfil beyond the schema, and their one spelling.
 * Pure, without a clock: an indicator whose time is over is no fault, so that a config does not become invalid by waiting.
 * Never quotes what was written: it may be a secret in the wrong place.
 */

import type { ConfigFault } from '../domain/fault.ts';
import { normaliseDomain } from '../domain/domain-name.ts';
import { indicatorDomains, platformIdOf } from '../domain/indicator-domains.ts';
import { KNOWN_PLATFORMS, approvedPlatformOf, platformName } from '../domain/platforms.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import type { FalconConfig } from '../domain/tenant-config.ts';
import { nearestWord } from '../lib/nearest.ts';

export type Indicators = NonNullable<FalconConfig['indicators']>;
type Indicator = Indicators[number];
/** The tenant's `platforms`. */
export type IndicatorPlatforms = Pick<PlatformsConfig, 'approved' | 'domains'>;

/** What Falcon does with a domain on a computer. Source: terraform-provider-crowdstrike custom_ioc_resource.go, read 2026-11. */
const DOMAIN_ACTIONS: readonly string[] = ['detect', 'no_action'];
/** What it does with a file's hash, and what people mean by it. */
const BLOCKING_ACTIONS: readonly string[] = ['block', 'prevent', 'prevent_no_ui', 'deny', 'kill'];
const NO_BLOCK =
  'must be detect or no_action: Falcon blocks no domain by an indicator. A Custom IOA rule (Domain Name), a Firewall rule by FQDN, or mobile_action on phones does: see docs/destinations/falcon.md';
const DATE_TIME_PATTERN = /^\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d))?$/;
const DATE_LENGTH = '2027-01-31'.length;

/** Every indicator in one spelling; one that has a fault, as far as it can be read. */
export function normaliseIndicators(indicators: Indicators): Indicators {
  return indicators.map((indicator) => {
    if (typeof indicator === 'string') return normaliseValue(indicator);
    const { value, action, expires, ...rest } = indicator;
    return {
      ...rest,
      value: normaliseValue(value),
      action: action.trim().toLowerCase(),
      ...(expires !== undefined && { expires: isoTime(expires) ?? expires }),
    };
  });
}

/** All that is wrong with the indicators; `path` is that of their list. */
export function indicatorFaults(
  indicators: Indicators,
  path: string,
  platforms: IndicatorPlatforms,
): ConfigFault[] {
  const firstPaths = new Map<string, string>();
  return indicators.flatMap((indicator, index) => {
    const own = `${path}[${index}]`;
    const at = typeof indicator === 'string' ? own : `${own}.value`;
    return [
      ...valueFaults(valueOf(indicator), at, platforms),
      ...doubleFaults(indicatorDomains(valueOf(indicator), platforms.domains), at, firstPaths),
      ...(typeof indicator === 'string' ? [] : detailFaults(indicator, own)),
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

function detailFaults({ action, expires }: Exclude<Indicator, string>, path: string): ConfigFault[] {
  const actionFault = faultOfAction(action.trim().toLowerCase());
  const isTime = expires === undefined || isoTime(expires) !== undefined;
  return [
    ...(actionFault === undefined ? [] : [{ path: `${path}.action`, message: actionFault }]),
    ...(isTime
      ? []
      : [{ path: `${path}.expires`, message: 'must be a time such as 2027-01-31T00:00:00Z, or a date' }]),
  ];
}

function faultOfAction(action: string): string | undefined {
  if (DOMAIN_ACTIONS.includes(action)) return undefined;
  if (BLOCKING_ACTIONS.includes(action)) return NO_BLOCK;
  if (action === 'allow')
    return 'must be detect or no_action: Falcon allows files by an indicator, not domains';
  const nearest = nearestWord(action, DOMAIN_ACTIONS);
  return `must be detect or no_action${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
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
