/** Whether a destination's own filter compiles, can match what the tenant's privacy leaves of an event, and tells nothing hidden. Pure. */

import { reductionOf } from '../rules/rule-fields.ts';
import { compileWhere } from '../rules/where.ts';
import { stricterPrivacy } from '../ingest/minimise.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { isPersonalKey } from '../domain/personal-fields.ts';
import { isTransfer } from '../domain/transfer.ts';
import type { DestinationConfig, PrivacyConfig } from '../domain/tenant-config.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

export function whereFaults(
  destination: DestinationConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  const { where } = destination;
  if (where === undefined) return [];
  const path = pathIn(context, 'where');
  const compiled = compileWhere(where, path);
  if (!compiled.ok) return compiled.error;
  const reduced = reducedFieldFaults(Object.keys(where), path, context.privacy);
  return reduced.length > 0 ? reduced : tellingFaults(Object.keys(where), destination, context);
}

/** A filter tells by itself whom each message is about: what the destination may not know can't be filtered on. */
function tellingFaults(
  keys: readonly string[],
  destination: DestinationConfig,
  context: DestinationContext,
): readonly ConfigFault[] {
  const { residency, index } = context;
  const { privacy, type } = destination;
  return keys.flatMap((key) => {
    const name = key.split('|')[0] ?? '';
    if (!isPersonalKey(name)) return [];
    const path = `${pathIn(context, 'where')}.${showKey(key)}`;
    if (residency !== undefined && isTransfer(destination, residency)) {
      const message = `would tell by itself whom a message is about, and an EU tenant's ${type} may not be told: filter on another field`;
      return [{ path, message }];
    }
    const own = reductionOf(name, stricterPrivacy(KEEPS_ALL, privacy));
    if (!own) return [];
    const setting = `destinations[${index}].${own.setting}`;
    const message = `would tell by itself what ${setting}: ${own.level} is to hide: filter on another field, or set ${setting} to keep`;
    return [{ path, message }];
  });
}

const KEEPS_ALL: PrivacyConfig = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };

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
