/**
 * What Falcon's IOC API demands of an indicator. Pure: an indicator goes in, the reason of its refusal comes out.
 * Sources: terraform-provider-crowdstrike custom_ioc_resource.go; falcon-mcp tests/integration/test_ioc.py; netskope
 * ta_cloud_exchange_plugins crowdstrike/main.py; XSOAR CrowdStrikeFalcon README.
 */

import { isIPv4, isIPv6 } from 'node:net';

export const TYPES: readonly string[] = ['sha256', 'md5', 'domain', 'ipv4', 'ipv6', 'all_subdomains'];
const ACTIONS: readonly string[] = ['no_action', 'allow', 'detect', 'prevent', 'prevent_no_ui'];
/** On computers, a domain or an address can be detected, not blocked. */
const NETWORK_ACTIONS: readonly string[] = ['no_action', 'detect'];
const NETWORK_TYPES: readonly string[] = ['domain', 'ipv4', 'ipv6'];
const NEEDS_SEVERITY: readonly string[] = ['detect', 'prevent'];
const SEVERITIES: readonly string[] = ['informational', 'low', 'medium', 'high', 'critical'];
const PLATFORMS: readonly string[] = ['windows', 'mac', 'linux'];
/** Of customers with Falcon for Mobile alone; the simulated one has none. */
const MOBILE_PLATFORMS: readonly string[] = ['ios', 'android'];
/** falconpy and netskope. */
const VALUE_CHARACTERS_MAX = 200;
/** XSOAR; PSFalcon lets 256 through. */
const TEXT_CHARACTERS_MAX = 200;

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+${LABEL}$`);
const HOST_GROUP = /^[0-9a-f]{32}$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

type Body = Readonly<Record<string, unknown>>;

/** Why an indicator to be made is refused, if it is. */
export function newIndicatorFault(indicator: Body, nowMs: number): string | undefined {
  const { type, value, platforms } = indicator;
  if (!isOneOf(TYPES, type)) return `type must be one of ${TYPES.join(', ')}`;
  if (type === 'all_subdomains') return 'type all_subdomains needs a mobile platform';
  if (typeof value !== 'string' || value.length > VALUE_CHARACTERS_MAX || !isValueOf(type, value)) {
    return `value is not a valid ${type}`;
  }
  if (indicator['action'] === undefined) return 'action is required';
  if (!Array.isArray(platforms) || platforms.length === 0) return 'platforms must not be empty';
  return scopeFault(indicator) ?? changeFault(indicator, type, nowMs);
}

/** Why these fields can't be an indicator's, if they can't; an absent one has been cleared. */
export function changeFault(fields: Body, type: string, nowMs: number): string | undefined {
  const { action = 'no_action', severity, platforms = [], expiration } = fields;
  if (!isOneOf(ACTIONS, action)) return `action must be one of ${ACTIONS.join(', ')}`;
  if (NETWORK_TYPES.includes(type) && !NETWORK_ACTIONS.includes(action)) {
    return `action ${action} is not supported for type ${type}`;
  }
  const isSevere = severity !== undefined && severity !== '';
  if (NEEDS_SEVERITY.includes(action) !== isSevere) {
    return isSevere
      ? `severity must be empty for action ${action}`
      : "severity cannot be empty for this 'action' and 'mobile_action' combination";
  }
  if (isSevere && !isOneOf(SEVERITIES, severity)) {
    return `severity must be one of ${SEVERITIES.join(', ')}`;
  }
  if (expiration !== undefined && !isInFuture(expiration, nowMs)) {
    return 'expiration must be an RFC 3339 time in the future';
  }
  return platformsFault(platforms) ?? textsFault(fields);
}

function platformsFault(platforms: unknown): string | undefined {
  if (!Array.isArray(platforms)) return 'platforms must be a list';
  if (platforms.some((platform) => isOneOf(MOBILE_PLATFORMS, platform))) {
    return 'platforms ios and android need Falcon for Mobile';
  }
  const isKnown = platforms.every((platform) => isOneOf(PLATFORMS, platform));
  return isKnown ? undefined : `platforms must be among ${PLATFORMS.join(', ')}`;
}

function textsFault(fields: Body): string | undefined {
  for (const name of ['source', 'description'] as const) {
    const text = fields[name] ?? '';
    if (typeof text !== 'string' || text.length > TEXT_CHARACTERS_MAX) {
      return `${name} must have at most ${TEXT_CHARACTERS_MAX} characters`;
    }
  }
  const tags = fields['tags'] ?? [];
  const isTags = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && tag !== '');
  return isTags ? undefined : 'tags must be a list of texts';
}

/** Everywhere, or in some host groups. */
function scopeFault({ applied_globally: isGlobal, host_groups: groups = [] }: Body): string | undefined {
  const isList = Array.isArray(groups) && groups.every((id) => typeof id === 'string' && HOST_GROUP.test(id));
  if (!isList) return 'host_groups must be a list of ids';
  if (isGlobal !== undefined && typeof isGlobal !== 'boolean') return 'applied_globally must be a boolean';
  return (isGlobal === true) === (groups.length === 0)
    ? undefined
    : 'either applied_globally must be true or host_groups must be given';
}

function isValueOf(type: string, value: string): boolean {
  switch (type) {
    case 'domain':
      return DOMAIN.test(value);
    case 'ipv4':
      return isIPv4(value);
    case 'ipv6':
      return isIPv6(value) && value === value.toLowerCase();
    default:
      return new RegExp(`^[0-9a-f]{${type === 'md5' ? 32 : 64}}$`).test(value);
  }
}

function isInFuture(text: unknown, nowMs: number): boolean {
  return typeof text === 'string' && RFC_3339.test(text) && Date.parse(text) > nowMs;
}

function isOneOf(known: readonly string[], value: unknown): value is string {
  return typeof value === 'string' && known.includes(value);
}
