/**
 * The answers that mean that a credential belongs to another Falcon cloud: a header that is not the configured region, or a redirect. Pure.
 * Source: falcon_windows_install.ps1, PSFalcon oauth2.ps1, gofalcon cloud.go, read 2026-11. The region is never followed: an operator decides.
 */

import type { Outcome } from '../../domain/outcome.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import { type FalconRegion, normaliseRegion } from './regions.ts';

/** As `us-1`, `us-gov-1`, or one that is not known yet: a header may hold anything, and what looks otherwise is not quoted. */
const REGION_PATTERN = /^[a-z]{2,12}(?:-[a-z]{2,12})?-\d{1,2}$/;

/** Blocks the lane, with both regions by name; undefined: the answer comes from where it should. */
export function wrongRegion(
  { status, headers }: HttpAnswer,
  region: FalconRegion,
): Extract<Outcome, { kind: 'blocked' }> | undefined {
  const foreign = foreignRegion(headers.get('x-cs-region'), region);
  if (foreign !== undefined) {
    const found = quoted(foreign);
    const detail = `the API client belongs to ${found}, but the destination's region is ${region}: nothing was sent to ${found}`;
    return { kind: 'blocked', reason: 'wrong_region', detail };
  }
  if (status < 300 || status >= 400) return undefined;
  const detail = `the API of ${region} answered HTTP ${status}, a redirect to another host, which is never followed: the API client may belong to another region than ${region}`;
  return { kind: 'blocked', reason: 'wrong_region', detail };
}

/** What the header names beside the configured region. One that was sent twice has both values, with a comma between. */
function foreignRegion(header: string | null, region: FalconRegion): string | undefined {
  const named = (header ?? '').split(',').map((part) => part.trim().toLowerCase());
  return named.find((part) => part !== '' && normaliseRegion(part) !== region);
}

function quoted(named: string): string {
  return normaliseRegion(named) ?? (REGION_PATTERN.test(named) ? named : 'another region');
}
