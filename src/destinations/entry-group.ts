/**
 * Which entries of the log belong together: those of one rule and group, or of one user, platform and event type.
 * Pure. What tells them apart is a hash: what names a person is in no key in clear.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { sha256Hex } from '../lib/hmac.ts';

/** The same for all entries of a group. */
export function groupHash({ detection, user, platform, type }: CanonicalEvent): string {
  if (detection) return hashOf(['detection', detection.ruleId, detection.groupKey ?? null]);
  return hashOf(['event', user?.id ?? user?.email ?? null, platform?.id ?? null, type]);
}

export function hashOf(parts: readonly (string | null)[]): string {
  return sha256Hex(JSON.stringify(parts));
}
