/**
 * The rules of a tenant as its config has them: made when the object starts and when a config is saved, never per event.
 * A rule that can't be made, as it was saved by another version of the product, is left out and told of; the others run.
 */

import type { ConfigFault } from '../domain/fault.ts';
import type { Actor } from '../domain/principal.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { RuleEngine } from '../rules/evaluate.ts';
import type { Rule } from '../rules/rule.ts';
import { customRules, type CustomRules, writeCustomRules } from './custom-rule-store.ts';
import type { Occurrence } from './notices.ts';
import { ruleChanges, writeRuleChanges } from './rule-changes.ts';
import { resolvable } from './resolvable-rules.ts';
import type { RuleSources, RulesLayer } from './rules-layer.ts';

export interface ActiveRules {
  /** Those that are off, too. */
  readonly rules: readonly Rule[];
  /** Undefined: no rule is on. */
  readonly engine: RuleEngine | undefined;
  /** Why some rules are not among them. */
  readonly faults: readonly ConfigFault[];
}

/** What a config makes of the rules. */
export interface PreparedRules extends ActiveRules {
  readonly custom: CustomRules;
}

const NONE: ActiveRules = { rules: [], engine: undefined, faults: [] };

export interface TenantRulesParts {
  readonly db: Database;
  readonly layer: RulesLayer;
  readonly config: () => TenantConfig;
  readonly notify: (occurrence: Occurrence) => void;
}

export class TenantRules {
  readonly #parts: TenantRulesParts;
  #current = NONE;
  #isTold = true;

  constructor(parts: TenantRulesParts) {
    this.#parts = parts;
  }

  get current(): ActiveRules {
    return this.#current;
  }

  /** Of the windows that count now; 0 without one. */
  get longestWindowMs(): number {
    return this.#current.engine?.longestWindowMs ?? 0;
  }

  /** Never throws for the sake of a rule. Writes only what an older Worker's config lacks. */
  load(): void {
    const { db, layer, config } = this.#parts;
    const prepared = preparedRules(db, layer, config());
    if (config().rules.custom.length > 0) writeCustomRules(db, prepared.custom);
    this.takeOver(prepared);
  }

  prepare(config: TenantConfig): PreparedRules {
    return preparedRules(this.#parts.db, this.#parts.layer, config);
  }

  /** Call inside the transaction of the config, and `takeOver` once that holds. */
  write(prepared: PreparedRules, saved: Saved): void {
    writeRules(this.#parts.db, this.#current.rules, prepared, saved);
  }

  takeOver({ rules, engine, faults }: PreparedRules): void {
    this.#current = { rules, engine, faults };
    this.#isTold = faults.length === 0;
  }

  /** Tells once of rules that could not be made. */
  tellFaults(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { config, notify } = this.#parts;
    const { faults } = this.#current;
    // Messages may quote a rule, and a rule may name somebody.
    const paths = [...new Set(faults.map(({ path }) => path))];
    logEvent('error', 'rules.left_out', { tenant: config().id, count: faults.length, paths });
    notify({ kind: 'rule_failed', detail: paths.join(', ') });
  }
}

/** Which version of the config it is, and who saved it. */
interface Saved {
  readonly version: number;
  readonly actor: Actor | undefined;
  readonly nowMs: number;
}

/** The rules of a tenant's first config. Call inside its transaction. */
export function writeFirstRules(db: Database, layer: RulesLayer, config: TenantConfig, saved: Saved): void {
  writeRules(db, [], preparedRules(db, layer, config), saved);
}

function writeRules(db: Database, before: readonly Rule[], prepared: PreparedRules, saved: Saved): void {
  writeCustomRules(db, prepared.custom);
  writeRuleChanges(db, ruleChanges(before, prepared.rules), saved);
}

function preparedRules(db: Database, layer: RulesLayer, sources: RuleSources): PreparedRules {
  const custom = customRules(db, layer, sources.rules.custom);
  try {
    const { rules, faults } = resolvable(layer, sources, custom.documents);
    const engine = rules.some(({ isEnabled }) => isEnabled) ? layer.compileRules(rules) : undefined;
    return { rules, engine, faults: [...custom.faults, ...faults], custom };
  } catch (error) {
    const { message } = causeFields(error);
    return { ...NONE, faults: [...custom.faults, { path: 'rules', message }], custom };
  }
}
