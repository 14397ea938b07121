/**
 * A channel that acts on hosts, of a destination that points at a product that is listening: real HTTP, a clock that the test turns,
 * and the memory of a lane. The product is the subclass's.
 */

import { expect } from 'vitest';

import type { ApiAccounts } from '../../src/destinations/api-account.ts';
import { channelOf } from '../../src/destinations/channels.ts';
import type { Channel, ChannelKind, DeliveryIo } from '../../src/destinations/destination.ts';
import { NO_RECORDS } from '../../src/destinations/no-records.ts';
import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { DestinationConfig } from '../../src/domain/tenant-config.ts';
import { guardedHttp } from '../../src/lib/http.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import type { RecordedRequest } from '../simulators/request.ts';
import { NO_ACCOUNTS, PLAIN_CONTEXT, laneForTest, memoryForTest } from './ports.ts';

/** As many as a tenant's lanes have. */
export const CONNECTIONS = 5;

export abstract class IsolationBench {
  nowMs = Date.UTC(2026, 10, 22, 8);
  /** What the audit has, but for who did it. */
  readonly audited: { readonly action: string; readonly [fact: string]: unknown }[] = [];
  /** Whether the config still holds that the lane was opened with. */
  isCurrent: () => boolean = () => true;
  /** Whether an operator redrives what is delivered. */
  isRedriven = false;
  /** What the tenant's `device_map` has for the user at hand. */
  mapped: string | undefined;
  /** Requests to this path are given up soon; the others have time. */
  hurried = '';
  /** Of all requests. */
  readonly connections = new Semaphore(CONNECTIONS);
  readonly memory = memoryForTest(() => this.nowMs);
  readonly accounts: ApiAccounts = NO_ACCOUNTS;
  /** What its detections have unless a test says otherwise. */
  protected abstract readonly detected: Partial<Detection>;

  get io(): DeliveryIo {
    const send = guardedHttp({ fetch, allows: () => true, connections: this.connections });
    return laneForTest({
      send: async (request) => {
        const isHurried = this.hurried !== '' && request.url.includes(this.hurried);
        return send(isHurried ? { ...request, timeoutMs: 50 } : request);
      },
      timeoutMs: 10_000,
      nowMs: () => this.nowMs,
      isCurrent: () => this.isCurrent(),
      audit: (action, detail) => void this.audited.push({ action, ...detail }),
      memory: this.memory,
      accounts: this.accounts,
      isRedriven: this.isRedriven,
      records: { ...NO_RECORDS, mappedHost: () => this.mapped },
    });
  }

  protected open(config: DestinationConfig, kind: ChannelKind): Channel {
    const channel = channelOf(config, kind, { ...PLAIN_CONTEXT, publicUrl: 'https://relay.example.com' });
    if (!channel)
      throw new Error(`Cannot test the channel ${kind} as the destination must have it: it has not`);
    return channel;
  }

  detection(id: string, changes: Partial<Detection> = {}): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    const facts = detectionForTest({ id, firstAt: at, lastAt: at, ...this.detected, ...changes });
    return detectionEvent(facts, { tenant: PLAIN_CONTEXT.tenant, receivedAt: at });
  }

  get outcomes(): unknown[] {
    return this.audited.map(({ outcome }) => outcome);
  }
}

/** `METHOD path?query` of each. */
export function linesOf(requests: readonly RecordedRequest[]): string[] {
  return requests.map(({ method, path, query }) => {
    const text = new URLSearchParams(query).toString();
    return `${method} ${path}${text === '' ? '' : `?${text}`}`;
  });
}

/** How a detection ends whose host is spared. */
export const notIsolated = (why: string | RegExp) => ({
  kind: 'rejected',
  status: null,
  excerpt: typeof why === 'string' ? `not isolated: ${why}` : expect.stringMatching(why),
});

/** How one ends whose host a person may isolate all the same. */
export const waitsForHuman = (why: string | RegExp) => ({ ...notIsolated(why), asksHuman: true });
