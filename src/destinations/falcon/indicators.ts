/**
 * The indicators channel of Falcon: domain IOCs that the config names, and those that detections ask for.
 * Falcon blocks no domain by an indicator: it detects its look-up, or records it. See docs/destinations/falcon.md.
 */

import type { Outcome } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../destination.ts';
import { readSummary, summaryNotes } from '../indicator-summary.ts';
import { INDICATOR_BATCH, deliverIndicators } from '../indicator-turn.ts';
import type { IndicatorActions } from '../indicator-wishes.ts';
import { ownTagOf } from '../own-tag.ts';
import { falconApi } from './api.ts';
import { cheapRead } from './cheap-read.ts';
import { syncIndicators } from './indicator-sync.ts';
import type { DomainAction } from './indicator.ts';

const ACTIONS: IndicatorActions<DomainAction> = {
  configured: (action) => (action === 'no_action' ? 'no_action' : 'detect'),
  response: 'detect',
};

/** The channel of a destination whose API client's secret is open. */
export function falconIndicators(config: FalconConfig, context: ChannelContext): Channel {
  const ownTag = ownTagOf(context.tenant, config.name);
  return {
    kind: 'indicators',
    batch: INDICATOR_BATCH,
    inFlight: 1,
    deliver: async (events, io) => {
      const api = falconApi(config, context.tenant, io);
      const { memory } = io;
      return deliverIndicators(
        {
          config,
          context,
          io,
          actions: ACTIONS,
          sync: async (work) => syncIndicators({ ...work, api, memory, ownTag }),
        },
        events,
      );
    },
    check: async (io) => check(config, context, io),
  };
}

async function check(config: FalconConfig, { tenant }: ChannelContext, io: DeliveryIo): Promise<Checked> {
  const api = falconApi(config, tenant, io);
  const path = '/iocs/queries/ioc-types/v1';
  const outcome = await cheapRead(api, { scope: 'ioc:read', path });
  if (outcome.kind !== 'delivered') return { outcome: checkFailure(outcome), notes: [] };
  return {
    outcome,
    notes: [
      'Indicators can be read (IOC Management: Read).',
      'IOC Management: Write was not tested, as that would write: grant it to the API client, too.',
      ...summaryNotes(readSummary(io.memory)),
    ],
  };
}

/** A client that may not read may lack the other scope, too. */
function checkFailure(outcome: Outcome): Outcome {
  if (outcome.kind !== 'blocked' || outcome.reason !== 'scope_missing') return outcome;
  return { ...outcome, detail: `${outcome.detail}; indicators need IOC Management: Read and Write` };
}
