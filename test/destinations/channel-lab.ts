/**
 * A native channel that keeps rules in a product, over real HTTP: a lane with a memory and a clock that the test holds, and the entries
 * that make the channel act. The product is the subclass's. It asserts nothing.
 */

import type { ApiAccounts } from '../../src/destinations/api-account.ts';
import type { ChannelContext, DeliveryIo } from '../../src/destinations/destination.ts';
import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { PLATFORMS_DEFAULT, type PlatformsConfig } from '../../src/domain/platforms-config.ts';
import { INDICATORS_CHANGED_TYPE } from '../../src/domain/wanted.ts';
import { NO_ACCOUNTS, PLAIN_CONTEXT, laneForTest, memoryForTest } from './ports.ts';

const TENANT = 'acme';
export const DAY_MS = 24 * 3_600_000;
/** Noon, so that the end of the day is not near. */
const START_MS = Date.UTC(2026, 10, 22, 12);

export class ChannelLab {
  nowMs = START_MS;
  timeoutMs = 5_000;
  requestsMax = 100;
  /** Asked before each change; the test may let the config change after some. */
  isCurrent: () => boolean = () => true;
  platforms: PlatformsConfig = PLATFORMS_DEFAULT;
  readonly memory = memoryForTest(() => this.nowMs);
  readonly accounts: ApiAccounts = NO_ACCOUNTS;
  #changes = 0;

  io(): DeliveryIo {
    return laneForTest({
      isCurrent: () => this.isCurrent(),
      timeoutMs: this.timeoutMs,
      nowMs: () => this.nowMs,
      memory: this.memory,
      accounts: this.accounts,
      requestsMax: this.requestsMax,
    });
  }

  context(tenant = TENANT): ChannelContext {
    return { ...PLAIN_CONTEXT, tenant, platforms: this.platforms };
  }

  /** The entry that a saved config leaves in the log. */
  changed(): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    return {
      id: `config-${++this.#changes}`,
      type: INDICATORS_CHANGED_TYPE,
      occurredAt: at,
      receivedAt: at,
      tenant: TENANT,
      classifications: [],
      classificationCount: 0,
      faults: [],
      source: 'noxys',
    };
  }

  /** A detection of now whose rule asks for an indicator. */
  detection(changes: Partial<Detection> = {}): CanonicalEvent {
    const at = new Date(this.nowMs).toISOString();
    const detection: Detection = {
      id: 'detection-1',
      user: { id: 'alice', email: 'alice@acme.fr' },
      classifications: ['IBAN'],
      ruleId: 'noxys_repeated',
      ruleName: 'Repeated violations',
      title: 'Repeated violations on Perplexity',
      level: 'high',
      groupKey: 'alice',
      platforms: ['perplexity'],
      count: 11,
      windowSeconds: 3600,
      firstAt: at,
      lastAt: at,
      eventIds: [],
      respond: ['indicator'],
      dryRun: false,
      ...changes,
    };
    return detectionEvent(detection, { tenant: TENANT, receivedAt: at });
  }
}
