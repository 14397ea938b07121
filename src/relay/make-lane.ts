/** Makes one lane of a running relay: what it sends through, what it may use of what all lanes share, whom it tells. */

import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { ApiAccounts } from '../destinations/api-account.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Semaphore } from '../lib/semaphore.ts';
import type { Env, Settings } from '../settings.ts';
import { channelMemory } from './channel-memory.ts';
import type { RelayIo } from './io.ts';
import type { LaneParts, Timeouts } from './lane-parts.ts';
import type { LaneSet } from './lane-set.ts';
import type { LaneState } from './lane-state.ts';
import type { LaneStore } from './lane-store.ts';
import { Lane } from './lane.ts';
import { leaveWakeup } from './leave-wakeup.ts';
import type { EventLog } from './log.ts';
import type { Occurrence } from './notices.ts';
import { openLane } from './open-lane.ts';
import type { UserDays } from './user-days.ts';

export interface LaneSurroundings {
  readonly io: RelayIo;
  readonly env: Env;
  readonly settings: Settings;
  readonly sealer: Sealer;
  readonly timeouts: () => Timeouts;
  readonly db: Database;
  readonly accounts: ApiAccounts;
  readonly log: EventLog;
  readonly laneStore: LaneStore;
  readonly lanes: LaneSet;
  readonly userDays: UserDays;
  readonly probeSlots: Semaphore;
  readonly connections: Semaphore;
  /** For KV and the queue. */
  readonly outside: Semaphore;
  readonly config: () => SealedTenantConfig;
  /** Whether upkeep needs the lane to wait. */
  readonly isHeld: () => boolean;
  /** Whether the tenant is gone: what is under way leaves nothing behind. */
  readonly isRemoved: () => boolean;
  readonly audit: LaneParts['audit'];
  readonly notify: (occurrence: Occurrence) => void;
  readonly askForSlice: () => void;
}

export function makeLane(name: string, state: LaneState, around: LaneSurroundings): Lane {
  const { io, env, settings, sealer, lanes, config, outside } = around;
  return new Lane(
    {
      name,
      log: around.log,
      store: around.laneStore,
      io,
      tenant: () => config().id,
      isEnabled: () => lanes.isEnabled(name) && !around.isHeld(),
      filter: () => lanes.filter(name) ?? {},
      memory: channelMemory(around.db, name, () => io.nowMs(), around.isRemoved),
      accounts: around.accounts,
      userDays: around.userDays,
      timeouts: around.timeouts,
      logOneIn: settings.logOneIn,
      share: () => lanes.share(io.nowMs()),
      probeSlots: around.probeSlots,
      requestsPerSlice: () =>
        Math.max(1, Math.floor(settings.requestsPerSlice / Math.max(1, lanes.all.length))),
      leaveWakeup: (lane, waitMs) => {
        const { id: tenant, residency } = config();
        void leaveWakeup(outside, env.WAKEUPS, { v: 1, tenant, residency, lane }, waitMs);
      },
      audit: around.audit,
      notify: around.notify,
      askForSlice: around.askForSlice,
      open: async () => {
        const destination = lanes.destinationOf(name);
        if (!destination)
          throw new Error(`Cannot open lane ${name} as its destination must be configured: it is not`);
        return openLane({
          settings,
          sealer,
          config: config(),
          destination,
          filter: lanes.filter(name) ?? {},
          kind: name.slice(destination.name.length + 1),
          fetch: io.fetch,
          connections: around.connections,
        });
      },
    },
    state,
  );
}
