/**
 * The address of a Next-Gen SIEM HEC connector, from what the console shows or people type. Pure.
 * The console's URL may or may not end with `/services/collector`. Source: CrowdStrike's NGS-FLC-BasicLinuxConfig.yaml, read 2026-11.
 */

import { isLoopbackHost } from '../../lib/host-name.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { FalconRegion } from './regions.ts';
import { FALCON_HOSTS, regionOfIngestHost } from './regions.ts';

/** Where structured events are sent. */
const COLLECTOR_PATH = '/services/collector';

/**
 * The collector's URL, or a sentence that says what is wrong with it. Without a region (it could not be read) only the form
 * is checked. With `isLocal`, a loopback address stands in for the console, with http too.
 */
export function normaliseHecUrl(
  text: string,
  { region, isLocal }: { readonly region: FalconRegion | undefined; readonly isLocal: boolean },
): Result<string, string> {
  const trimmed = text.trim();
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`);
  if (!url) return failure('is not a URL: copy it from the connector in the Falcon console');
  const isSimulator = isLocal && isLoopbackHost(url.hostname);
  if (url.protocol !== 'https:' && !(isSimulator && url.protocol === 'http:')) {
    return failure('must begin with https://: the token and the events would travel in clear');
  }
  if (url.username || url.password || url.search || url.hash) {
    return failure('must hold no user, query or fragment: the token belongs in hec.token');
  }
  const path = url.pathname.replace(/\/+$/, '');
  if (path !== '' && path !== COLLECTOR_PATH) {
    return failure(
      `must end with its host name or with ${COLLECTOR_PATH}: the relay sends structured events there`,
    );
  }
  if (!isSimulator && region !== undefined) {
    const fault = hostFault(url, region);
    if (fault) return failure(fault);
  }
  return success(`${url.origin}${COLLECTOR_PATH}`);
}

function hostFault(url: URL, region: FalconRegion): string | undefined {
  const { ingest } = FALCON_HOSTS[region];
  if (ingest === undefined) return `can't be used: CrowdStrike publishes no HEC ingest host for ${region}`;
  const found = regionOfIngestHost(url.hostname);
  if (found === undefined)
    return `must be a host below ${ingest}: copy it from the connector in the Falcon console`;
  if (found !== region)
    return `is in ${found}, but the destination's region is ${region}: the two must agree`;
  if (url.port !== '') return 'must have no port: HEC ingest listens on 443';
  return undefined;
}

/** A HEC token as people paste it, without `Bearer ` and without space around it. */
export function normaliseHecToken(text: string): string {
  return text.trim().replace(/^bearer\s+/i, '');
}
