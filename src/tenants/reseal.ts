/** Moves what a stored config has sealed to the primary master key: every value and its age stay, only the seals are new. */

import type { ConfigFault } from '../domain/fault.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';
import { sealClear } from './secrets.ts';
import type { OpenedConfig } from './stored-secrets.ts';
import { namedPath, unopenedMessage } from './stored-secrets.ts';

/** The paths of what is not under the primary key, as operators name them. */
export function pathsToReseal({ config, secrets, pseudonymKey }: OpenedConfig): string[] {
  return [...secrets, pseudonymKey]
    .filter(({ isPrimaryKey }) => !isPrimaryKey)
    .map(({ path }) => namedPath(path, config));
}

/** The config with every seal under the primary key; a fault for each that does not open, as none may be lost without a word. */
export async function reseal(
  opened: OpenedConfig,
  sealer: Sealer,
): Promise<Result<SealedTenantConfig, ConfigFault[]>> {
  const { config, secrets, pseudonymKey } = opened;
  const all = [...secrets, pseudonymKey];
  const faults = all.flatMap(({ path, value }) =>
    value.ok ? [] : [{ path: namedPath(path, config), message: unopenedMessage(value.error) }],
  );
  if (!pseudonymKey.value.ok || faults.length > 0) return failure(faults);
  const setAtSeconds = new Map(
    all.flatMap(({ path, setAtSeconds: setAt }) => (setAt === undefined ? [] : [[path, setAt] as const])),
  );
  return success(await sealClear({ config, pseudonymKey: pseudonymKey.value.value, setAtSeconds }, sealer));
}
