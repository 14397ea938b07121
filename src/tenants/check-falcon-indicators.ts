/** What Falcon does with a domain indicator, and what people expect of it. Pure; never quotes what was written. */

import type { FalconConfig } from '../domain/tenant-config.ts';
import { nearestWord } from '../lib/nearest.ts';
import { indicatorFaults, normaliseIndicators } from './check-indicators.ts';
import type { CheckedPart } from './check-falcon-parts.ts';
import { type DestinationContext, pathIn } from './destination-context.ts';

/** What Falcon does with a domain on a computer. Source: terraform-provider-crowdstrike custom_ioc_resource.go, read 2026-11. */
const DOMAIN_ACTIONS: readonly string[] = ['detect', 'no_action'];
/** What it does with a file's hash, and what people mean by it. */
const BLOCKING_ACTIONS: readonly string[] = ['block', 'prevent', 'prevent_no_ui', 'deny', 'kill'];
const NO_BLOCK =
  'must be detect or no_action: Falcon blocks no domain by an indicator. A Custom IOA rule (Domain Name), a Firewall rule by FQDN, or mobile_action on phones does: see docs/destinations/falcon.md';

type Indicators = NonNullable<FalconConfig['indicators']>;

/** Every indicator in one spelling. */
export function normaliseFalconIndicators(indicators: Indicators): Indicators {
  return normaliseIndicators(indicators).map((indicator) => {
    if (typeof indicator === 'string') return indicator;
    return { ...indicator, action: indicator.action.trim().toLowerCase() };
  });
}

/** The indicators in one spelling. Whether one is of an approved platform is known once the tenant's platforms are. */
export function checkFalconIndicators(
  { indicators }: FalconConfig,
  context: DestinationContext,
): CheckedPart {
  if (!indicators) return { changes: {}, faults: [] };
  const spelt = normaliseFalconIndicators(indicators);
  const faults = context.platforms
    ? indicatorFaults(spelt, pathIn(context, 'indicators'), context.platforms, faultOfFalconAction)
    : [];
  return { changes: { indicators: spelt }, faults };
}

export function faultOfFalconAction(text: string): string | undefined {
  const action = text.trim().toLowerCase();
  if (DOMAIN_ACTIONS.includes(action)) return undefined;
  if (BLOCKING_ACTIONS.includes(action)) return NO_BLOCK;
  if (action === 'allow')
    return 'must be detect or no_action: Falcon allows files by an indicator, not domains';
  const nearest = nearestWord(action, DOMAIN_ACTIONS);
  return `must be detect or no_action${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
}
