/**
 * Sets events aside in the `OVERFLOW` queue while their tenant's object can't take them: packed, sealed, sent.
 * Never sends an event in clear, and never only some of them with success: what fails or comes late is a failure of all.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { SealedName } from '../domain/pseudonym-map.ts';
import { OVERFLOW_PURPOSE, writeOverflowMessage } from '../domain/overflow.ts';
import { packOverflow } from '../ingest/pack-overflow.ts';
import type { Bytes } from '../lib/bytes.ts';
import { withDeadline } from '../lib/deadline.ts';
import { groupBySize } from '../lib/group-by-size.ts';
import { causeFields } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';

/** Of one `sendBatch`; its 100 messages are never reached, as a request packs into 40 at most. Source: Cloudflare Queues limits, read 2026-11. */
const SEND_BYTES_MAX = 256_000;
/** What the platform adds to each message, about. Source: the same. */
const MESSAGE_BYTES_EXTRA = 100;

export interface OverflowPlace {
  readonly queue: Queue;
  readonly sealer: Sealer;
  readonly tenant: string;
  readonly nowMs: number;
  /** For sealing and sending together: `send` can hang for a minute, cloudflare/workerd#6053. */
  readonly timeoutMs: number;
}

/** Durable when it succeeds; a failure says why, in words for the log. Never throws. */
export async function setAside(
  place: OverflowPlace,
  { events, names }: { readonly events: readonly CanonicalEvent[]; readonly names: readonly SealedName[] },
): Promise<Result<null, string>> {
  const packed = packOverflow(events, names);
  if (!packed.ok) return failure(packed.error.kind);
  try {
    const sent = await withDeadline(send(place, packed.value), place.timeoutMs);
    return sent.ok ? success(null) : failure(sent.error.kind);
  } catch (error) {
    const { cause, message } = causeFields(error);
    return failure(`${cause}: ${message}`);
  }
}

async function send(
  { queue, sealer, tenant, nowMs }: OverflowPlace,
  chunks: readonly string[],
): Promise<void> {
  const messages = await Promise.all(
    chunks.map(async (chunk): Promise<Bytes> => {
      const jwe = await sealer.seal(chunk, { tenant, purpose: OVERFLOW_PURPOSE });
      return writeOverflowMessage(nowMs, jwe);
    }),
  );
  for (const batch of groupBySize(messages, sizeOf, SEND_BYTES_MAX)) {
    await queue.sendBatch(batch.map((body) => ({ body, contentType: 'bytes' })));
  }
}

function sizeOf({ byteLength }: Bytes): number {
  return byteLength + MESSAGE_BYTES_EXTRA;
}
