/** Whether a destination's own filter compiles, and can match what the tenant's privacy leaves of an event. Pure. */

import { reductionOf } from '../rules/rule-fields.ts';
import { compileWhere } from '../rules/where.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
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

/** A filter on what the tenant's privacy has reduced would never match: the events would be lost without a word. */
function reducedFieldFaults(
  keys: readonly string[],
  path: string,
  privacy: PrivacyConfig | undefined,
): readonly ConfigFault[] {
  return keys.flatMap((key) => {
    const reduction = privacy && reductionOf(key.split('|')[0] ?? '', privacy);
    if (!reduction) return [];
    const { setting, level } = reduction;
    const message = `can never match as ${setting} is ${level}: filter on another field, or set ${setting} to keep`;
    return [{ path: `${path}.${showKey(key)}`, message }];
  });
}
