/**
 * Comments on a manager's threats: a detection is told at the newest open threat of the same agent, so that an analyst sees the AI
 * activity beside the endpoint's. A comment names no user and no device. Once for each detection, as long as the answer is seen:
 * no read of comments is known, so after an unseen answer, and then only, there may be two.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import { NOT_SENT, type Outcome } from '../../domain/outcome.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../destination.ts';
import { hashOf } from '../entry-group.ts';
import { entryUrl } from '../entry-url.ts';
import { agentOfDevice } from './agent-of-detection.ts';
import { AGENTS_PATH } from './agents.ts';
import { harfangLabApi } from './api.ts';
import { commentText } from './finding-text.ts';
import { onlyOne } from './guide.ts';
import { THREATS_PATH, commentOn, openThreatOf } from './threats.ts';

const DAY_MS = 24 * 3_600_000;
/** A threat that was seen this long before the detection, or after it, has to do with it. */
const AROUND_MS = DAY_MS;
/** A detection may come again until it is too old; a day more, for a clock that is ahead. */
const REMEMBERED_MS = MAXIMUM_AGE_MS.incident + DAY_MS;
const DONE: Outcome = { kind: 'delivered' };

/** The channel of a destination whose token is open. */
export function harfangLabComments(config: HarfangLabConfig, context: ChannelContext): Channel {
  return {
    kind: 'comments',
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS.incident,
    deliver: async (events, io) => comment(onlyOne(events), io, { config, context }),
    check: async (io) => checkComments(config, io),
  };
}

async function comment(
  event: CanonicalEvent,
  io: DeliveryIo,
  { config, context }: { readonly config: HarfangLabConfig; readonly context: ChannelContext },
): Promise<Outcome> {
  const key = `comment:${hashOf([event.type, event.id])}`;
  if (io.memory.get(key) !== undefined) return DONE;
  const api = harfangLabApi(config, io);
  const found = await agentOfDevice(event, { api, records: io.records });
  // Where no one agent is meant, there is no threat to comment on.
  if (!found.ok) return found.error.kind === 'failed' ? found.error.failure.outcome : DONE;
  if (!found.value) return DONE;
  const threat = await openThreatOf(api, found.value.agent.id, Date.parse(event.occurredAt) - AROUND_MS);
  if (!threat.ok) return threat.error.outcome;
  if (threat.value === undefined) return DONE;
  if (!io.isCurrent()) return NOT_SENT;
  const text = commentText(event, context.language, entryUrl(context, event));
  const commented = await commentOn(api, threat.value, text);
  if (!commented.ok) return commented.error.outcome;
  io.memory.put(key, '', io.nowMs() + REMEMBERED_MS);
  return DONE;
}

/** One read of each kind that a comment needs. */
async function checkComments(config: HarfangLabConfig, io: DeliveryIo): Promise<Checked> {
  const notes = ["The right to comment on threats can't be tested without writing a comment."];
  const api = harfangLabApi(config, io);
  const reads = [
    { path: THREATS_PATH, permission: 'threatsView' },
    { path: AGENTS_PATH, permission: 'endpointsView' },
  ] as const;
  for (const { path, permission } of reads) {
    const answer = await api.request({ method: 'GET', path: `${path}?limit=1`, permission });
    if (!answer.ok) return { outcome: answer.error.outcome, notes };
  }
  return { outcome: DONE, notes };
}
