/**
 * What one destination must fulfil beyond the schema: its address, its region, its residency, its filter, its grants. Pure.
 * Accepts the spellings that people paste and returns one spelling.
 */

import type { ConfigFault } from '../domain/fault.ts';
import type { DestinationConfig } from '../domain/tenant-config.ts';
import { isRecord } from '../lib/record.ts';
import { unreachable } from '../lib/result.ts';
import { checkFalcon, falconAddressFaults } from './check-falcon.ts';
import { checkHarfangLab, checkManagerUrl } from './check-harfanglab.ts';
import { checkMessageUrl } from './check-message-url.ts';
import { checkChat, checkWebhookDestination } from './check-messages.ts';
import { whereFaults } from './check-where.ts';
import type { CheckedDestination, DestinationContext } from './destination-context.ts';

/** One destination, normalised, with all its faults. */
export function checkDestination(
  destination: DestinationConfig,
  context: DestinationContext,
): CheckedDestination {
  const checked = checkProduct(destination, context);
  return { ...checked, faults: [...checked.faults, ...whereFaults(destination, context)] };
}

function checkProduct(destination: DestinationConfig, context: DestinationContext): CheckedDestination {
  switch (destination.type) {
    case 'harfanglab':
      return checkHarfangLab(destination, context);
    case 'falcon':
      return checkFalcon(destination, context);
    case 'slack':
    case 'teams':
      return checkChat(destination, context);
    case 'webhook':
      return checkWebhookDestination(destination, context);
    default:
      return unreachable(destination);
  }
}

/** What is wrong with the addresses of a destination that the schema refuses for something else: found in the same round. */
export function addressFaults(raw: unknown, context: DestinationContext): readonly ConfigFault[] {
  if (!isRecord(raw)) return [];
  const { type, base_url: baseUrl, url: written } = raw;
  if (type === 'falcon') return falconAddressFaults(raw, context);
  if ((type === 'slack' || type === 'teams' || type === 'webhook') && typeof written === 'string') {
    // An empty one is the schema's to refuse.
    const url = written === '' ? undefined : checkMessageUrl(written, { type }, context);
    return url === undefined || url.ok ? [] : [url.error];
  }
  if (type !== 'harfanglab' || typeof baseUrl !== 'string') return [];
  const url = checkManagerUrl(baseUrl, { type }, context);
  return url.ok ? [] : [url.error];
}
