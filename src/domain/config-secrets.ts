/** The one walker over a config's secrets. Pure. */

import { unreachable } from '../lib/result.ts';
import type {
  DestinationConfig,
  FalconConfig,
  TenantConfig,
  WebhookDestinationConfig,
} from './tenant-config.ts';

/** What a secret is for: bound into its seal, so that one can't stand in for another. */
export type SecretPurpose = 'webhook' | 'destination' | 'pseudonym';

/** The config with each secret replaced by `replace(secret, purpose, path)`; everything else is shared, nothing is changed in place. */
export async function mapSecrets(
  config: TenantConfig,
  replace: (secret: string, purpose: SecretPurpose, path: string) => Promise<string> | string,
): Promise<TenantConfig> {
  const { webhook: hook } = config;
  return {
    ...config,
    webhook: {
      ...hook,
      secrets: await Promise.all(
        hook.secrets.map(async (value, i) => replace(value, 'webhook', `webhook.secrets[${i}]`)),
      ),
      ...(hook.auth_token === undefined
        ? {}
        : { auth_token: await replace(hook.auth_token, 'webhook', 'webhook.auth_token') }),
    },
    destinations: await Promise.all(
      config.destinations.map(async (d, i) => mapDestinationSecrets(d, `destinations[${i}]`, replace)),
    ),
  };
}

/** One destination with each secret replaced. `path` is the destination's own, such as `destinations[0]`. */
export async function mapDestinationSecrets(
  destination: DestinationConfig,
  path: string,
  replace: (secret: string, purpose: SecretPurpose, path: string) => Promise<string> | string,
): Promise<DestinationConfig> {
  switch (destination.type) {
    case 'harfanglab':
      return { ...destination, token: await replace(destination.token, 'destination', `${path}.token`) };
    case 'falcon':
      return mapFalconSecrets(destination, path, replace);
    case 'slack':
    case 'teams':
      return { ...destination, url: await replace(destination.url, 'destination', `${path}.url`) };
    case 'webhook':
      return mapWebhookSecrets(destination, path, replace);
    default:
      return unreachable(destination);
  }
}

async function mapFalconSecrets(
  destination: FalconConfig,
  path: string,
  replace: (secret: string, purpose: SecretPurpose, path: string) => Promise<string> | string,
): Promise<FalconConfig> {
  const { client_secret: clientSecret, hec } = destination;
  // All are asked for in one turn, so that the callers see them in the order of the config.
  const [secret, token] = await Promise.all([
    clientSecret === undefined ? undefined : replace(clientSecret, 'destination', `${path}.client_secret`),
    hec && replace(hec.token, 'destination', `${path}.hec.token`),
  ]);
  return {
    ...destination,
    ...(secret !== undefined && { client_secret: secret }),
    ...(hec && token !== undefined && { hec: { ...hec, token } }),
  };
}

async function mapWebhookSecrets(
  destination: WebhookDestinationConfig,
  path: string,
  replace: (secret: string, purpose: SecretPurpose, path: string) => Promise<string> | string,
): Promise<WebhookDestinationConfig> {
  const of = async (secret: string, key: string): Promise<string> =>
    replace(secret, 'destination', `${path}.${key}`);
  // As Falcon's: all in one turn.
  const [url, secrets, headers] = await Promise.all([
    of(destination.url, 'url'),
    destination.secrets && Promise.all(destination.secrets.map(async (one, i) => of(one, `secrets[${i}]`))),
    Promise.all(
      Object.entries(destination.headers).map(
        async ([name, value]) => [name, await of(value, `headers.${name}`)] as const,
      ),
    ),
  ]);
  return { ...destination, url, ...(secrets && { secrets }), headers: Object.fromEntries(headers) };
}
