/** What the deployment has of the bindings: whether each is there, and what those tell that cost nothing to ask. No object is woken. */

import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Env } from '../settings.ts';

/** A best-effort figure is not worth a longer wait. */
const METRICS_TIMEOUT_MS = 3_000;

/** Bindings that a deployment may have: absent is allowed. */
export interface OptionalBindings {
  readonly VERSION?: { readonly id: string };
}

export type Check = 'ok' | 'failed';

/** Whether each binding is there and of its kind. What is missing was left out of the deployment's settings. */
export function checkBindings(env: Env): Readonly<Record<string, Check>> {
  return {
    objects: has(env.TENANT_RELAY, 'getByName'),
    wakeups: has(env.WAKEUPS, 'send'),
    overflow: has(env.OVERFLOW, 'sendBatch'),
    tokens: has(env.TOKENS, 'getByName'),
    rateLimit: has(env.ADMIN_LIMIT, 'limit'),
  };
}

function has<T extends object>(binding: T | undefined, method: keyof T): Check {
  return typeof binding?.[method] === 'function' ? 'ok' : 'failed';
}

/** The id of the Worker's version, as a field; none where the deployment has no such binding. */
export function versionOf({ VERSION }: Env & OptionalBindings): { readonly versionId?: string } {
  return VERSION?.id ? { versionId: VERSION.id } : {};
}

export interface Backlog {
  readonly backlog: number;
  /** When the oldest message was sent, ISO 8601 UTC. */
  readonly oldestAt?: string;
}

/** What waits in a queue; null where the runtime does not tell. Source: Cloudflare Queues, `metrics()`, best effort, read 2026-11. */
export async function backlogOf(queue: Pick<Queue, 'metrics'>, name: string): Promise<Backlog | null> {
  try {
    const metrics = await withDeadline(queue.metrics(), METRICS_TIMEOUT_MS);
    if (!metrics.ok) return null;
    const { backlogCount, oldestMessageTimestamp: oldest } = metrics.value;
    return { backlog: backlogCount, ...(oldest && { oldestAt: new Date(oldest).toISOString() }) };
  } catch (error) {
    logEvent('warn', 'queue.metrics_failed', { queue: name, ...causeFields(error) });
    return null;
  }
}
