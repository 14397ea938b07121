/** What a workflow is started with: its path and key, and parameters that its trigger may name. Pure. */

import type { CanonicalEvent } from '../../domain/event.ts';
import { encodeHex } from '../../lib/bytes.ts';
import { defined } from '../../lib/defined.ts';
import { sha256 } from '../../lib/hmac.ts';
import type { WorkflowReference } from './workflows-words.ts';

/** RFC 9562, version 8: the bits are the application's own. */
const VERSION_BYTE = 6;
const VARIANT_BYTE = 8;
const UUID_BYTES = 16;

/** The path of the call that starts it. */
export function executePath({ name, id }: WorkflowReference, more: Readonly<Record<string, string>>): string {
  const which = id === undefined ? { name: name ?? '' } : { definition_id: id };
  return `/workflows/entities/execute/v1?${new URLSearchParams({ ...which, ...more }).toString()}`;
}

/** Who starts a workflow for what. */
export interface WorkflowStart {
  readonly tenant: string;
  /** Its name. */
  readonly destination: string;
  readonly detectionId: string;
}

/**
 * A UUID made of the SHA-256 of the tenant, the destination and the detection's id: the same in every attempt, so that Falcon starts the
 * workflow once, and another one for each tenant and destination that shares an account.
 */
export function workflowKey({ tenant, destination, detectionId }: WorkflowStart): string {
  const bytes = sha256([tenant, destination, detectionId].join('\n')).slice(0, UUID_BYTES);
  bytes[VERSION_BYTE] = 0x80 | ((bytes[VERSION_BYTE] ?? 0) & 0x0f);
  bytes[VARIANT_BYTE] = 0x80 | ((bytes[VARIANT_BYTE] ?? 0) & 0x3f);
  const hex = encodeHex(bytes);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Flat: texts and numbers, so that every trigger can name them. Lists are texts with commas; what privacy took is absent. */
export function workflowParameters(
  event: CanonicalEvent & Required<Pick<CanonicalEvent, 'detection'>>,
  publicUrl: string | undefined,
): Readonly<Record<string, unknown>> {
  const { id, user, device, classifications, detection } = event;
  return defined({
    detection_id: id,
    rule_id: detection.ruleId,
    rule_name: detection.ruleName,
    title: detection.title,
    severity: detection.level,
    user_id: user?.id,
    user_email: user?.email,
    device_id: device?.id,
    hostname: device?.hostname,
    platforms: detection.platforms.join(', '),
    classifications: classifications.join(', '),
    count: detection.count,
    window_seconds: detection.windowSeconds,
    tags: detection.tags?.join(', '),
    playbook: detection.playbook,
    watched_until: detection.watchedUntil,
    first_seen: detection.firstAt,
    last_seen: detection.lastAt,
    relay_url: publicUrl,
  });
}
