/**
 * Incidents and alerts by the API that the Noxys guide documents: one for each detection, and one for what is alike within a day of
 * Noxys' own events. The API has no update, so a later detection names the first of its group.
 * What the manager answered is remembered at once: nothing asks again for what it has. An unseen answer is asked for again with the same key.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import { grantsOf } from '../../domain/grants.ts';
import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import { NOT_SENT, type Outcome } from '../../domain/outcome.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import { jsonIn } from '../../lib/json.ts';
import { isRecord } from '../../lib/record.ts';
import { cutText, oneLine } from '../../lib/short-text.ts';
import type { Channel, ChannelContext, DeliveryIo } from '../destination.ts';
import { excerptOf } from '../outcome.ts';
import { type FindingNoun, findingBody, findingId } from './finding-body.ts';
import { isCovered, isWritten, noteWritten, seriesOf } from './finding-memory.ts';
import { type GuideAnswer, type GuideSetting, checkGuide, onlyOne, postToGuide } from './guide.ts';

/** Sent again, it conflicts again. */
const CONFLICT = 409;
/** Of an id that a manager answered. */
const ID_LENGTH_MAX = 128;
const DONE: Outcome = { kind: 'delivered' };

interface Kind {
  readonly kind: 'incidents' | 'alerts';
  readonly noun: FindingNoun;
  readonly setting: GuideSetting;
}

/** One of the two channels of a destination whose token is open. One request at a time: what is remembered is then exact. */
export function findingsChannel(config: HarfangLabConfig, context: ChannelContext, kind: Kind): Channel {
  return {
    kind: kind.kind,
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS[kind.noun],
    deliver: async (events, io) => write(onlyOne(events), io, { config, context, kind }),
    check: async (io) => checkGuide(config, io, { setting: kind.setting, noun: kind.kind }),
  };
}

interface Surroundings {
  readonly config: HarfangLabConfig;
  readonly context: ChannelContext;
  readonly kind: Kind;
}

async function write(
  event: CanonicalEvent,
  io: DeliveryIo,
  { config, context, kind: { noun, setting } }: Surroundings,
): Promise<Outcome> {
  if (isWritten(io, event) || isCovered(io, event)) return DONE;
  const activity = await io.records.lastDay(event);
  if (!io.isCurrent()) return NOT_SENT;
  const body = findingBody(
    { noun, event, activity, granted: grantsOf(config), series: seriesOf(io, event) },
    context,
  );
  // An endpoint of its own may share its memory of keys with the others.
  const key = `${noun}:${findingId(event)}`;
  const written = await postToGuide(config, io, { setting, key, body });
  if (written.outcome.kind !== 'delivered') return refusedOr(written);
  noteWritten(io, event, idIn(written.answer) ?? findingId(event));
  return written.outcome;
}

/** The manager has another one like it: that is nothing that would pass later, nor a reason to stop. */
function refusedOr({ outcome, answer }: GuideAnswer): Outcome {
  return answer?.status === CONFLICT
    ? { kind: 'rejected', status: CONFLICT, excerpt: excerptOf(answer) }
    : outcome;
}

/** What the manager calls it. Undefined: it does not tell. */
function idIn(answer: HttpAnswer | undefined): string | undefined {
  const body = jsonIn(answer?.body ?? '');
  const id = isRecord(body) ? body['id'] : undefined;
  const text = typeof id === 'number' || typeof id === 'string' ? oneLine(String(id)) : '';
  return text === '' ? undefined : cutText(text, ID_LENGTH_MAX);
}
