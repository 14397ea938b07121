/**
 * The bodies in which Falcon answers errors, and faults ready to be injected. Pure.
 * `errors` and `resources` are null or absent in the live API in spite of the specification (rusty-falcon#98).
 */

import type { Fault } from './faults.ts';
import type { SimulatorAnswer } from './request.ts';

export type PoweredBy = 'crowdstrike-api-gateway' | 'crowdstrike-third-party-gateway' | 'csam';

/** Trace ids are UUIDs; a fixed one keeps answers the same from run to run. */
const TRACE_ID = '00000000-0000-4000-8000-000000000000';

/** `{meta, errors, resources: null}`, the error body of all Falcon APIs. */
export function falconError(
  status: number,
  message: string,
  poweredBy: PoweredBy = 'crowdstrike-api-gateway',
): SimulatorAnswer {
  return {
    status,
    headers: { 'X-CS-TRACEID': TRACE_ID },
    body: { meta: falconMeta(poweredBy), errors: [{ code: status, message }], resources: null },
  };
}

export function falconMeta(poweredBy: PoweredBy): Readonly<Record<string, unknown>> {
  return { query_time: 1.1e-7, powered_by: poweredBy, trace_id: TRACE_ID };
}

/** The HEC gateway's 502, after which duplicates are possible. Source: vectordotdev/vector#23665. */
export const HEC_BAD_GATEWAY: Fault = {
  status: 502,
  body: {
    meta: falconMeta('crowdstrike-third-party-gateway'),
    resources: [],
    errors: [{ code: 502, message: 'bad gateway' }],
  },
};

/** The caller's address is not in the tenant's API allow-list. Source: gofalcon cloud.go; elastic/integrations#9051. */
export const IP_NOT_ALLOWED: Fault = {
  status: 403,
  body: falconError(403, 'access denied, authorization failed').body,
};

/** Epoch milliseconds (the specification) or seconds (what gofalcon, PSFalcon and Netskope parse). */
export type RetryAfterUnit = 'milliseconds' | 'seconds';

/** 429 with `X-RateLimit-RetryAfter`, an absolute time; without the standard `Retry-After`. The body is msa.ReplyMetaOnly. */
export function rateLimited(limit: number, retryAtMs: number, unit: RetryAfterUnit): SimulatorAnswer {
  const retryAfter = unit === 'milliseconds' ? retryAtMs : Math.ceil(retryAtMs / 1000);
  return {
    status: 429,
    headers: {
      'X-RateLimit-Limit': `${limit}`,
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-RetryAfter': `${retryAfter}`,
      'X-CS-TRACEID': TRACE_ID,
    },
    body: {
      meta: falconMeta('crowdstrike-api-gateway'),
      errors: [{ code: 429, message: 'API rate limit exceeded.' }],
    },
  };
}
