/**
 * Where a tenant's data may rest and which hosts it may go to. The only maker of stubs, of tenants' objects and of the registry.
 * An EU tenant's object lives in the `eu` jurisdiction, and an EU deployment serves no other tenants.
 * Never sends anything itself, and never widens: what is not named is refused.
 */

import { type EgressDestination, type EgressRefusal, egressRefusals } from './destinations/egress.ts';
import type { StoredConfig, TenantRelayRpc } from './domain/rpc.ts';
import type { Residency } from './domain/tenant-config.ts';
import { sha256Hex } from './lib/hmac.ts';
import { isLoopbackHost, isPublicHostName } from './lib/host-name.ts';
import { causeFields, logEvent } from './lib/log.ts';
import type { Result } from './lib/result.ts';
import { failure, success } from './lib/result.ts';
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

/** All that speaks against a request of a tenant's destination to a URL. Empty: it may go there. */
export function hostRefusals(
  settings: Place,
  residency: Residency,
  destination: EgressDestination,
): (url: URL) => readonly EgressRefusal[] {
  return (url) => {
    const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
    const hasUser = url.username !== '' || url.password !== '';
    if (settings.env === 'local' && isWeb && !hasUser && isLoopbackHost(url.hostname)) return [];
    if (url.protocol !== 'https:' || hasUser || !isPublicHostName(url.hostname)) return ['not_public'];
    return egressRefusals(residency, { destination, hostname: url.hostname, allowed: settings.egressAllow });
  };
}

/**
 * Whether requests of one destination of a tenant may go to a URL: always https on a public host name, or loopback locally, and what
 * the table of destinations/egress.ts says of the tenant's residency and the destination's type, country and basis.
 */
export function allowsHost(
  settings: Place,
  residency: Residency,
  destination: EgressDestination,
): (url: URL) => boolean {
  const refusals = hostRefusals(settings, residency, destination);
  return (url) => refusals(url).length === 0;
}

/** Why, and what to do about it, for the operator of a lane that is blocked. */
const WORDS: Readonly<Record<EgressRefusal, string>> = {
  not_public: 'only https to a host name on the public internet is',
  not_falcon: "it is no CrowdStrike host of the tenant's residency",
  not_slack: 'it is no host of Slack incoming webhooks',
  is_slack: 'it is Slack, which an EU tenant may reach with type: slack alone',
  no_country: 'the destination declares no country, so write where its host is, such as country: FR',
  foreign_country: 'its country is outside the EU and the EEA',
  no_transfer_basis: 'it is outside the EU and the destination records no transfer_basis',
  not_listed: 'see RELAY_EGRESS_ALLOW',
};

/** The first of what speaks against a URL, in words; undefined: nothing does. */
export function whyNotAllowed(
  settings: Place,
  residency: Residency,
  destination: EgressDestination,
): (url: URL) => string | undefined {
  const refusals = hostRefusals(settings, residency, destination);
  return (url) => {
    const [first] = refusals(url);
    return first && WORDS[first];
  };
}
