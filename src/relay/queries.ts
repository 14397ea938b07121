/** All that operators ask a tenant's object for of what it has stored, on one budget: who asks must not keep it from its lanes. */

import type { WindowPort } from '../rules/rule.ts';
import { BacktestJobs, type BacktestParts } from './backtest-jobs.ts';
import { DetectionQueries, type DetectionQueryParts } from './detection-queries.ts';
import { EventQueries, type EventQueryParts } from './event-queries.ts';
import { RuleQueries } from './rule-queries.ts';
import type { TenantRules } from './tenant-rules.ts';
import { WindowQueries } from './window-queries.ts';

export type QueryParts = Omit<EventQueryParts & DetectionQueryParts & BacktestParts, 'nowMs' | 'rules'> & {
  readonly rules: TenantRules;
  readonly windows: { batch(): Pick<WindowPort, 'get'> };
};

export interface Queries {
  readonly events: EventQueries;
  readonly rules: RuleQueries;
  readonly detections: DetectionQueries;
  readonly windows: WindowQueries;
  readonly backtests: BacktestJobs;
}

export function queriesOver({ rules: tenantRules, windows, ...shared }: QueryParts): Queries {
  const nowMs = (): number => shared.io.nowMs();
  const parts = { ...shared, nowMs, rules: () => tenantRules.current.rules };
  return {
    events: new EventQueries(parts),
    rules: new RuleQueries({ ...parts, windows: () => windows.batch() }),
    detections: new DetectionQueries(parts),
    windows: new WindowQueries(parts),
    backtests: new BacktestJobs(parts),
  };
}
