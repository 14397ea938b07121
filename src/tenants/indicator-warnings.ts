/** What is accepted of indicators, and of rules on endpoints, but worth a word to the person who saved them. Pure. */

import { formatPath } from '../domain/config-faults.ts';
import { canDo } from '../domain/grants.ts';
import { platformIdOf } from '../domain/indicator-domains.ts';
import { sharedDomain } from '../domain/platforms.ts';
import type { PlatformsConfig } from '../domain/platforms-config.ts';
import type { DestinationConfig } from '../domain/tenant-config.ts';
import type { DetailedIndicator } from './check-indicators.ts';

/** What says whose account it is, and the products' names. */
const ACCOUNTS = {
  falcon: { keys: ['region', 'client_id', 'member_cid'], product: 'Falcon' },
  harfanglab: { keys: ['base_url'], product: 'HarfangLab' },
} as const;
/** What the relay keeps there, by the verb that does it. */
const KEPT = [
  ['indicator', 'indicators'],
  ['rule', 'endpoint_rules'],
] as const;

/** `path` is that of the destination. */
export function indicatorWarnings(
  indicators: readonly (string | DetailedIndicator)[] | undefined = [],
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

/** What is withdrawn by its lane: without the lane, or with the lane at another account, it stays. */
export function leftBehind(
  destinations: readonly DestinationConfig[],
  before: readonly DestinationConfig[],
): string[] {
  return before.flatMap((old) => {
    if (old.type !== 'falcon' && old.type !== 'harfanglab') return [];
    const now = destinations.find(({ name }) => name === old.name);
    const path = `destinations.${old.name}`;
    const { product } = ACCOUNTS[old.type];
    const kept = KEPT.filter(([verb]) => canDo(old, verb));
    const left = kept.filter(([verb]) => now?.type !== old.type || !canDo(now, verb));
    const changed = left.length < kept.length ? changedKeys(old, now) : [];
    return [
      ...left.map(
        ([verb, key]) =>
          `${path} grants ${verb} no more: what the relay made there stays in ${product}. To have it removed, first save ${path} with ${key}: [] and wait for its lane, then take ${verb} from its actions.`,
      ),
      ...(changed.length === 0
        ? []
        : [
            `${path} has another ${changed.join(', ')}: if that is another account, what the relay made in the one of before stays there. To have it removed, first save ${path} as it was with ${kept.map(([, key]) => `${key}: []`).join(' and ')} and wait for its lane.`,
          ]),
    ];
  });
}

/** Of those that say whose account it is. */
function changedKeys(old: DestinationConfig, now: DestinationConfig | undefined): readonly string[] {
  if (old.type === 'falcon' && now?.type === 'falcon')
    return ACCOUNTS.falcon.keys.filter((key) => now[key]?.toLowerCase() !== old[key]?.toLowerCase());
  if (old.type === 'harfanglab' && now?.type === 'harfanglab')
    return ACCOUNTS.harfanglab.keys.filter((key) => now[key].toLowerCase() !== old[key].toLowerCase());
  return [];
}
