/** What the value of an indicator stands for: a platform's domains, or a domain itself. Pure. */

import { normaliseDomain } from './domain-name.ts';
import { platformDomains } from './platforms.ts';

/** The domains of a platform's id, or the one domain that the value is, each in one spelling. Empty: neither is known. */
export function indicatorDomains(
  value: string,
  domains: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  const ofPlatform = platformDomains(platformIdOf(value), domains);
  const all = ofPlatform.length === 0 && value.includes('.') ? [value] : ofPlatform;
  return [...new Set(all.flatMap((text) => normaliseDomain(text) ?? []))];
}

/** A platform's id as the table spells it. */
export function platformIdOf(value: string): string {
  return value.trim().toLowerCase();
}
