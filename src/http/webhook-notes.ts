/**
 * Tells a tenant's object of authentic webhooks of which nothing is forwarded: it would not learn of them otherwise.
 * After the answer, at most once a minute per tenant and isolate. Whatever goes wrong here is a log line, never the sender's.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { TenantRelayRpc } from '../domain/rpc.ts';
import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';

/** Between two notes of a tenant. A flood of filtered webhooks must not wake its object more often. */
const NOTE_MS_MIN = 60_000;
/** Tenants remembered per isolate, the least recently noted out first: as many as it keeps configs of. */
const TENANTS_MAX = 1_000;
/** The runtime itself stops what runs on for 30 s after the answer. */
const NOTE_TIMEOUT_MS = 10_000;
/** Of a webhook without a type that can be shown. */
export const UNKNOWN_TYPE = 'unknown';
/** What a type looks like: the text is the sender's, and this is shown to whoever may see the tenant's health. */
const TYPE_PATTERN = /^[A-Za-z][A-Za-z0-9_.:/-]{0,127}$/;

/** When each tenant was noted last, in this isolate. */
export class WebhookNotes {
  readonly #notedAtMs = new Map<string, number>();

  /** Whether the tenant is to be noted now; then it counts as noted. */
  take(tenant: string, nowMs: number): boolean {
    const notedAtMs = this.#notedAtMs.get(tenant);
    if (notedAtMs !== undefined && Math.abs(nowMs - notedAtMs) < NOTE_MS_MIN) return false;
    this.#notedAtMs.delete(tenant);
    const oldest = this.#notedAtMs.keys().next();
    if (this.#notedAtMs.size >= TENANTS_MAX && !oldest.done) this.#notedAtMs.delete(oldest.value);
    this.#notedAtMs.set(tenant, nowMs);
    return true;
  }
}

/** The type of a webhook's first event, if it looks like one. */
export function shownType([event]: readonly Pick<CanonicalEvent, 'type'>[]): string {
  return event && TYPE_PATTERN.test(event.type) ? event.type : UNKNOWN_TYPE;
}

/** Notes one webhook. `relayOf` makes the stub; undefined: the tenant is not served here. Never throws. */
export async function noteWebhook(
  relayOf: () => Pick<TenantRelayRpc, 'noteWebhook'> | undefined,
  { tenant, type, atMs }: { readonly tenant: string; readonly type: string; readonly atMs: number },
): Promise<void> {
  try {
    const relay = relayOf();
    if (!relay) return;
    const noted = await withDeadline(relay.noteWebhook({ v: 1, atMs, type }), NOTE_TIMEOUT_MS);
    if (!noted.ok) logEvent('warn', 'webhook.noting_failed', { tenant, cause: noted.error.kind });
  } catch (error) {
    logEvent('warn', 'webhook.noting_failed', { tenant, ...causeFields(error) });
  }
}
