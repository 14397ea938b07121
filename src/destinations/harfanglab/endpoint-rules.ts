/**
 * The rules channel of HarfangLab: the relay's own Sigma rules on endpoint telemetry, kept in a source of their own.
 * No rule on Noxys' events can run there: these see AI platforms that are not approved where no Noxys sensor is.
 */

import { ENDPOINT_RULES, type EndpointRule } from '../../domain/harfanglab-config.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { logEvent } from '../../lib/log.ts';
import type { Channel, ChannelContext, Checked, DeliveryIo } from '../destination.ts';
import { harfangLabApi } from './api.ts';
import { checkSource, sourceNameOf } from './rule-source.ts';
import {
  type RuleSummary,
  keepRuleSummary,
  readRuleSummary,
  remarkText,
  ruleSummaryNotes,
} from './rule-summary.ts';
import { syncRules } from './rule-sync.ts';
import { ruleNameOf, sigmaContent, sigmaIdOf, watchedDomains } from './sigma-content.ts';
import type { WantedRule } from './sigma-rule.ts';

/** Entries of the log that say the same: the config has changed, or a day is over. */
const BATCH = { eventsMax: 100, lengthMax: 512 * 1024 } as const;
/** Of a refusal's reason, in UTF-16 units. */
const EXCERPT_LENGTH_MAX = 300;

interface Rules {
  readonly config: HarfangLabConfig;
  readonly context: ChannelContext;
}

/** The channel of a destination whose token is open. */
export function harfangLabRules(config: HarfangLabConfig, context: ChannelContext): Channel {
  const rules = { config, context };
  return {
    kind: 'rules',
    batch: BATCH,
    inFlight: 1,
    deliver: async (_events, io) => deliver(rules, io),
    check: async (io) => check(rules, io),
  };
}

async function deliver({ config, context }: Rules, io: DeliveryIo): Promise<Outcome> {
  const place = { tenant: context.tenant, destination: config.name };
  const atMs = io.nowMs();
  const synced = await syncRules({
    api: harfangLabApi(config, io),
    isCurrent: io.isCurrent,
    sourceName: sourceNameOf(context.tenant, config.name),
    wanted: wantedRules({ config, context }),
    sigmaIdOf: (rule) => sigmaIdOf(rule, place),
  });
  if (!synced.ok) return synced.error.outcome;
  const { stopped, ...report } = synced.value;
  if (stopped) return stopped;
  const summary = { ...report, atMs };
  keepRuleSummary(io.memory, summary);
  tell({ config, context }, summary);
  if (report.refused.length === 0) return { kind: 'delivered' };
  const excerpt = report.refused.map(remarkText).join('; ').slice(0, EXCERPT_LENGTH_MAX);
  return { kind: 'rejected', status: 400, excerpt };
}

/** Those that the config names, as long as there is a domain to watch for. */
function wantedRules({ config, context }: Rules): ReadonlyMap<EndpointRule, WantedRule> {
  const { tenant, platforms } = context;
  if (watchedDomains(platforms).length === 0) return new Map();
  const rules = config.endpoint_rules ?? ENDPOINT_RULES;
  return new Map(
    rules.map((rule) => {
      const sigmaId = sigmaIdOf(rule, { tenant, destination: config.name });
      const content = sigmaContent(rule, { id: sigmaId, platforms });
      return [rule, { rule, sigmaId, name: ruleNameOf(rule), content }];
    }),
  );
}

function tell({ config, context }: Rules, { foreign, refused, warned, ...counts }: RuleSummary): void {
  const { created, updated, removed, unchanged } = counts;
  const names = { tenant: context.tenant, lane: `${config.name}/rules` };
  logEvent('info', 'endpoint_rules.synced', { ...names, created, updated, removed, unchanged });
  if (foreign.length > 0) logEvent('warn', 'endpoint_rules.foreign', { ...names, count: foreign.length });
  if (refused.length > 0)
    logEvent('warn', 'endpoint_rules.refused', { ...names, rules: refused.map(remarkText) });
  if (warned.length > 0)
    logEvent('warn', 'endpoint_rules.warned', { ...names, rules: warned.map(remarkText) });
}

async function check({ config, context }: Rules, io: DeliveryIo): Promise<Checked> {
  const name = sourceNameOf(context.tenant, config.name);
  const checked = await checkSource(harfangLabApi(config, io), {
    kind: 'SigmaSource',
    name,
    what: 'Sigma rules',
  });
  if (checked.outcome.kind !== 'delivered') return checked;
  return { ...checked, notes: [...checked.notes, ...ruleSummaryNotes(readRuleSummary(io.memory))] };
}
