/**
 * The indicators channel of HarfangLab: IOC rules of the domains that the config names, and of those that detections ask for.
 * An indicator alerts, in testing; it blocks only where the config says so of it and the destination grants `block`.
 */

import { canDo } from '../../domain/grants.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../destination.ts';
import { readSummary, summaryNotes } from '../indicator-summary.ts';
import { INDICATOR_BATCH, deliverIndicators } from '../indicator-turn.ts';
import type { IndicatorActions } from '../indicator-wishes.ts';
import { ownTagOf } from '../own-tag.ts';
import { harfangLabApi } from './api.ts';
import { IndicatorProgress } from './indicator-progress.ts';
import { syncIndicators } from './indicator-sync.ts';
import type { DomainAction } from './indicator.ts';
import { checkSource, sourceNameOf } from './rule-source.ts';

/** The channel of a destination whose token is open. */
export function harfangLabIndicators(config: HarfangLabConfig, context: ChannelContext): Channel {
  const mayBlock = canDo(config, 'block');
  const actions: IndicatorActions<DomainAction> = {
    configured: (action) => (action === 'block' && mayBlock ? 'block' : 'alert'),
    response: 'alert',
  };
  const ownTag = ownTagOf(context.tenant, config.name);
  const sourceName = sourceNameOf(context.tenant, config.name);
  return {
    kind: 'indicators',
    batch: INDICATOR_BATCH,
    inFlight: 1,
    deliver: async (events, io) => {
      const api = harfangLabApi(config, io);
      const progress = new IndicatorProgress(io.memory, events[0]?.id ?? '');
      return deliverIndicators(
        {
          config,
          context,
          io,
          actions,
          sync: async (work) => syncIndicators({ ...work, api, io, progress, sourceName, ownTag }),
        },
        events,
      );
    },
    check: async (io) => check(config, sourceName, io),
  };
}

async function check(config: HarfangLabConfig, name: string, io: DeliveryIo): Promise<Checked> {
  const checked = await checkSource(harfangLabApi(config, io), {
    kind: 'IOCSource',
    name,
    what: 'Indicators',
  });
  if (checked.outcome.kind !== 'delivered') return checked;
  return { ...checked, notes: [...checked.notes, ...summaryNotes(readSummary(io.memory))] };
}
