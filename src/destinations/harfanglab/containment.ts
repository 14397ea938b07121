/**
 * Isolates the agent of a detection from the network, and lets an isolated one back when an operator asks for it.
 * Never acts on more than one agent, and never on one that it can't tell from others or that the config protects.
 * HarfangLab carries an order out when the agent connects: the agent is looked at again until it is isolated, or until that has taken too
 * long. A request whose answer was never seen is not repeated before the agent has had its time. Nothing waits in the object.
 */

import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext } from '../destination.ts';
import { IsolationLog } from '../isolation/isolation-log.ts';
import { harfangLabApi } from './api.ts';
import { checkContainment } from './containment-check.ts';
import { liftContainment } from './containment-lift.ts';
import { Orders } from './containment-orders.ts';
import { Isolation } from './containment-turn.ts';

/** The channel of a destination whose token is open. */
export function harfangLabContainment(config: HarfangLabConfig, _context: ChannelContext): Channel {
  return {
    kind: 'containment',
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS.contain,
    async deliver([event], io) {
      if (!event) return { kind: 'delivered' };
      return new Isolation(event, { config, io, api: harfangLabApi(config, io) }).outcome();
    },
    check: async (io) => checkContainment(harfangLabApi(config, io), config),
    async liftContainment(reference, io) {
      const kept = { log: new IsolationLog(io), orders: new Orders(io) };
      return liftContainment(harfangLabApi(config, io), reference, kept);
    },
  };
}
