/**
 * The cases of a Falcon destination: a case for what a rule found, and for events from a level on. What is alike within a day is one case.
 * A verdict on a detection closes its case, where the config says so.
 * Falcon makes a case for every request, so the relay remembers what it asked for, and looks for it before it asks again.
 * Source: vendor OpenAPI of Cases, falcon-mcp modules/cases.py, read 2026-11.
 */

import { MAXIMUM_AGE_MS } from '../../domain/maximum-age.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { FalconConfig } from '../../domain/tenant-config.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../destination.ts';
import { ALERT_READS, TAG_NOTE } from './alerts.ts';
import { falconApi } from './api.ts';
import { type CaseGroup, groupsOf } from './case-group.ts';
import { keepCase } from './case-keep.ts';
import { closeCase, closeJudged, isJudged } from './case-verdict.ts';
import type { CaseTurn } from './case-turn.ts';
import { type CheapRead, cheapRead } from './cheap-read.ts';
import { type FalconScope, scopeName } from './scopes.ts';

const BATCH = { eventsMax: 100, lengthMax: 512 * 1024 } as const;
/** One group's: two cases looked for and read, one of them changed twice, a token on the way. */
const REQUESTS_PER_GROUP = 10;
/** And its host's alerts: host twice, search three times, read twice, attach, tag. */
const REQUESTS_PER_GROUP_WITH_ALERTS = 19;
/** And to close it: read three times, changed twice, a tag. */
const REQUESTS_TO_CLOSE = 6;
/** At the account's rate a hundred groups take minutes: a change of the config, or a pause, must not wait for them. */
const TURN_MS = 20_000;

/** The channel of a destination whose secrets are open. */
export function falconCases(config: FalconConfig, context: ChannelContext): Channel {
  return {
    kind: 'cases',
    batch: BATCH,
    inFlight: 1,
    maximumAgeMs: MAXIMUM_AGE_MS.case,
    async deliver(events, io) {
      const turn = { config, context, io, api: falconApi(config, context.tenant, io) };
      const groups = groupsOf(events);
      const need = hasAlerts(config) ? REQUESTS_PER_GROUP_WITH_ALERTS : REQUESTS_PER_GROUP;
      const endsAtMs = io.nowMs() + TURN_MS;
      for (const [i, group] of groups.entries()) {
        const settled = group.firstIndex;
        const needed = need + (isJudged(turn, group) ? REQUESTS_TO_CLOSE : 0);
        const mayGoOn =
          io.isCurrent() && io.nowMs() < endsAtMs && io.requestsMax - turn.api.requests >= needed;
        if (settled > 0 && !mayGoOn) return { kind: 'delivered', settled };
        const outcome = group.isVerdict
          ? await closeCase(turn, group)
          : await keepAndClose(turn, group, groups.slice(i + 1));
        if (outcome.kind === 'delivered') continue;
        // What came before is done all the same.
        return settled > 0 ? { kind: 'delivered', settled, others: outcome } : outcome;
      }
      return { kind: 'delivered' };
    },
    check: async (io) => checkCases(config, context, io),
  };
}

/** Brings a group into its case, and closes that if the verdict came first. */
async function keepAndClose(turn: CaseTurn, group: CaseGroup, later: readonly CaseGroup[]): Promise<Outcome> {
  const kept = await keepCase(turn, group, later);
  return kept.kind === 'delivered' ? closeJudged(turn, group) : kept;
}

/** One cheap read for each scope that can be tested without changing anything. */
async function checkCases(config: FalconConfig, context: ChannelContext, io: DeliveryIo): Promise<Checked> {
  const api = falconApi(config, context.tenant, io);
  const reads: readonly CheapRead[] = [
    { scope: 'cases:read', path: '/cases/queries/cases/v1?limit=1' },
    ...(hasAlerts(config) ? ALERT_READS : []),
  ];
  const notes = [
    `${scopeName('cases:write')} can't be tested without opening a case.`,
    ...(config.cases?.alerts === 'tag' ? [TAG_NOTE] : []),
  ];
  const missing: FalconScope[] = [];
  for (const read of reads) {
    const outcome = await cheapRead(api, read);
    if (outcome.kind === 'delivered') continue;
    if (outcome.kind !== 'blocked' || outcome.reason !== 'scope_missing') return { outcome, notes };
    missing.push(read.scope);
  }
  return { outcome: missing.length === 0 ? { kind: 'delivered' } : scopesMissing(missing), notes };
}

function scopesMissing(scopes: readonly FalconScope[]): Outcome {
  const names = scopes.map(scopeName).join(', ');
  const detail = `the API client lacks the ${scopes.length === 1 ? 'scope' : 'scopes'} ${names}`;
  return { kind: 'blocked', reason: 'scope_missing', detail };
}

function hasAlerts({ cases }: FalconConfig): boolean {
  return cases !== undefined && cases.alerts !== 'off';
}
