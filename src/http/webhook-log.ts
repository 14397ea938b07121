/**
 * The log lines of one webhook: how it ended, what it held, how long it took. Decides nothing about the webhook.
 * Failures are always logged, what is accepted for one in RELAY_LOG_ONE_IN events, so that a flood is no bill.
 * Nothing of a body is ever in them, and of the headers at most their names.
 */

import type { Context } from 'hono';

import { loggedIds, sampledIds } from '../domain/logged-ids.ts';
import { TENANT_ID_PATTERN } from '../domain/tenant-config.ts';
import type { LogFields } from '../lib/log.ts';
import { logEvent } from '../lib/log.ts';
import { settingsOf } from '../settings.ts';
import type { AppEnv } from './deployment.ts';
import type { RequestFailure } from './request-failure.ts';

/** Names of headers that one refusal may log, and the length of each: nobody has proved to be anybody yet. */
const HEADERS_MAX = 40;
const HEADER_LENGTH_MAX = 64;

export interface WebhookCounts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly filtered: number;
  readonly rejected: readonly unknown[];
}

export class WebhookLog {
  readonly #c: Context<AppEnv>;
  readonly #nowMs: () => number;
  readonly #startedAtMs: number;
  #objectMs: number | undefined;
  /** All usable events of the body, once it is read; those that are filtered too. */
  events: readonly { readonly id: string }[] = [];

  constructor(c: Context<AppEnv>, nowMs: () => number) {
    this.#c = c;
    this.#nowMs = nowMs;
    this.#startedAtMs = nowMs();
  }

  /** Measures what the tenant's object takes. */
  async timeObject<T>(work: () => Promise<T>): Promise<T> {
    const startedAtMs = this.#nowMs();
    try {
      return await work();
    } finally {
      this.#objectMs = this.#nowMs() - startedAtMs;
    }
  }

  accepted({ rejected, ...counts }: WebhookCounts): void {
    this.#sample('info', 'webhook.accepted', { ...counts, rejected: rejected.length });
  }

  /** Not authentic; the log alone knows why. */
  refused(facts: LogFields): void {
    const names = [...this.#c.req.raw.headers.keys()].slice(0, HEADERS_MAX);
    const headers = names.map((name) => name.slice(0, HEADER_LENGTH_MAX));
    this.#write('warn', 'webhook.refused', { ...facts, headers });
  }

  deferred(facts: LogFields): void {
    this.#write('error', 'webhook.deferred', { ...facts, ...this.#ids });
  }

  overflowed(facts: LogFields): void {
    this.#write('warn', 'webhook.overflowed', { ...facts, ...this.#ids });
  }

  /** The failures that are not logged where they arise. */
  failed(failure: RequestFailure): void {
    switch (failure.kind) {
      case 'webhook_refused':
      case 'unavailable':
        return;
      case 'rate_limited':
        // As many lines as there are webhooks too many: the notice `inbound_limited` has the sum of them.
        return this.#sample('warn', 'webhook.limited', { count: this.events.length });
      default: {
        const path = failure.kind === 'body_unusable' ? failure.path || undefined : undefined;
        this.#write('warn', 'webhook.rejected', { reason: failure.kind, path });
      }
    }
  }

  #sample(level: 'info' | 'warn', event: 'webhook.accepted' | 'webhook.limited', fields: LogFields): void {
    const eventIds = sampledIds(this.events, settingsOf(this.#c.env).logOneIn);
    if (eventIds) this.#write(level, event, { ...fields, eventIds });
  }

  #write(level: 'info' | 'warn' | 'error', event: `webhook.${string}`, fields: LogFields): void {
    // A path that is no tenant id is not logged: it may hold anything.
    const tenant = this.#c.req.param('tenant') ?? '';
    logEvent(level, event, {
      requestId: this.#c.get('requestId'),
      tenant: TENANT_ID_PATTERN.test(tenant) ? tenant : undefined,
      ...fields,
      durationMs: this.#nowMs() - this.#startedAtMs,
      objectMs: this.#objectMs,
    });
  }

  get #ids(): LogFields {
    return this.events.length > 0 ? { eventIds: loggedIds(this.events) } : {};
  }
}
