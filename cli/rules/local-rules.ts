/**
 * Rules as a tenant would have them, made on this machine by the relay's own code: of the bundled ones, of files, or of a tenant's document.
 * Asks no relay.
 */

import type { ConfigFault } from '../../src/domain/fault.ts';
import { PLATFORMS_DEFAULT, platformsSchema } from '../../src/domain/platforms-config.ts';
import {
  RESPONSES_DEFAULT,
  responsesSchema,
  RULES_DEFAULT,
  rulesSchema,
} from '../../src/domain/rules-config.ts';
import { privacySchema, type TenantConfig } from '../../src/domain/tenant-config.ts';
import type { Result } from '../../src/lib/result.ts';
import { isRecord } from '../../src/lib/record.ts';
import { parseCustom } from '../../src/rules/parse-custom.ts';
import { resolveRules } from '../../src/rules/resolve-rules.ts';
import type { Rule } from '../../src/rules/rule.ts';

export type RuleParts = Pick<TenantConfig, 'rules' | 'responses' | 'platforms' | 'privacy'>;

/** Nothing is reduced: what a tenant's privacy takes is judged when its rules are saved. */
export const KEEP_ALL = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' } as const;

/** No rule, and nothing that a tenant says of them. */
export const DEFAULTS: RuleParts = {
  rules: RULES_DEFAULT,
  responses: RESPONSES_DEFAULT,
  platforms: PLATFORMS_DEFAULT,
  privacy: KEEP_ALL,
};

/** Every bundled rule, as it comes. */
export const ALL_BUNDLED: RuleParts = { ...DEFAULTS, rules: { ...RULES_DEFAULT, catalog: 'all' } };

/** Sigma texts, and no bundled rule but those that they refer to. */
export function partsOfTexts(texts: readonly string[]): RuleParts {
  return { ...DEFAULTS, rules: { ...RULES_DEFAULT, custom: [...texts] } };
}

/** Those of a tenant's document, valid or not; what is missing is as the relay would fill it in. */
export function partsOfDocument(document: unknown): RuleParts {
  const root = isRecord(document) ? document : {};
  const { rules, responses, platforms, privacy } = DEFAULTS;
  return {
    rules: rulesSchema.safeParse(root['rules']).data ?? rules,
    responses: responsesSchema.safeParse(root['responses']).data ?? responses,
    platforms: platformsSchema.safeParse(root['platforms']).data ?? platforms,
    privacy: privacySchema.safeParse(root['privacy'] ?? {}).data ?? privacy,
  };
}

/** The rules, or everything that is wrong with them. */
export function localRules(parts: RuleParts): Result<readonly Rule[], ConfigFault[]> {
  const custom = parseCustom(parts.rules.custom);
  return custom.ok ? resolveRules(parts, custom.value) : custom;
}
