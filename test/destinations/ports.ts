/** What a lane lends its channel, for tests of a channel alone: a memory that a test can look into, no account, a config that stays, real HTTP. */

import { NO_RECORDS } from '../../src/destinations/no-records.ts';
import type { ApiAccounts } from '../../src/destinations/api-account.ts';
import type { ChannelContext, ChannelMemory, DeliveryIo } from '../../src/destinations/destination.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { guardedHttp } from '../../src/lib/http.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';

export interface MemoryForTest extends ChannelMemory {
  readonly values: Map<string, { readonly value: string; readonly expiresAtMs: number }>;
}

/** A memory in a map; a value whose time is over is none. */
export function memoryForTest(nowMs: () => number): MemoryForTest {
  const values: MemoryForTest['values'] = new Map();
  const alive = (key: string) => {
    const kept = values.get(key);
    return kept && kept.expiresAtMs > nowMs() ? kept.value : undefined;
  };
  return {
    values,
    get: alive,
    put: (key, value, expiresAtMs) => void values.set(key, { value, expiresAtMs }),
    delete: (key) => void values.delete(key),
    entries: (prefix) =>
      [...values.keys()]
        .filter((key) => key.startsWith(prefix))
        .toSorted()
        .flatMap((key) => {
          const value = alive(key);
          return value === undefined ? [] : [[key, value] as const];
        }),
  };
}

/** A lane whose config stays as it is, whose audit nobody reads, and whose tenant has no records. */
export const STEADY_LANE: Pick<DeliveryIo, 'isCurrent' | 'audit' | 'records'> = {
  isCurrent: () => true,
  audit: () => undefined,
  records: NO_RECORDS,
};

/** An account for channels that call no API. */
export const NO_ACCOUNTS: ApiAccounts = {
  of: () => {
    throw new Error('Cannot open an account as this channel calls no API');
  },
};

/** A tenant that set nothing. */
export const PLAIN_CONTEXT: ChannelContext = {
  tenant: 'acme',
  platforms: PLATFORMS_DEFAULT,
  publicUrl: undefined,
  language: 'en',
  timeZone: 'UTC',
};

/** All that a lane lends, but for what a test lends itself. */
export function laneForTest(
  lent: Partial<DeliveryIo> & Pick<DeliveryIo, 'nowMs' | 'memory' | 'timeoutMs'>,
): DeliveryIo {
  return {
    ...STEADY_LANE,
    send: guardedHttp({ fetch, allows: () => true, connections: new Semaphore(5) }),
    attemptId: 'attempt-1',
    accounts: NO_ACCOUNTS,
    requestsMax: 500,
    ...lent,
  };
}
