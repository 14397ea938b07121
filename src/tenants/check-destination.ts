/**
 * What one destination must fulfil beyond the schema: its address, its region, its residency, its filter. Pure.
 * Accepts the spellings that people paste and returns one spelling.
 */

import { compileWhere } from '../detection/where.ts';
import { normaliseHecToken, normaliseHecUrl } from '../destinations/falcon/hec-url.ts';
import { FALCON_REGIONS, type FalconRegion, normaliseRegion } from '../destinations/falcon/regions.ts';
import { normaliseBaseUrl, normaliseToken } from '../destinations/harfanglab/base-url.ts';
import { formatPath, showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { type FieldName, resolveField } from '../domain/field-map.ts';
import type {
  DestinationConfig,
  FalconConfig,
  HarfangLabConfig,
  PrivacyConfig,
  Residency,
} from '../domain/tenant-config.ts';
import { isRecord } from '../lib/record.ts';
import { type Result, failure, success, unreachable } from '../lib/result.ts';
import { allowsHost } from '../residency.ts';
import type { Settings } from '../settings.ts';
import { tokenFault } from './token-fault.ts';

export interface DestinationContext {
  readonly index: number;
  /** Undefined when it could not be read: then no host is checked against it. */
  readonly residency: Residency | undefined;
  /** Undefined when it could not be read: then no filter is checked against it. */
  readonly privacy: PrivacyConfig | undefined;
  readonly settings: Pick<Settings, 'env' | 'residency' | 'egressAllow'>;
}

export interface CheckedDestination {
  /** Spelt in one way; where a part has a fault, as it was written. */
  readonly destination: DestinationConfig;
  readonly faults: readonly ConfigFault[];
}

/** One destination, normalised, with all its faults. */
export function checkDestination(
  destination: DestinationConfig,
  context: DestinationContext,
): CheckedDestination {
  const checked = checkProduct(destination, context);
  return { ...checked, faults: [...checked.faults, ...whereFaults(destination, context)] };
}

function checkProduct(destination: DestinationConfig, context: DestinationContext): CheckedDestination {
  switch (destination.type) {
    case 'harfanglab':
      return checkHarfangLab(destination, context);
    case 'falcon':
      return checkFalcon(destination, context);
    default:
      return unreachable(destination);
  }
}

function checkHarfangLab(destination: HarfangLabConfig, context: DestinationContext): CheckedDestination {
  const token = normaliseToken(destination.token);
  const url = checkBaseUrl(destination.base_url, context);
  const faults = [
    ...(url.ok ? [] : [url.error]),
    ...tokenFault(formatPath(['destinations', context.index, 'token']), token),
  ];
  return {
    destination: { ...destination, base_url: url.ok ? url.value : destination.base_url, token },
    faults,
  };
}

function checkBaseUrl(text: string, context: DestinationContext): Result<string, ConfigFault> {
  const path = formatPath(['destinations', context.index, 'base_url']);
  const url = normaliseBaseUrl(text, { isLocal: context.settings.env === 'local' });
  if (!url.ok) return failure({ path, message: url.error });
  if (isAllowed(url.value, 'harfanglab', context)) return url;
  const message =
    'is not on the allow-list for EU tenants: once you know that it is in the EU, add its host name to RELAY_EGRESS_ALLOW';
  return failure({ path, message });
}

function checkFalcon(destination: FalconConfig, context: DestinationContext): CheckedDestination {
  const region = checkRegion(destination.region, context);
  const { hec, faults } = checkHec(destination.hec, region.ok ? region.value : undefined, context);
  return {
    destination: {
      ...destination,
      ...(region.ok && { region: region.value }),
      ...(hec && { hec }),
    },
    faults: [...(region.ok ? [] : [region.error]), ...faults],
  };
}

function checkHec(
  hec: FalconConfig['hec'],
  region: FalconRegion | undefined,
  context: DestinationContext,
): { readonly hec: FalconConfig['hec']; readonly faults: readonly ConfigFault[] } {
  if (!hec) return { hec, faults: [] };
  const token = normaliseHecToken(hec.token);
  const url = checkHecUrl(hec.url, region, context);
  return {
    hec: url.ok ? { url: url.value, token } : hec,
    faults: [
      ...(url.ok ? [] : [url.error]),
      ...tokenFault(formatPath(['destinations', context.index, 'hec', 'token']), token),
    ],
  };
}

function checkRegion(text: string, context: DestinationContext): Result<FalconRegion, ConfigFault> {
  const path = formatPath(['destinations', context.index, 'region']);
  const region = normaliseRegion(text);
  if (region === undefined) {
    const message = `must be one of ${FALCON_REGIONS.join(', ')}: the console's host name shows it, such as falcon.eu-1.crowdstrike.com`;
    return failure({ path, message });
  }
  if (context.residency !== 'eu' || region === 'eu-1') return success(region);
  const message = `must be eu-1 as the tenant's residency is eu: ${region} is outside the EU`;
  return failure({ path, message });
}

function checkHecUrl(
  text: string,
  region: FalconRegion | undefined,
  context: DestinationContext,
): Result<string, ConfigFault> {
  const path = formatPath(['destinations', context.index, 'hec', 'url']);
  const url = normaliseHecUrl(text, { region, isLocal: context.settings.env === 'local' });
  if (!url.ok) return failure({ path, message: url.error });
  if (region === undefined || isAllowed(url.value, 'falcon', context)) return url;
  return failure({ path, message: "is not a host that the tenant's residency allows" });
}

/** What is wrong with the addresses of a destination that the schema refuses for something else: found in the same round. */
export function addressFaults(raw: unknown, context: DestinationContext): ConfigFault[] {
  if (!isRecord(raw)) return [];
  const { type, base_url: baseUrl, region, hec } = raw;
  const faults: Result<unknown, ConfigFault>[] = [];
  if (type === 'harfanglab' && typeof baseUrl === 'string') faults.push(checkBaseUrl(baseUrl, context));
  if (type === 'falcon') {
    const known = typeof region === 'string' ? checkRegion(region, context) : undefined;
    if (known) faults.push(known);
    const url = isRecord(hec) ? hec['url'] : undefined;
    if (typeof url === 'string') faults.push(checkHecUrl(url, known?.ok ? known.value : undefined, context));
  }
  return faults.flatMap((checked) => (checked.ok ? [] : [checked.error]));
}

function isAllowed(url: string, type: DestinationConfig['type'], context: DestinationContext): boolean {
  return (
    context.residency === undefined || allowsHost(context.settings, context.residency, type)(new URL(url))
  );
}

function whereFaults({ where }: DestinationConfig, context: DestinationContext): readonly ConfigFault[] {
  if (where === undefined) return [];
  const path = formatPath(['destinations', context.index, 'where']);
  const compiled = compileWhere(where, path);
  return compiled.ok ? reducedFieldFaults(Object.keys(where), path, context.privacy) : compiled.error;
}

/** The setting that reduces a field before it is stored. */
const REDUCED_BY: Partial<Record<FieldName, keyof PrivacyConfig>> = {
  user_id: 'user_id',
  user_email: 'user_email',
  device_id: 'device',
  hostname: 'device',
  url_host: 'url',
};

/** A filter on what the tenant's privacy has reduced would never match: the events would be lost without a word. */
function reducedFieldFaults(
  keys: readonly string[],
  path: string,
  privacy: PrivacyConfig | undefined,
): readonly ConfigFault[] {
  return keys.flatMap((key) => {
    const field = resolveField(key.split('|')[0] ?? '');
    const setting = field && REDUCED_BY[field];
    const level = setting && privacy?.[setting];
    if (!setting || !level || level === 'keep') return [];
    const message = `can never match as privacy.${setting} is ${level}: filter on another field, or set privacy.${setting} to keep`;
    return [{ path: `${path}.${showKey(key)}`, message }];
  });
}
