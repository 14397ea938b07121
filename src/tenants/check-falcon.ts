/**
 * What a Falcon destination must fulfil beyond the schema: its region, its addresses, its credentials, its parts. Pure.
 * What it may do with them is checked in check-falcon-grants.ts.
 */

import { normaliseHecToken, normaliseHecUrl } from '../destinations/falcon/hec-url.ts';
import { isAgentId } from '../destinations/falcon/hosts.ts';
import { FALCON_REGIONS, type FalconRegion, normaliseRegion } from '../destinations/falcon/regions.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { FalconConfig } from '../domain/tenant-config.ts';
import { isLoopbackHost } from '../lib/host-name.ts';
import { isRecord } from '../lib/record.ts';
import { type Result, failure, success } from '../lib/result.ts';
import { checkContain } from './check-contain.ts';
import { grantFaults } from './check-falcon-grants.ts';
import { checkFalconIndicators } from './check-falcon-indicators.ts';
import { type CheckedPart, checkMemberCid, checkWorkflow } from './check-falcon-parts.ts';
import { hostFault } from './check-egress.ts';
import { type CheckedDestination, type DestinationContext, pathIn } from './destination-context.ts';
import { KEPT_SECRET } from './kept-secret.ts';
import { tokenFault } from './token-fault.ts';

const FALCON_AGENT_ID = { isOne: isAgentId, words: 'an agent id of 32 hex digits' };

export function checkFalcon(destination: FalconConfig, context: DestinationContext): CheckedDestination {
  const region = checkRegion(destination.region, context);
  const parts = [
    checkClient(destination, context),
    checkApiUrl(destination, context),
    checkHec(destination, region.ok ? region.value : undefined, context),
    checkMemberCid(destination, context),
    checkFalconIndicators(destination, context),
    checkContain(destination, context, FALCON_AGENT_ID),
    checkWorkflow(destination, context),
  ];
  const checked: FalconConfig = Object.assign(
    { ...destination, ...(region.ok && { region: region.value }) },
    ...parts.map((part) => part.changes),
  );
  return {
    destination: checked,
    faults: [
      ...(region.ok ? [] : [region.error]),
      ...parts.flatMap(({ faults }) => faults),
      ...grantFaults(checked, context),
    ],
  };
}

/** An API client's id and secret, without the space around them. That there are both is checked with the grants. */
function checkClient(destination: FalconConfig, context: DestinationContext): CheckedPart {
  const { client_id: id, client_secret: secret } = destination;
  const changes = {
    ...(id !== undefined && { client_id: id.trim() }),
    ...(secret !== undefined && { client_secret: secret.trim() }),
  };
  const idPath = pathIn(context, 'client_id');
  const faults = [
    ...(changes.client_id === KEPT_SECRET
      ? [{ path: idPath, message: 'is not secret: write it out' }]
      : tokenFault(idPath, changes.client_id)),
    ...tokenFault(pathIn(context, 'client_secret'), changes.client_secret),
  ];
  return { changes, faults };
}

function checkApiUrl({ base_url: text }: FalconConfig, context: DestinationContext): CheckedPart {
  if (text === undefined) return { changes: {}, faults: [] };
  const url = readApiUrl(text, context);
  return url.ok ? { changes: { base_url: url.value }, faults: [] } : { changes: {}, faults: [url.error] };
}

function readApiUrl(text: string, context: DestinationContext): Result<string, ConfigFault> {
  const path = pathIn(context, 'base_url');
  if (context.settings.env !== 'local') {
    const message =
      'is for a relay on your own machine only: leave it out, as the region says where the Falcon API is';
    return failure({ path, message });
  }
  const url = URL.parse(text.trim());
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  // The URL of an origin alone ends with one slash, and holds no user.
  if (url && isWeb && isLoopbackHost(url.hostname) && url.href === `${url.origin}/`)
    return success(url.origin);
  const message =
    'must be a loopback address without path or user, such as http://127.0.0.1:9003: it stands in for the Falcon API';
  return failure({ path, message });
}

function checkHec(
  { hec }: FalconConfig,
  region: FalconRegion | undefined,
  context: DestinationContext,
): CheckedPart {
  if (!hec) return { changes: {}, faults: [] };
  const token = normaliseHecToken(hec.token);
  const url = checkHecUrl(hec.url, region, context);
  return {
    changes: url.ok ? { hec: { url: url.value, token } } : {},
    faults: [...(url.ok ? [] : [url.error]), ...tokenFault(pathIn(context, 'hec', 'token'), token)],
  };
}

function checkRegion(text: string, context: DestinationContext): Result<FalconRegion, ConfigFault> {
  const path = pathIn(context, 'region');
  const region = normaliseRegion(text);
  if (region === undefined) {
    const message = `must be one of ${FALCON_REGIONS.join(', ')}: the console's host name shows it, such as falcon.eu-1.crowdstrike.com`;
    return failure({ path, message });
  }
  if (context.residency !== 'eu' || region === 'eu-1') return success(region);
  const message = `must be eu-1 as the tenant's residency is eu: ${region} is outside the EU`;
  return failure({ path, message });
}

function checkHecUrl(
  text: string,
  region: FalconRegion | undefined,
  context: DestinationContext,
): Result<string, ConfigFault> {
  const path = pathIn(context, 'hec', 'url');
  const url = normaliseHecUrl(text, { region, isLocal: context.settings.env === 'local' });
  if (!url.ok) return failure({ path, message: url.error });
  const message = region && hostFault(url.value, { type: 'falcon' }, context);
  return message === undefined ? url : failure({ path, message });
}

/** The faults of the addresses alone, of a destination that the schema refuses for something else. */
export function falconAddressFaults(
  raw: Record<PropertyKey, unknown>,
  context: DestinationContext,
): readonly ConfigFault[] {
  const { region, hec, base_url: baseUrl } = raw;
  const known = typeof region === 'string' ? checkRegion(region, context) : undefined;
  const url = isRecord(hec) ? hec['url'] : undefined;
  const checked: readonly (Result<unknown, ConfigFault> | undefined)[] = [
    known,
    typeof baseUrl === 'string' ? readApiUrl(baseUrl, context) : undefined,
    typeof url === 'string' ? checkHecUrl(url, known?.ok ? known.value : undefined, context) : undefined,
  ];
  return checked.flatMap((one) => (one === undefined || one.ok ? [] : [one.error]));
}
