/** An event that an operator brings, read and reduced as the hook does with a webhook's. Nothing of it is kept. */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { SealedTenantConfig } from '../../domain/tenant-config.ts';
import { splitForwarded } from '../../ingest/filter.ts';
import { minimise } from '../../ingest/minimise.ts';
import { parseBody } from '../../ingest/parse.ts';
import { decodeBase64, encodeUtf8 } from '../../lib/bytes.ts';
import type { Result } from '../../lib/result.ts';
import { failure, success } from '../../lib/result.ts';
import type { Sealer } from '../../lib/seal.ts';
import type { RequestFailure } from '../request-failure.ts';
import { UNAVAILABLE } from './existing.ts';
import { bodyInvalid } from './fields.ts';

interface Given {
  readonly config: SealedTenantConfig;
  readonly sealer: Sealer;
  readonly nowMs: number;
}

export async function readGivenEvent(
  element: unknown,
  { config, sealer, nowMs }: Given,
): Promise<Result<CanonicalEvent, RequestFailure>> {
  const context = { tenant: config.id, receivedAtMs: nowMs };
  const parsed = parseBody(encodeUtf8(JSON.stringify(element)), context);
  if (!parsed.ok) {
    const { path, detail } = parsed.error;
    return failure(bodyInvalid(path === '' ? 'event' : `event.${path}`, detail));
  }
  const [event] = splitForwarded(parsed.value.events, config.forward.events).forwarded;
  if (!event) return failure(bodyInvalid('event', NOT_FORWARDED));
  const opened = await sealer.open(config.pseudonym_key, { tenant: config.id, purpose: 'pseudonym' });
  const key = opened.ok ? decodeBase64(opened.value) : undefined;
  // Without the key nothing may be shown to the object that the tenant does not keep.
  return key ? success(minimise(event, config.privacy, key)) : failure(UNAVAILABLE);
}

const NOT_FORWARDED =
  'is of a type that the tenant does not forward (forward.events): its rules never see such an event';
