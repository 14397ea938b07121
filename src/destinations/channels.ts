/** From a destination's config to its channels, and to what each of them is for: the one place that knows every product. */

import { canDo } from '../domain/grants.ts';
import type { DestinationConfig, FalconConfig } from '../domain/tenant-config.ts';
import { INDICATORS_CHANGED_TYPE, TAKES_EVENTS, type Takes } from '../domain/wanted.ts';
import { unreachable } from '../lib/result.ts';
import type { Channel, ChannelContext, ChannelKind } from './destination.ts';
import { falconChannel } from './falcon/channels.ts';
import { requestsPerMinuteOf } from './falcon/place.ts';
import { harfangLabEvents } from './harfanglab/events.ts';

/** A channel of a destination, without its secrets: each is a lane. */
export interface ChannelPlan {
  readonly kind: ChannelKind;
  readonly takes: Takes;
}

/** One channel of a destination whose secrets are open; undefined: it has none of that kind. */
export function channelOf(
  destination: DestinationConfig,
  kind: string,
  context: ChannelContext,
): Channel | undefined {
  const plan = channelPlans(destination).find((planned) => planned.kind === kind);
  if (!plan) return undefined;
  switch (destination.type) {
    case 'harfanglab':
      return harfangLabEvents(destination);
    case 'falcon':
      return falconChannel(destination, plan.kind, context);
    default:
      return unreachable(destination);
  }
}

/** The destination at the rate of its account: what several of a tenant's share goes no faster than the slowest of them. */
export function atSharedRate(
  destination: DestinationConfig,
  all: readonly DestinationConfig[],
): DestinationConfig {
  if (destination.type !== 'falcon') return destination;
  const falcons = all.filter((other) => other.type === 'falcon');
  return { ...destination, requests_per_minute: requestsPerMinuteOf(destination, falcons) };
}

/** What channels a destination has, and what each takes of the log. */
export function channelPlans(destination: DestinationConfig): ChannelPlan[] {
  switch (destination.type) {
    case 'harfanglab':
      return [{ kind: 'events', takes: TAKES_EVENTS }];
    case 'falcon':
      return falconPlans(destination);
    default:
      return unreachable(destination);
  }
}

function falconPlans(destination: FalconConfig): ChannelPlan[] {
  const plans: readonly (ChannelPlan & { readonly isPlanned: boolean })[] = [
    { kind: 'events', takes: { events: 'all', detections: 'all' }, isPlanned: canDo(destination, 'event') },
    { kind: 'cases', takes: casesTake(destination), isPlanned: canDo(destination, 'case') },
    {
      kind: 'indicators',
      takes: { detections: 'indicator', control: INDICATORS_CHANGED_TYPE },
      isPlanned: canDo(destination, 'indicator'),
    },
    { kind: 'containment', takes: { detections: 'contain' }, isPlanned: canDo(destination, 'contain') },
    { kind: 'workflows', takes: { detections: 'workflow' }, isPlanned: canDo(destination, 'workflow') },
  ];
  return plans.filter(({ isPlanned }) => isPlanned).map(({ kind, takes }) => ({ kind, takes }));
}

function casesTake({ cases }: FalconConfig): Takes {
  const events = cases?.events_at_or_above;
  return { detections: 'case', ...(events && { events }) };
}

/** What is said when every channel of a destination passed its test; undefined: nothing beyond that. */
export function connectionSummary(destination: DestinationConfig): string | undefined {
  return destination.type === 'falcon'
    ? `Successfully connected to CrowdStrike Falcon (${destination.region})`
    : undefined;
}
