/**
 * A Sigma text as a tenant would have it: what its correlations count and its filters are for comes along, of the tenant's own rules or
 * else bundled ones, with the tenant's overrides and filters. Pure.
 */

import type { SigmaDocument } from '../detection/document.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { RulesConfig } from '../domain/rules-config.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Result } from '../lib/result.ts';
import { parseCustom } from './parse-custom.ts';
import { resolveRules } from './resolve-rules.ts';
import { bundledHandles, findEntry, handlesOf } from './rule-entry.ts';
import { referencesOf } from './rule-order.ts';
import type { Rule } from './rule.ts';

type RuleParts = Pick<TenantConfig, 'rules' | 'responses' | 'platforms' | 'privacy'>;

/** The rules of the text and what comes along; or the faults, of which the text's own are below `rules.custom[0]`. */
export function rulesOfText(text: string, tenant: RuleParts): Result<readonly Rule[], ConfigFault[]> {
  const parsed = parseCustom([text]);
  if (!parsed.ok) return parsed;
  const own = parseCustom(tenant.rules.custom);
  const { rules, custom } = withNamedRules(
    { text, documents: parsed.value.flat() },
    { rules: tenant.rules, tenant: own.ok ? own.value.flat() : [] },
  );
  return resolveRules({ ...tenant, rules }, custom);
}

interface TextRules {
  readonly rules: RulesConfig;
  /** The documents of the text first. */
  readonly custom: readonly (readonly SigmaDocument[])[];
}

/** `tenant`: the documents of the tenant's own texts. What the text has itself takes the place of the tenant's. */
function withNamedRules(
  { text, documents }: { readonly text: string; readonly documents: readonly SigmaDocument[] },
  { rules, tenant }: { readonly rules: RulesConfig; readonly tenant: readonly SigmaDocument[] },
): TextRules {
  const taken = new Set(documents.flatMap(handlesOf));
  const known = tenant.filter((document) => !handlesOf(document).some((handle) => taken.has(handle)));
  const brought = new Set<SigmaDocument>();
  const catalog = new Set<string>();
  const queue = [...documents];
  for (const document of queue) {
    for (const name of referencesOf(document).filter((one) => !taken.has(one))) {
      const own = known.find((one) => one.kind !== 'filter' && handlesOf(one).includes(name));
      if (own === undefined) for (const handle of bundledHandles(name)) catalog.add(handle);
      if (own === undefined || brought.has(own)) continue;
      brought.add(own);
      queue.push(own);
    }
  }
  const named = new Set([...catalog, ...[...brought].flatMap(handlesOf)]);
  const filters = known.flatMap((document) => filterOn(document, named));
  return {
    rules: {
      catalog: [...catalog],
      overrides: overridesOf(rules.overrides, [...brought], named),
      custom: [text],
    },
    custom: [documents, [...brought, ...filters]],
  };
}

/** A filter of the tenant, for those of its rules that are there. */
function filterOn(document: SigmaDocument, named: ReadonlySet<string>): readonly SigmaDocument[] {
  if (document.kind !== 'filter') return [];
  const rules = document.rules.filter((name) => named.has(name));
  return rules.length === 0 ? [] : [{ ...document, rules }];
}

/** Of what came along. What is off in the tenant is on here: somebody asks for it. */
function overridesOf(
  overrides: RulesConfig['overrides'],
  brought: readonly SigmaDocument[],
  named: ReadonlySet<string>,
): RulesConfig['overrides'] {
  const entries = brought.map((document) => ({ document, source: 'custom', path: '' }) as const);
  const kept = Object.entries(overrides).flatMap(([key, override]) =>
    findEntry(entries, key) !== undefined || bundledHandles(key).some((handle) => named.has(handle))
      ? [[key, { ...override, enabled: true }] as const]
      : [],
  );
  return Object.fromEntries(kept);
}
