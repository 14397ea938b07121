/**
 * Where a tenant's data may rest and which hosts it may go to. The only maker of stubs, of tenants' objects and of the registry.
 * An EU tenant's object lives in the `eu` jurisdiction, and an EU deployment serves no other tenants.
 * Never sends anything itself, and never widens: what is not named is refused.
 */

import { FALCON_REGIONS, isFalconHost } from './destinations/falcon/regions.ts';
import type { StoredConfig, TenantRelayRpc } from './domain/rpc.ts';
import type { DestinationConfig, Residency } from './domain/tenant-config.ts';
import { sha256Hex } from './lib/hmac.ts';
import { isLoopbackHost, isPublicHostName } from './lib/host-name.ts';
import { causeFields, logEvent } from './lib/log.ts';
import type { Result } from './lib/result.ts';
import { failure, success, unreachable } from './lib/result.ts';
import type { Settings } from './settings.ts';

type Place = Pick<Settings, 'env' | 'residency' | 'egressAllow'>;

/** It is in Cloudflare's analytics, and says nothing. */
const REGISTRY_NAME = 'registry';

/** A namespace of objects, as this file needs it: Cloudflare's own fits, whatever the object's type. */
export interface ObjectNamespace<Stub> {
  getByName(name: string): Stub;
  jurisdiction(jurisdiction: 'eu'): ObjectNamespace<Stub>;
}

export interface ResidencyFailure {
  /** This deployment serves EU tenants only. */
  readonly kind: 'residency_not_served';
  readonly residency: Residency;
}

/** The object's name, SHA-256 of the tenant id in hex: names are shown in Cloudflare's analytics, outside any jurisdiction. */
export function objectName(tenant: string): string {
  return sha256Hex(tenant);
}

/** A new stub of a tenant's object. After an exception a stub is broken: make another for each attempt. */
export function relayStub<Stub>(
  namespace: ObjectNamespace<Stub>,
  settings: Pick<Settings, 'env' | 'residency'>,
  { tenant, residency }: { readonly tenant: string; readonly residency: Residency },
): Result<Stub, ResidencyFailure> {
  if (!servesResidency(settings, residency)) return failure({ kind: 'residency_not_served', residency });
  // workerd can't simulate a jurisdiction and throws. The settings refuse `local` on any public host name.
  const place = residency === 'eu' && settings.env !== 'local' ? namespace.jurisdiction('eu') : namespace;
  return success(place.getByName(objectName(tenant)));
}

/** A new stub of the deployment's one registry of tokens, which names operators: in an EU deployment it lives in the EU. */
export function registryStub<Stub>(
  namespace: ObjectNamespace<Stub>,
  settings: Pick<Settings, 'env' | 'residency'>,
): Stub {
  const isEu = settings.residency === 'eu' && settings.env !== 'local';
  return (isEu ? namespace.jurisdiction('eu') : namespace).getByName(REGISTRY_NAME);
}

/** Whether this deployment takes tenants of a residency. */
export function servesResidency(settings: Pick<Settings, 'residency'>, residency: Residency): boolean {
  return settings.residency !== 'eu' || residency === 'eu';
}

/**
 * Whether a tenant's sealed events may wait in the deployment's queue, which rests where the deployment's own data do:
 * an EU tenant's may not in a global deployment.
 */
export function mayOverflow(settings: Pick<Settings, 'residency'>, residency: Residency): boolean {
  return settings.residency === residency;
}

export interface FoundTenant<Stub> {
  readonly residency: Residency;
  readonly stored: StoredConfig;
  readonly stub: Stub;
}

/** Where a tenant lives, null when it lives nowhere: asks the object of each residency that this deployment serves. */
export async function findTenant<Stub extends Pick<TenantRelayRpc, 'readConfig'>>(
  namespace: ObjectNamespace<Stub>,
  settings: Pick<Settings, 'env' | 'residency'>,
  tenant: string,
): Promise<Result<FoundTenant<Stub> | null, { readonly kind: 'object_unreachable' }>> {
  try {
    const found = await Promise.all(
      residenciesAsked(settings).map(async (residency) => {
        const stub = relayStub(namespace, settings, { tenant, residency });
        if (!stub.ok) return null;
        const stored = await stub.value.readConfig();
        if (!stored) return null;
        return { residency: stored.config.residency, stored, stub: stub.value };
      }),
    );
    return success(found.find((place) => place !== null) ?? null);
  } catch (error) {
    logEvent('error', 'object.unreachable', { tenant, ...causeFields(error) });
    return failure({ kind: 'object_unreachable' });
  }
}

/** Where else a tenant of this id could be: the other place, null in a deployment that has one only. */
export function elsewhere<Stub>(
  namespace: ObjectNamespace<Stub>,
  settings: Pick<Settings, 'env' | 'residency'>,
  { tenant, residency }: { readonly tenant: string; readonly residency: Residency },
): { readonly residency: Residency; readonly stub: Stub } | null {
  const other = residenciesAsked(settings).find((asked) => asked !== residency);
  if (other === undefined || settings.env === 'local') return null;
  const stub = relayStub(namespace, settings, { tenant, residency: other });
  return stub.ok ? { residency: other, stub: stub.value } : null;
}

/** Where a tenant may live. Locally both residencies are one namespace. */
export function residenciesAsked(settings: Pick<Settings, 'env' | 'residency'>): readonly Residency[] {
  if (settings.env === 'local') return ['eu'];
  return settings.residency === 'eu' ? ['eu'] : ['eu', 'global'];
}

/**
 * The allow-list of one kind of destination of one tenant. Always https on a public host name, or loopback locally.
 * EU: CrowdStrike's eu-1, and for all others the hosts that the operator accepts. Global: any CrowdStrike cloud, any other host.
 */
export function allowsHost(
  settings: Place,
  residency: Residency,
  type: DestinationConfig['type'],
): (url: URL) => boolean {
  return (url) => {
    const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
    if (settings.env === 'local' && isWeb && isLoopbackHost(url.hostname)) return true;
    if (url.protocol !== 'https:' || !isPublicHostName(url.hostname)) return false;
    switch (type) {
      case 'falcon':
        return isFalconHost(url.hostname, residency === 'eu' ? ['eu-1'] : FALCON_REGIONS);
      case 'harfanglab':
      case 'slack':
      case 'teams':
      case 'webhook':
        return residency !== 'eu' || settings.egressAllow.some((entry) => matchesHost(entry, url.hostname));
      default:
        return unreachable(type);
    }
  };
}

function matchesHost(entry: string, hostname: string): boolean {
  return entry.startsWith('*.') ? hostname.endsWith(entry.slice(1)) : hostname === entry;
}
