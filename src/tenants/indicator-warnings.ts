/** What is accepted of the indicators of Falcon destinations but worth a word to the person who saved them. Pure. */

import { formatPath } from '../domain/config-faults.ts';
import { canDo } from '../domain/grants.ts';
import { platformIdOf } from '../domain/indicator-domains.ts';
import { sharedDomain } from '../domain/platforms.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import type { DestinationConfig, FalconConfig } from '../domain/tenant-config.ts';

/** What says whose account it is. */
const ACCOUNT_KEYS = ['region', 'client_id', 'member_cid'] as const satisfies readonly (keyof FalconConfig)[];

/** `path` is that of the destination. */
export function indicatorWarnings(
  { indicators = [] }: FalconConfig,
  path: string,
  { platforms, nowMs }: { readonly platforms: PlatformsConfig; readonly nowMs: number },
): string[] {
  return indicators.flatMap((indicator, index) => {
    const own = `${path}.${formatPath(['indicators', index])}`;
    const { value, expires } = typeof indicator === 'string' ? { value: indicator } : indicator;
    const id = platformIdOf(value);
    const shared = sharedDomain(id, platforms.domains);
    return [
      ...(expires !== undefined && Date.parse(expires) <= nowMs
        ? [`${own}.expires is over: no indicator is made of it, and one that is there is removed.`]
        : []),
      ...(shared
        ? [
            `${own} is about ${shared.domain}, which is also ${shared.other}: to leave that alone, give platforms.domains.${id} another domain.`,
          ]
        : []),
    ];
  });
}

/** What is withdrawn by the lane of the indicators: without the lane, or with the lane at another account, it stays. */
export function indicatorsLeft(
  destinations: readonly DestinationConfig[],
  before: readonly DestinationConfig[],
): string[] {
  return before.flatMap((old) => {
    if (old.type !== 'falcon' || !canDo(old, 'indicator')) return [];
    const now = destinations.find(({ name }) => name === old.name);
    const path = `destinations.${old.name}`;
    if (now?.type !== 'falcon' || !canDo(now, 'indicator'))
      return [
        `${path} grants indicator no more: what the relay made there stays in Falcon. To have it removed, first save ${path} with indicators: [] and wait for its lane, then take indicator from its actions.`,
      ];
    const changed = ACCOUNT_KEYS.filter((key) => now[key]?.toLowerCase() !== old[key]?.toLowerCase());
    if (changed.length === 0) return [];
    return [
      `${path} has another ${changed.join(', ')}: if that is another account, what the relay made in the one of before stays there. To have it removed, first save ${path} as it was with indicators: [] and wait for its lane.`,
    ];
  });
}
