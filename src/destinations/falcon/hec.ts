/**
 * The event channel of Falcon Next-Gen SIEM: newline-separated HEC envelopes, one request at a time.
 * Every envelope carries the event's id, so that a batch that arrives twice can be recognised. The body of a success is never read.
 * Source: developer.crowdstrike.com, falconpy `_ngsiem/_hec.py`, LogScale documentation, read 2026-11.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import { encodeUtf8 } from '../../lib/bytes.ts';
import type { Channel } from '../destination.ts';
import { outcomeOf } from '../outcome.ts';
import { USER_AGENT } from '../user-agent.ts';
import { hecEvent } from './hec-event.ts';

/** Far below the vendor's 32 MB per payload: a failed batch is sent again whole. */
const BODY_BYTES_MAX = 1024 * 1024;
const BATCH = { eventsMax: 500, lengthMax: BODY_BYTES_MAX } as const;

/** The channel of a destination whose HEC token is open. */
export function falconEvents(hec: NonNullable<FalconConfig['hec']>): Channel {
  return {
    kind: 'events',
    batch: BATCH,
    inFlight: 1,
    async deliver(events, io) {
      const { body, count } = bodyOf(events);
      const answer = await io.send({
        method: 'POST',
        url: hec.url,
        headers: {
          authorization: `Bearer ${hec.token}`,
          'content-type': 'application/json',
          'user-agent': USER_AGENT,
          'x-attempt-id': io.attemptId,
        },
        body,
        timeoutMs: io.timeoutMs,
      });
      const outcome = outcomeOf(answer, io.nowMs());
      return outcome.kind === 'delivered' ? { kind: 'delivered', settled: count } : outcome;
    },
  };
}

/** As many of the first events as fit, at least one: an envelope may be larger than the event that it was measured by. */
function bodyOf(events: readonly CanonicalEvent[]): { readonly body: string; readonly count: number } {
  const lines: string[] = [];
  let bytes = 0;
  for (const event of events) {
    const line = JSON.stringify(hecEvent(event));
    bytes += encodeUtf8(line).byteLength + 1;
    if (bytes > BODY_BYTES_MAX && lines.length > 0) break;
    lines.push(line);
  }
  return { body: lines.join('\n'), count: lines.length };
}
