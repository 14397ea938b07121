/** A tenant's rules, events for them, and windows in memory: for tests to vary. */

import type { WindowState } from '../../src/detection/correlation.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { ConfigFault } from '../../src/domain/fault.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { RESPONSES_DEFAULT, RULES_DEFAULT, type RulesConfig } from '../../src/domain/rules-config.ts';
import type { TenantConfig } from '../../src/domain/tenant-config.ts';
import { type RuleEngine, compileRules } from '../../src/rules/evaluate.ts';
import { parseCustom } from '../../src/rules/parse-custom.ts';
import { resolveRules } from '../../src/rules/resolve-rules.ts';
import type { Found, Rule, WindowPort } from '../../src/rules/rule.ts';

export const START_MS = Date.parse('2026-11-22T08:00:00.000Z');
export const MINUTE_MS = 60_000;

type Parts = Partial<Pick<TenantConfig, 'responses' | 'platforms' | 'privacy'>>;
const PRIVACY: TenantConfig['privacy'] = {
  user_id: 'keep',
  user_email: 'keep',
  device: 'keep',
  url: 'keep',
};

function resolved(config: Partial<RulesConfig>, parts: Parts) {
  const custom = parseCustom(config.custom ?? []);
  if (!custom.ok) return custom;
  return resolveRules(
    {
      rules: { ...RULES_DEFAULT, ...config },
      responses: RESPONSES_DEFAULT,
      platforms: PLATFORMS_DEFAULT,
      privacy: PRIVACY,
      ...parts,
    },
    custom.value,
  );
}

/** Of a config that is right. */
export function rulesOf(config: Partial<RulesConfig>, parts: Parts = {}): readonly Rule[] {
  const rules = resolved(config, parts);
  if (!rules.ok) throw new Error(JSON.stringify(rules.error, null, 2));
  return rules.value;
}

/** Empty: it is right. */
export function faultsOf(config: Partial<RulesConfig>, parts: Parts = {}): readonly ConfigFault[] {
  const rules = resolved(config, parts);
  return rules.ok ? [] : rules.error;
}

export function ruleNamed(rules: readonly Rule[], name: string): Rule {
  const rule = rules.find((one) => one.name === name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  return rule;
}

/** Windows in memory that go through JSON, as in a table. */
export class MemoryWindows implements WindowPort {
  readonly rows = new Map<string, string>();

  get(rule: string, key: string): WindowState | undefined {
    const text = this.rows.get(`${rule} ${key}`);
    return text === undefined ? undefined : (JSON.parse(text) as WindowState);
  }

  put(rule: string, key: string, state: WindowState): void {
    this.rows.set(`${rule} ${key}`, JSON.stringify(state));
  }
}

let nextId = 0;

/** A blocked interaction so many minutes after the start, changed as a test needs it. */
export function eventAt(minutes: number, changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
  const at = new Date(START_MS + minutes * MINUTE_MS).toISOString();
  nextId += 1;
  return {
    id: `evt-${nextId}`,
    type: 'interaction.policy_violated',
    occurredAt: at,
    receivedAt: at,
    tenant: 'acme',
    user: { id: 'user-42' },
    platform: { id: 'chatgpt', name: 'ChatGPT' },
    policy: { decision: 'block' },
    severity: 'high',
    classifications: [],
    classificationCount: 0,
    faults: [],
    source: 'noxys',
    ...changes,
  };
}

/** A tenant's rules at work: events come in, what was found goes out. */
export class Lab {
  readonly engine: RuleEngine;
  readonly windows = new MemoryWindows();

  constructor(rules: readonly Rule[]) {
    this.engine = compileRules(rules);
  }

  /** What an event makes fire; it arrives when it happens unless `nowMs` says otherwise. */
  take(event: CanonicalEvent, nowMs = Date.parse(event.occurredAt)): readonly Found[] {
    const { found, failures } = this.engine.evaluate(event, this.windows, nowMs);
    if (failures.length > 0) throw failures[0]?.cause;
    return found;
  }

  /** Names of the rules that an event makes fire. */
  names(event: CanonicalEvent, nowMs?: number): readonly string[] {
    return this.take(event, nowMs).map(({ rule }) => rule.name);
  }
}

/** A custom rule on events of a type. */
export function plainRule(
  name: string,
  lines: { readonly type?: string; readonly relay?: string } = {},
): string {
  return `title: Rule ${name}
name: ${name}
logsource: {product: noxys, service: ai_firewall}
detection:
  selection:
    event.type: ${lines.type ?? 'interaction.policy_violated'}
  condition: selection
level: medium
${lines.relay === undefined ? '' : `relay: ${lines.relay}\n`}`;
}

/** A custom correlation. `body` is what stands under `correlation`, in flow style. */
export function correlationRule(name: string, body: string, more = ''): string {
  return `title: Correlation ${name}
name: ${name}
correlation: ${body}
level: high
${more}`;
}
