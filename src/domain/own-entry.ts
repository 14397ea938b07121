/** How what the relay itself has to say stands in the log: as an entry that no Noxys webhook can make. Pure. */

import type { DigestFacts } from './digest.ts';
import type { CanonicalEvent } from './event.ts';
import type { NoticeFacts, NoticeKind } from './notice.ts';
import { DIGEST_TYPE } from './digest.ts';
import { NOTICE_TYPE } from './notice.ts';
import type { Level } from './severity.ts';

const NOTICE_LEVELS: Readonly<Record<NoticeKind, Level>> = {
  lane_blocked: 'high',
  lane_recovered: 'informational',
  dead_letters: 'high',
  events_expired: 'high',
  retention_near: 'medium',
  rule_failed: 'medium',
  isolation_waits: 'high',
  inbound_limited: 'medium',
};

/** Where and when an entry is made. */
export interface Origin {
  /** Stable, and names no person. */
  readonly id: string;
  readonly tenant: string;
  readonly nowMs: number;
}

export function ownEntry(type: string, { id, tenant, nowMs }: Origin): CanonicalEvent {
  const at = new Date(nowMs).toISOString();
  return {
    id,
    type,
    occurredAt: at,
    receivedAt: at,
    tenant,
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
  };
}

/** A notice, for the lanes that tell people. */
export function noticeEntry(notice: NoticeFacts, origin: Origin): CanonicalEvent {
  return { ...ownEntry(NOTICE_TYPE, origin), severity: NOTICE_LEVELS[notice.kind], notice };
}

/** A digest, for the lanes that tell people. */
export function digestEntry(digest: DigestFacts, origin: Origin): CanonicalEvent {
  return { ...ownEntry(DIGEST_TYPE, origin), severity: 'informational', digest };
}
