/**
 * The answers that mean that a credential belongs to another Falcon cloud: a region in the header that is not the configured one, or a redirect. Pure.
 * Source: falcon_windows_install.ps1, PSFalcon oauth2.ps1, gofalcon cloud.go, read 2026-11. The region is never followed: an operator decides.
 */

import type { Outcome } from '../../domain/outcome.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import { type FalconRegion, normaliseRegion } from './regions.ts';

/** As `us-1`, `eu-1`, `us-gov-1`, or one that is not known yet: a header may hold anything. */
const REGION_PATTERN = /^[a-z]{2}(?:-gov)?-\d$/;

/** Blocks the lane, with both regions by name; undefined: the answer comes from where it should. */
export function wrongRegion(
  { status, headers }: HttpAnswer,
  region: FalconRegion,
): Extract<Outcome, { kind: 'blocked' }> | undefined {
  const found = regionNamed(headers.get('x-cs-region'));
  if (found !== undefined && found !== region) {
    const detail = `the API client belongs to ${found}, but the destination's region is ${region}: nothing was sent to ${found}`;
    return { kind: 'blocked', reason: 'wrong_region', detail };
  }
  if (status < 300 || status >= 400) return undefined;
  const detail = `the API of ${region} answered HTTP ${status}, a redirect to another host, which is never followed: the API client may belong to another region than ${region}`;
  return { kind: 'blocked', reason: 'wrong_region', detail };
}

function regionNamed(header: string | null): string | undefined {
  const text = (header ?? '').trim().toLowerCase();
  return normaliseRegion(text) ?? REGION_PATTERN.exec(text)?.[0];
}
