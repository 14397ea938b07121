/**
 * What a HarfangLab destination must fulfil beyond the schema: its address, its token, its parts. Pure.
 * What it may do there is checked in check-harfanglab-grants.ts.
 */

import type { EgressDestination } from '../destinations/egress.ts';
import { normaliseBaseUrl, normaliseToken } from '../destinations/harfanglab/base-url.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { HarfangLabConfig } from '../domain/tenant-config.ts';
import { type Result, failure, success } from '../lib/result.ts';
import { type AgentIds, checkContain } from './check-contain.ts';
import { declarationFaults, hostFault } from './check-egress.ts';
import { harfangLabGrantFaults } from './check-harfanglab-grants.ts';
import { indicatorFaults, normaliseIndicators } from './check-indicators.ts';
import { type CheckedDestination, type DestinationContext, pathIn } from './destination-context.ts';
import { tokenFault } from './token-fault.ts';

/** A UUID. Source: HarfangLab's alerts and agents as integrations read them, read 2026-11. */
const AGENT_ID_PATTERN = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
const HARFANGLAB_AGENT_ID: AgentIds = {
  isOne: (text) => AGENT_ID_PATTERN.test(text),
  words: 'an agent id such as 0fae71cf-ebde-4533-a50c-b3c0290378db',
};

export function checkHarfangLab(
  destination: HarfangLabConfig,
  context: DestinationContext,
): CheckedDestination {
  const token = normaliseToken(destination.token);
  const url = checkManagerUrl(destination.base_url, destination, context);
  const contain = checkContain(destination, context, HARFANGLAB_AGENT_ID);
  const { indicators } = destination;
  const checked: HarfangLabConfig = {
    ...destination,
    base_url: url.ok ? url.value : destination.base_url,
    token,
    ...contain.changes,
    ...(indicators && { indicators: normaliseIndicators(indicators) }),
  };
  return {
    destination: checked,
    faults: [
      ...(url.ok ? [] : [url.error]),
      ...declarationFaults(url.ok ? url.value : undefined, destination, context),
      ...tokenFault(pathIn(context, 'token'), token),
      ...(checked.indicators && context.platforms
        ? indicatorFaults(checked.indicators, pathIn(context, 'indicators'), context.platforms)
        : []),
      ...contain.faults,
      ...harfangLabGrantFaults(checked, context),
    ],
  };
}

/** The manager's address in one spelling, if the tenant may send there. */
export function checkManagerUrl(
  text: string,
  destination: EgressDestination,
  context: DestinationContext,
): Result<string, ConfigFault> {
  const path = pathIn(context, 'base_url');
  const url = normaliseBaseUrl(text, { isLocal: context.settings.env === 'local' });
  if (!url.ok) return failure({ path, message: url.error });
  const message = hostFault(url.value, destination, context);
  return message === undefined ? success(url.value) : failure({ path, message });
}
