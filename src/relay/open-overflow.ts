/** Opens events that the Worker sealed. Only the tenant's object does: it alone runs where the tenant's data may be. */

import { OVERFLOW_PURPOSE, type OverflowContent, readOverflowContent } from '../domain/overflow.ts';
import type { AcceptSealedAnswer } from '../domain/rpc.ts';
import { decodeUtf8 } from '../lib/bytes.ts';
import { logEvent } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import { failure } from '../lib/result.ts';
import type { Sealer } from '../lib/seal.ts';

/** What it holds, or the answer when there are none to take. */
export async function openOverflow(
  sealer: Sealer,
  tenant: string,
  sealed: Uint8Array,
): Promise<Result<OverflowContent, AcceptSealedAnswer>> {
  const opened = await sealer.open(decodeUtf8(sealed) ?? '', { tenant, purpose: OVERFLOW_PURPOSE });
  const content = opened.ok ? readOverflowContent(opened.value) : opened;
  if (content.ok) return content;
  logEvent('error', 'overflow.unopened', { tenant, reason: content.error.kind });
  // A key or a version that is not known here may be in a moment: a rotation or a deploy is under way.
  const mayPass = content.error.kind === 'unknown_key' || content.error.kind === 'unknown_version';
  return failure(
    mayPass ? { kind: 'unavailable', reason: 'unknown_version' } : { kind: 'refused', reason: 'unreadable' },
  );
}
