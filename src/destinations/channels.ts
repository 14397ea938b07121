/** From a destination's config to its channels, and to what each of them is for: the one place that knows every product. */

import { canDo } from '../domain/grants.ts';
import type { Level } from '../domain/severity.ts';
import type { DestinationConfig, FalconConfig, MessageDestinationConfig } from '../domain/tenant-config.ts';
import { DETECTION_JUDGED_TYPE } from '../domain/verdict.ts';
import type { Verb } from '../domain/verbs.ts';
import { INDICATORS_CHANGED_TYPE, TAKES_EVENTS, type Takes } from '../domain/wanted.ts';
import { unreachable } from '../lib/result.ts';
import type { Channel, ChannelContext, ChannelKind, Checked, DeliveryIo } from './destination.ts';
import { falconChannel } from './falcon/channels.ts';
import { requestsPerMinuteOf } from './falcon/place.ts';
import { harfangLabChannel } from './harfanglab/channels.ts';
import { checkConnection } from './harfanglab/connection.ts';
import { messagesChannel } from './messages/messages.ts';
import { slackProduct } from './slack/slack.ts';
import { teamsProduct } from './teams/teams.ts';
import { webhookProduct } from './webhook/webhook.ts';

const TAKES_INDICATORS: Takes = { detections: 'indicator', control: INDICATORS_CHANGED_TYPE };
/** A detection below this level becomes an incident, and no alert. */
const ALERTS_FROM: Level = 'high';

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
      return harfangLabChannel(destination, plan.kind, context);
    case 'falcon':
      return falconChannel(destination, plan.kind, context);
    case 'slack':
      return messagesChannel(destination, context, slackProduct(destination));
    case 'teams':
      return messagesChannel(destination, context, teamsProduct(destination));
    case 'webhook':
      return messagesChannel(destination, context, webhookProduct(destination));
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
  return possiblePlans(destination)
    .filter(({ verb }) => canDo(destination, verb))
    .map(({ kind, takes }) => ({ kind, takes }));
}

/** Those of a destination that grants everything. */
function possiblePlans(destination: DestinationConfig): readonly (ChannelPlan & { readonly verb: Verb })[] {
  switch (destination.type) {
    case 'harfanglab':
      return [
        { kind: 'events', takes: TAKES_EVENTS, verb: 'event' },
        {
          kind: 'incidents',
          takes: { detections: 'incident', ...eventsFrom(destination.incidents) },
          verb: 'incident',
        },
        { kind: 'alerts', takes: { detections: 'alert', detectionsAtOrAbove: ALERTS_FROM }, verb: 'alert' },
        { kind: 'indicators', takes: TAKES_INDICATORS, verb: 'indicator' },
        { kind: 'rules', takes: { control: INDICATORS_CHANGED_TYPE }, verb: 'rule' },
        { kind: 'containment', takes: { detections: 'contain' }, verb: 'contain' },
        { kind: 'comments', takes: { detections: 'all' }, verb: 'comment' },
      ];
    case 'falcon':
      return [
        { kind: 'events', takes: { events: 'all', detections: 'all' }, verb: 'event' },
        { kind: 'cases', takes: casesTake(destination), verb: 'case' },
        { kind: 'indicators', takes: TAKES_INDICATORS, verb: 'indicator' },
        { kind: 'containment', takes: { detections: 'contain' }, verb: 'contain' },
        { kind: 'workflows', takes: { detections: 'workflow' }, verb: 'workflow' },
      ];
    case 'slack':
    case 'teams':
    case 'webhook':
      return [{ kind: 'messages', takes: messagesTake(destination), verb: 'notify' }];
    default:
      return unreachable(destination);
  }
}

/** Verdicts, too, where they close cases. */
function casesTake({ cases }: FalconConfig): Takes {
  return {
    detections: 'case',
    ...eventsFrom(cases),
    ...(cases?.close_with_verdict === true && { control: DETECTION_JUDGED_TYPE }),
  };
}

/** Beside detections. */
function eventsFrom(settings: { readonly events_at_or_above?: Level | undefined } | undefined): Takes {
  const events = settings?.events_at_or_above;
  return events === undefined ? {} : { events };
}

function messagesTake({ name, messages }: MessageDestinationConfig): Takes {
  return {
    detections: 'notify',
    detectionsAtOrAbove: messages.at_once_at_or_above,
    ...eventsFrom(messages),
    ...(messages.notices && { noticesBut: `${name}/messages` }),
    ...(messages.digests && { digests: true }),
  };
}

/** What a test of a destination asks before its channels; undefined: they tell all. */
export function connectionCheck(
  destination: DestinationConfig,
): ((io: DeliveryIo) => Promise<Checked>) | undefined {
  return destination.type === 'harfanglab' ? async (io) => checkConnection(destination, io) : undefined;
}

/** What is said when a destination's connection and every channel passed the test; undefined: nothing beyond that. */
export function connectionSummary(destination: DestinationConfig): string | undefined {
  switch (destination.type) {
    case 'harfanglab':
      return `Successfully connected to HarfangLab (${destination.base_url})`;
    case 'falcon':
      return `Successfully connected to CrowdStrike Falcon (${destination.region})`;
    case 'slack':
    case 'teams':
    case 'webhook':
      return undefined;
    default:
      return unreachable(destination);
  }
}
