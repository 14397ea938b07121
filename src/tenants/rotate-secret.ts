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
const LIST_PATTERN = /^(?:webhook|destinations\.[^.]+)\.secrets$/;
const MOVES_HEADERS =
  'is where the stored headers are sent, which go to no other address: PUT the config with the new url and the headers written out';

export interface Rotation {
  /** One of `rotatablePaths`. */
  readonly path: string;
  readonly value: string;
  /** Of a list: the old ones hold still, the newest of them, or no more. */
  readonly previous: 'keep' | 'drop';
}

/** Whether a path is that of a list of secrets, newest first. */
export function isSecretList(path: string): boolean {
  return LIST_PATTERN.test(path);
}

/** The secrets that a tenant has, as operators name them; a list is one. */
export function rotatablePaths({ config, secrets }: OpenedConfig): string[] {
  const named = secrets.map(({ path }) => namedPath(path, config).replace(/\.secrets\[\d+\]$/, '.secrets'));
  return [...new Set([WEBHOOK_SECRETS, ...named])];
}

/** The config to be saved, or a fault for each other secret that does not open, and where a save would lose or move one. */
export async function withNewSecret(
  { config }: Pick<OpenedConfig, 'config'>,
  rotation: Rotation,
): Promise<Result<TenantConfig, ConfigFault[]>> {
  const { path, value } = rotation;
  const moved = movesHeaders(config, path);
  if (moved) return failure([moved]);
  const changed = isSecretList(path)
    ? withNewest(config, { ...rotation, value: value.trim() })
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

/** A new address for headers that nobody has shown to know. */
function movesHeaders({ destinations }: TenantConfig, path: string): ConfigFault | undefined {
  const index = destinations.findIndex(({ name }) => path === `destinations.${name}.url`);
  const found = destinations[index];
  if (found?.type !== 'webhook' || Object.keys(found.headers).length === 0) return undefined;
  return { path: `destinations[${index}].url`, message: MOVES_HEADERS };
}

/** In a list: the new one comes first. */
function withNewest(config: TenantConfig, { path, value, previous }: Rotation): TenantConfig {
  const listed = (secrets: readonly string[]) =>
    [value, ...(previous === 'keep' ? secrets.filter((secret) => secret !== value) : [])].slice(
      0,
      SECRETS_MAX,
    );
  if (path === WEBHOOK_SECRETS)
    return { ...config, webhook: { ...config.webhook, secrets: listed(config.webhook.secrets) } };
  return {
    ...config,
    destinations: config.destinations.map((destination) => {
      const isIt = destination.type === 'webhook' && path === `destinations.${destination.name}.secrets`;
      return isIt ? { ...destination, secrets: listed(destination.secrets ?? []) } : destination;
    }),
  };
}
