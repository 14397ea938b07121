/** What a HarfangLab destination must fulfil beyond the schema: its address and its token. Pure. */

import { normaliseBaseUrl, normaliseToken } from '../destinations/harfanglab/base-url.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { HarfangLabConfig } from '../domain/tenant-config.ts';
import { type Result, failure } from '../lib/result.ts';
import {
  type CheckedDestination,
  type DestinationContext,
  isAllowed,
  pathIn,
} from './destination-context.ts';
import { tokenFault } from './token-fault.ts';

export function checkHarfangLab(
  destination: HarfangLabConfig,
  context: DestinationContext,
): CheckedDestination {
  const token = normaliseToken(destination.token);
  const url = checkManagerUrl(destination.base_url, context);
  return {
    destination: { ...destination, base_url: url.ok ? url.value : destination.base_url, token },
    faults: [...(url.ok ? [] : [url.error]), ...tokenFault(pathIn(context, 'token'), token)],
  };
}

/** The manager's address in one spelling, if the tenant may send there. */
export function checkManagerUrl(text: string, context: DestinationContext): Result<string, ConfigFault> {
  const path = pathIn(context, 'base_url');
  const url = normaliseBaseUrl(text, { isLocal: context.settings.env === 'local' });
  if (!url.ok) return failure({ path, message: url.error });
  if (isAllowed(url.value, 'harfanglab', context)) return url;
  const message =
    'is not on the allow-list for EU tenants: once you know that it is in the EU, add its host name to RELAY_EGRESS_ALLOW';
  return failure({ path, message });
}
