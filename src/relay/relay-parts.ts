/** What a tenant's relay is made of, given by the object that it runs in. Types and sizes only. */

import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import type { Env, Settings } from '../settings.ts';
import type { Alarm } from './alarm.ts';
import type { ConfigStore } from './config-store.ts';
import type { RelayIo } from './io.ts';
import type { Timeouts } from './lane-parts.ts';
import { LOG_SIZES } from './log-sizes.ts';
import type { Publisher } from './publisher.ts';
import { SPACE_BYTES_FULL, SPACE_BYTES_HIGH } from './retention.ts';

/** Sizes at which the relay acts; smaller in tests. */
export interface RelaySizes {
  readonly periodMs: number;
  readonly periodBytesMax: number;
  readonly spaceBytesHigh: number;
  readonly spaceBytesFull: number;
}

export const RELAY_SIZES: RelaySizes = {
  ...LOG_SIZES,
  spaceBytesHigh: SPACE_BYTES_HIGH,
  spaceBytesFull: SPACE_BYTES_FULL,
};

export interface RelayParts {
  readonly db: Database;
  readonly alarm: Alarm;
  readonly configs: ConfigStore;
  readonly env: Env;
  readonly settings: Settings;
  readonly sealer: Sealer;
  readonly io: RelayIo;
  readonly sizes: RelaySizes;
  readonly timeouts: () => Timeouts;
  readonly publisher: Publisher;
  /** For KV and the queue: the platform's sixth connection, so that a destination that hangs can't hold them up. */
  readonly outside: Semaphore;
}
