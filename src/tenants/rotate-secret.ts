/** A new secret in the place of an old one: the stored config in clear, with that one changed. Pure but for the walk over secrets. */

import type { ConfigFault } from '../domain/fault.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import { mapSecrets } from '../domain/config-secrets.ts';
import { SECRETS_MAX } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { OpenedConfig } from './stored-secrets.ts';
import { namedPath, UNOPENED } from './stored-secrets.ts';

export const WEBHOOK_SECRETS = 'webhook.secrets';

export interface Rotation {
  /** One of `rotatablePaths`. */
  readonly path: string;
  readonly value: string;
  /** Of the webhook's list: the old ones verify still, the newest of them, or no more. */
  readonly previous: 'keep' | 'drop';
}

/** The secrets that a tenant has, as operators name them; the webhook's list is one. */
export function rotatablePaths({ config, secrets }: OpenedConfig): string[] {
  const named = secrets.map(({ path }) => namedPath(path, config));
  return [WEBHOOK_SECRETS, ...named.filter((path) => !path.startsWith(`${WEBHOOK_SECRETS}[`))];
}

/** The config to be saved, or a fault for each other secret that does not open: a save would lose it. */
export async function withNewSecret(
  { config }: OpenedConfig,
  { path, value, previous }: Rotation,
): Promise<Result<TenantConfig, ConfigFault[]>> {
  const changed =
    path === WEBHOOK_SECRETS
      ? withWebhookSecret(config, value.trim(), previous)
      : await mapSecrets(config, (secret, _purpose, at) => (namedPath(at, config) === path ? value : secret));
  const faults: ConfigFault[] = [];
  await mapSecrets(changed, (secret, _purpose, at) => {
    if (secret === UNOPENED)
      faults.push({
        path: at,
        message: 'the stored secret does not open: PUT the config with the secret itself',
      });
    return secret;
  });
  return faults.length > 0 ? failure(faults) : success(changed);
}

function withWebhookSecret(
  config: TenantConfig,
  value: string,
  previous: Rotation['previous'],
): TenantConfig {
  const old = previous === 'keep' ? config.webhook.secrets.filter((secret) => secret !== value) : [];
  return { ...config, webhook: { ...config.webhook, secrets: [value, ...old].slice(0, SECRETS_MAX) } };
}
