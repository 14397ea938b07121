/**
 * What HarfangLab's rules of every kind share: the fields that say what a rule does, and how `global_state` and the flags follow
 * from each other. Pure. Source: DROID `AGENT_FLAGS_BY_STATE` and its documentation; HL-SWAGGER `_CreateSigmaRule`.
 */

import { isBoolean, isOneOf, type Check } from './harfanglab-fields.ts';

export type GlobalState = 'disabled' | 'alert' | 'backend_alert' | 'block' | 'quarantine';

export interface RuleState {
  readonly enabled: boolean;
  readonly global_state: GlobalState;
  readonly block_on_agent: boolean;
  readonly quarantine_on_agent: boolean;
}

const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'];

export const STATE_CHECKS: Readonly<Record<string, Check>> = {
  enabled: isBoolean,
  global_state: isOneOf('disabled', 'backend_alert', 'alert', 'block', 'quarantine'),
  block_on_agent: isBoolean,
  quarantine_on_agent: isBoolean,
  hl_status: isOneOf('stable', 'testing', 'experimental'),
  rule_level_override: isOneOf(...LEVELS, null),
  rule_confidence_override: isOneOf('weak', 'moderate', 'strong', null),
};

/** The state that a rule settles on: a flag raises it, `enabled: false` ends it, and the flags follow from it. */
export function settledState(body: Readonly<Record<string, unknown>>, current?: RuleState): RuleState {
  const asked = body['global_state'];
  // Naming a state replaces the earlier one, flags and all.
  const before = asked === undefined ? current : undefined;
  const isEnabled = body['enabled'] ?? before?.enabled ?? true;
  if (isEnabled !== true || asked === 'disabled') {
    return { enabled: false, global_state: 'disabled', block_on_agent: false, quarantine_on_agent: false };
  }
  const isQuarantine =
    asked === 'quarantine' || (body['quarantine_on_agent'] ?? before?.quarantine_on_agent) === true;
  const isBlock =
    isQuarantine || asked === 'block' || (body['block_on_agent'] ?? before?.block_on_agent) === true;
  // `backend_alert` is stored as `alert`. Source: DROID `get_rule_parameters`, of Sigma rules.
  const state = isQuarantine ? 'quarantine' : isBlock ? 'block' : 'alert';
  return { enabled: true, global_state: state, block_on_agent: isBlock, quarantine_on_agent: isQuarantine };
}
