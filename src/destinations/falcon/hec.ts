/**
 * The event channel of Falcon Next-Gen SIEM: newline-separated HEC envelopes, one request at a time.
 * Every envelope carries the event's id, so that a batch that arrives twice can be recognised.
 * Source: developer.crowdstrike.com, falconpy `_ngsiem/_hec.py`, LogScale documentation, read 2026-11.
 */

import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { Channel } from '../destination.ts';
import { outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { hecEvent } from './hec-event.ts';

/** Far below the vendor's 32 MB per payload: a failed batch is sent again whole. */
const BATCH = { eventsMax: 500, lengthMax: 512 * 1024 } as const;

/** The channel of a destination whose HEC token is open. */
export function falconEvents(hec: NonNullable<FalconConfig['hec']>): Channel {
  return {
    kind: 'events',
    batch: BATCH,
    inFlight: 1,
    async deliver(events, io) {
      const answer = await io.send({
        method: 'POST',
        url: hec.url,
        headers: {
          authorization: `Bearer ${hec.token}`,
          'content-type': 'application/json',
          'user-agent': USER_AGENT,
          'x-attempt-id': io.attemptId,
        },
        body: events.map((event) => JSON.stringify(hecEvent(event))).join('\n'),
        timeoutMs: io.timeoutMs,
      });
      return outcomeOf(answer, io.nowMs());
    },
  };
}
