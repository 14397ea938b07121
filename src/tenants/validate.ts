/**
 * The one check of a tenant's config: schema, what holds between its parts, and what other layers know of its values.
 * Pure. Finds all faults at once, and spells what it accepts in one way (URLs, regions, tokens).
 */

import { duplicateNames, weakerPrivacy } from '../domain/config-checks.ts';
import { faultsOfIssues } from '../domain/config-faults.ts';
import { type DigestConfig, digestSchema } from '../domain/digest-config.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { type PlatformsConfig, platformsSchema } from '../domain/platforms-config.ts';
import type { DestinationConfig, PrivacyConfig, Residency, TenantConfig } from '../domain/tenant-config.ts';
import {
  destinationSchema,
  DESTINATIONS_MAX,
  deviceMapSchema,
  privacySchema,
  residencySchema,
  tenantConfigSchema,
  webhookSchema,
} from '../domain/tenant-config.ts';
import { isRecord } from '../lib/record.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { servesResidency } from '../residency.ts';
import type { Settings } from '../settings.ts';
import { addressFaults, checkDestination } from './check-destination.ts';
import { deviceMapFaults, normaliseDeviceMap } from './check-device-map.ts';
import { digestFaults, normaliseDigest } from './check-digest.ts';
import { approvedFaults } from './check-platforms.ts';
import { rulesFaults } from './check-rules.ts';
import { checkWebhook } from './check-webhook.ts';

/** What validation asks of the deployment. */
export type ValidationSettings = Pick<Settings, 'env' | 'residency' | 'egressAllow'>;

/** A document as written → the config with its defaults and one spelling of everything, or every fault in it. */
export function validateTenantConfig(
  document: unknown,
  settings: ValidationSettings,
): Result<TenantConfig, ConfigFault[]> {
  const parsed = tenantConfigSchema.safeParse(document);
  const parts = readParts(document);
  const webhook = parts.webhook && checkWebhook(parts.webhook);
  const destinations = parts.destinations.map((destination, index) => {
    const { residency, privacy, platforms } = parts;
    const context = { index, residency, privacy, platforms, settings };
    if (destination) return checkDestination(destination, context);
    return { destination: undefined, faults: addressFaults(parts.rawDestinations[index], context) };
  });
  const faults = [
    ...(parsed.success ? [] : faultsOfIssues(parsed.error.issues, document)),
    ...residencyFaults(parts.residency, settings),
    ...(webhook?.faults ?? []),
    ...(parts.platforms ? approvedFaults(parts.platforms) : []),
    ...(parts.digest ? digestFaults(parts.digest) : []),
    ...(parts.deviceMap ? deviceMapFaults(parts.deviceMap, parts.privacy) : []),
    ...duplicateNames(parts.destinations),
    ...destinations.flatMap((checked) => checked.faults),
    ...privacyFaults(parts),
    ...rulesFaults({ ...parts.raw, privacy: parts.privacy }),
    ...(parsed.success ? sizeFaults(parsed.data) : []),
  ];
  if (!parsed.success || faults.length > 0) return failure(faults);
  return success({
    ...parsed.data,
    webhook: webhook?.webhook ?? parsed.data.webhook,
    device_map: normaliseDeviceMap(parsed.data.device_map),
    digest: normaliseDigest(parsed.data.digest),
    destinations: parsed.data.destinations.map((d, index) => destinations[index]?.destination ?? d),
  });
}

/** The parts of a document that can be read by themselves, so that a fault in one hides none in another. */
interface Parts {
  readonly residency: Residency | undefined;
  readonly webhook: TenantConfig['webhook'] | undefined;
  readonly privacy: PrivacyConfig | undefined;
  readonly platforms: PlatformsConfig | undefined;
  readonly digest: DigestConfig | undefined;
  readonly deviceMap: TenantConfig['device_map'] | undefined;
  readonly destinations: readonly (DestinationConfig | undefined)[];
  readonly rawDestinations: readonly unknown[];
  /** As written: rules are read part by part. */
  readonly raw: { readonly rules: unknown; readonly responses: unknown; readonly platforms: unknown };
}

function readParts(document: unknown): Parts {
  const root = isRecord(document) ? document : {};
  const destinations: unknown[] = Array.isArray(root['destinations']) ? root['destinations'] : [];
  return {
    residency: residencySchema.safeParse(root['residency']).data,
    webhook: webhookSchema.safeParse(root['webhook']).data,
    privacy: privacySchema.safeParse(root['privacy'] ?? {}).data,
    platforms: platformsSchema.safeParse(root['platforms'] ?? {}).data,
    digest: digestSchema.safeParse(root['digest'] ?? {}).data,
    deviceMap: deviceMapSchema.safeParse(root['device_map'] ?? {}).data,
    destinations: destinations.slice(0, DESTINATIONS_MAX).map((d) => destinationSchema.safeParse(d).data),
    rawDestinations: destinations,
    raw: { rules: root['rules'], responses: root['responses'], platforms: root['platforms'] },
  };
}

/** A row holds 2 MB. No body that the API takes comes near, but for what aliases multiply. Source: Durable Objects limits, read 2026-11. */
const CONFIG_BYTES_MAX = 1024 * 1024;

function sizeFaults(config: TenantConfig): ConfigFault[] {
  const { byteLength } = new TextEncoder().encode(JSON.stringify(config));
  if (byteLength <= CONFIG_BYTES_MAX) return [];
  const message = `has ${Math.ceil(byteLength / 1024)} KiB once its aliases are followed, and at most ${CONFIG_BYTES_MAX / 1024} can be stored: write it shorter`;
  return [{ path: '', message }];
}

function residencyFaults(residency: Residency | undefined, settings: ValidationSettings): ConfigFault[] {
  if (residency === undefined || servesResidency(settings, residency)) return [];
  return [
    {
      path: 'residency',
      message: 'must be eu: this deployment serves EU tenants only (RELAY_RESIDENCY is eu)',
    },
  ];
}

function privacyFaults({ privacy, destinations }: Parts): ConfigFault[] {
  if (!privacy) return [];
  return destinations.flatMap((destination, index) => {
    return destination ? weakerPrivacy(destination, index, privacy) : [];
  });
}
