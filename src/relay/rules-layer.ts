/**
 * What the tenant's object uses of rules/: how a config becomes rules, and rules become detections. Types, and the one that is used.
 */

import type { SigmaDocument } from '../detection/document.ts';
import type { Detection } from '../domain/detection.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { CATALOG } from '../rules/catalog.ts';
import { detectionOf } from '../rules/detection-of.ts';
import { type RuleEngine, compileRules } from '../rules/evaluate.ts';
import { parseCustom } from '../rules/parse-custom.ts';
import { resolveRules } from '../rules/resolve-rules.ts';
import type { Found, Rule } from '../rules/rule.ts';

/** The parts of a config that say which rules there are. */
export type RuleSources = Pick<TenantConfig, 'rules' | 'responses' | 'platforms' | 'privacy'>;
/** The documents of each custom text. */
export type CustomDocuments = readonly (readonly SigmaDocument[])[];

export interface RulesLayer {
  /** Names of all bundled rules, as `rules.catalog` takes them. */
  readonly catalogNames: readonly string[];
  parseCustom(texts: readonly string[]): Result<SigmaDocument[][], ConfigFault[]>;
  resolveRules(sources: RuleSources, custom: CustomDocuments): Result<readonly Rule[], ConfigFault[]>;
  compileRules(rules: readonly Rule[]): RuleEngine;
  detectionOf(found: Found, event: CanonicalEvent, nowMs: number): Detection;
}

export const RULES_LAYER: RulesLayer = {
  catalogNames: CATALOG.map(({ file }) => file),
  parseCustom,
  resolveRules,
  compileRules,
  detectionOf,
};
