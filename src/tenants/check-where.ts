/** Whether a destination's own filter compiles, and can match what the tenant's privacy leaves of an event. Pure. */

import { compileWhere } from '../rules/where.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { type FieldName, resolveField } from '../domain/field-map.ts';
import type { DestinationConfig, PrivacyConfig } from '../domain/tenant-config.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

export function whereFaults(
  { where }: DestinationConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  if (where === undefined) return [];
  const path = pathIn(context, 'where');
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
