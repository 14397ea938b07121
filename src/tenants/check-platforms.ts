/**
 * What the approved platforms must fulfil beyond the schema: what looks like a domain is one, as it would protect nothing otherwise.
 * Pure. Quotes no more of what was written than the name of a domain.
 */

import { domainMeant, normaliseDomain } from '../domain/domain-name.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { formatPath } from '../domain/config-faults.ts';
import { KNOWN_PLATFORMS } from '../domain/platforms.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import { nearestWord } from '../lib/nearest.ts';

/** What no id of a platform has whose domains nobody named. */
const NO_ID_PATTERN = /[\s./:*@]/;

export function approvedFaults({ approved, domains }: PlatformsConfig): ConfigFault[] {
  return approved.flatMap((entry, index): ConfigFault[] => {
    const isNamed = Object.hasOwn(domains, entry);
    if (isNamed || !NO_ID_PATTERN.test(entry) || normaliseDomain(entry) !== undefined) return [];
    const right = domainMeant(entry) ?? nearestWord(entry, [...KNOWN_PLATFORMS, ...Object.keys(domains)]);
    const cure =
      right === undefined
        ? 'if it is the id of a platform, name its domains in platforms.domains'
        : `write ${right}`;
    const message = `must be a platform's id, or a domain without scheme, port, path or wildcard: ${cure}`;
    return [{ path: formatPath(['platforms', 'approved', index]), message }];
  });
}
