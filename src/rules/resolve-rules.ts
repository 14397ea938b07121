/**
 * A tenant's rules as they are evaluated, from its config: bundled and own ones, with filters, lists and overrides in place.
 * Pure. Finds all faults at once; with one of them there are no rules.
 */

import type { SigmaDocument, SigmaRule, SigmaCorrelation } from '../detection/document.ts';
import { checkRule, mapFields, withFilters } from '../detection/sigma.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import type { ResponsesConfig, RuleOverride, RulesConfig } from '../domain/rules-config.ts';
import type { TenantPlatforms } from '../domain/platforms-config.ts';
import type { Level } from '../domain/severity.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import { DEFAULT_RESPONSES, RESPONSES, type Response } from '../domain/verbs.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { overrideCorrelation, overrideRule } from './override-rule.ts';
import { privacyFaults } from './privacy-faults.ts';
import { type RelayAttribute, readRelay } from './relay-attribute.ts';
import { type Entry, faultOf, findEntry, idOf, isBundled, nameOf, nearestHint } from './rule-entry.ts';
import { canonicalField } from './rule-fields.ts';
import { rulesByName, rulesInOrder } from './rule-order.ts';
import { fits, gatherRules, isNamedBy } from './rule-set.ts';
import type { Rule } from './rule.ts';

/** Of all rules of a tenant: a few times what one of them may have. Source: design choice; some 20 ms of an event at worst. */
const WORK_MAX = 100_000;
/** Of a rule that has none. */
const LEVEL_DEFAULT: Level = 'medium';

type RuleParts = Pick<TenantConfig, 'rules' | 'responses' | 'platforms' | 'privacy'>;

/** A rule's document, with filters in it and fields by their canonical names. */
type RuleEntry = Entry<SigmaRule | SigmaCorrelation>;

/** `custom` is what `parseCustom` made of `rules.custom`. */
export function resolveRules(
  { rules: config, responses, platforms, privacy }: RuleParts,
  custom: readonly (readonly SigmaDocument[])[],
): Result<readonly Rule[], ConfigFault[]> {
  const { entries, faults } = gatherRules(config.catalog, custom, config.custom);
  const overrides = readOverrides(config.overrides, entries);
  const early = [...faults, ...overrides.faults];
  // What follows would only repeat what is wrong with the documents themselves.
  if (early.length > 0) return failure(early);
  const late: ConfigFault[] = [];
  const workOf = new Map<string, number>();
  const made = withoutFilters(entries).map((entry) => {
    const override = overrides.of.get(idOf(entry.document)) ?? NO_OVERRIDE;
    const { relay } = readRelay(entry.document);
    const document = changed(entry.document, relay, override, platforms, late);
    const checked = checkedWork(document);
    if (typeof checked === 'string')
      late.push(
        faultOf(
          override.path === undefined ? entry : { path: override.path },
          `"${document.title}": ${checked}`,
        ),
      );
    else workOf.set(idOf(document), checked);
    const filters = entries.filter(
      (filter) => filter.document.kind === 'filter' && fits(filter.document, entry.document),
    );
    return {
      ...ruleOf({ ...entry, document }, relay, override.value, responses),
      ...(filters.length > 0 && { filters: filters.map((filter) => nameOf(filter.document)) }),
    };
  });
  const rules = withAlerts(made);
  const used = rulesInOrder(rules, rulesByName(rules));
  late.push(
    ...used.flatMap((rule) => rulePrivacyFaults(rule, privacy, entries)),
    ...filterPrivacyFaults(used, privacy, entries),
    ...silencedFaults(used, overrides.of),
    ...workFaults(used.reduce((sum, { id }) => sum + (workOf.get(id) ?? 0), 0)),
  );
  return late.length > 0 ? failure(late) : success(rules);
}

interface Override {
  /** Absent: the config changes nothing of the rule. */
  readonly path?: string;
  readonly value: RuleOverride;
}
const NO_OVERRIDE: Override = { value: {} };

/** By the id of the rule. An override of what is not on is a fault, as it is most often a misspelt name. */
function readOverrides(
  overrides: RulesConfig['overrides'],
  entries: readonly Entry[],
): { readonly of: ReadonlyMap<string, Override>; readonly faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = [];
  const of = new Map<string, Override>();
  for (const [key, value] of Object.entries(overrides)) {
    const entry = findEntry(entries, key);
    const isKnown = entry !== undefined || isBundled(key);
    const path = `rules.overrides.${isKnown ? key : showKey(key)}`;
    const id = entry && idOf(entry.document);
    if (entry && id !== undefined && entry.document.kind !== 'filter') {
      if (of.has(id)) faults.push({ path, message: `is about the same rule as ${of.get(id)?.path ?? ''}` });
      of.set(id, { path, value });
    } else if (isKnown && entry === undefined) {
      if (value.enabled !== false)
        faults.push({ path, message: 'is about a bundled rule that is off: name it in rules.catalog, too' });
    } else faults.push({ path, message: `is no rule of the tenant${nearestHint(key, entries)}` });
  }
  return { of, faults };
}

function withoutFilters(entries: readonly Entry[]): readonly RuleEntry[] {
  const places = entries.filter(({ document }) => document.kind !== 'filter');
  return withFilters(entries.map(({ document }) => document)).flatMap((filtered, index) => {
    const document = mapFields(filtered, canonicalField);
    const place = places[index];
    return place && document.kind !== 'filter' ? [{ ...place, document }] : [];
  });
}

function changed(
  document: SigmaRule | SigmaCorrelation,
  relay: RelayAttribute,
  { path = '', value }: Override,
  platforms: TenantPlatforms,
  faults: ConfigFault[],
): SigmaRule | SigmaCorrelation {
  const fault = (part: string, message: string): void => {
    faults.push({ path: `${path}.${part}`, message });
  };
  return document.kind === 'rule'
    ? overrideRule(document, relay.lists ?? {}, value, platforms, fault)
    : overrideCorrelation(document, value, fault);
}

function ruleOf(
  { document, source }: RuleEntry,
  relay: RelayAttribute,
  override: RuleOverride,
  responses: ResponsesConfig,
): Rule {
  const level = document.level ?? LEVEL_DEFAULT;
  const { playbook, watchMs, suppressMs, afterAlert = 'suppress', isDryRun = false } = relay;
  return {
    id: idOf(document),
    name: nameOf(document),
    title: document.title,
    level,
    source,
    document,
    isEnabled: override.enabled ?? true,
    alerts: true,
    isDryRun: override.dry_run ?? isDryRun,
    respond: override.respond ?? responsesOf(relay.respond, responses.by_level[level]),
    ...(playbook && { playbook }),
    ...(watchMs !== undefined && { watchMs }),
    ...(suppressMs !== undefined && { suppressMs }),
    afterAlert,
  };
}

/** What a rule and its level ask for; the usual where neither says anything. */
function responsesOf(
  own: readonly Response[] | undefined,
  ofLevel: readonly Response[] | undefined,
): readonly Response[] {
  const asked =
    own === undefined && ofLevel === undefined ? DEFAULT_RESPONSES : [...(own ?? []), ...(ofLevel ?? [])];
  return RESPONSES.filter((response) => asked.includes(response));
}

/** What a correlation refers to alerts alone only where one says so (`generate`). */
function withAlerts(rules: readonly Rule[]): readonly Rule[] {
  const referring = rules.flatMap(({ document }) => (document.kind === 'correlation' ? [document] : []));
  return rules.map((rule) => {
    const counting = referring.filter(({ rules: names }) =>
      [rule.id, rule.name].some((name) => names.includes(name)),
    );
    return { ...rule, alerts: counting.length === 0 || counting.some(({ generate }) => generate) };
  });
}

/** What an override made of a document may compile no longer: what is wrong then; else how much an evaluation of it looks at. */
function checkedWork(document: SigmaRule | SigmaCorrelation): string | number {
  if (document.kind === 'correlation') return 0;
  const { faults, work } = checkRule(document);
  return faults[0] ?? work;
}

const NOBODY_TO_WATCH =
  'has watch, and privacy.user_id and privacy.user_email are drop, so that there is nobody to watch: set one of them to pseudonymise or keep, or take watch away';

/** Of the rule itself, without the selections that filters brought. */
function rulePrivacyFaults(
  { title, document, watchMs }: Rule,
  privacy: TenantConfig['privacy'],
  entries: readonly Entry[],
): readonly ConfigFault[] {
  const entry = entries.find((one) => idOf(one.document) === idOf(document));
  if (entry === undefined) return [];
  const own = entry.document.kind === 'rule' ? Object.keys(entry.document.selections) : [];
  const itself =
    document.kind === 'rule'
      ? {
          ...document,
          selections: Object.fromEntries(
            Object.entries(document.selections).filter(([name]) => own.includes(name)),
          ),
        }
      : document;
  const isBlind = watchMs !== undefined && privacy.user_id === 'drop' && privacy.user_email === 'drop';
  return [
    ...privacyFaults(itself, privacy).map((wrong) =>
      faultOf(entry, `"${title}" ${wrong}, or switch the rule off`),
    ),
    ...(isBlind ? [faultOf(entry, `"${title}" ${NOBODY_TO_WATCH}`)] : []),
  ];
}

/** Of the filters of rules that are evaluated. */
function filterPrivacyFaults(
  used: readonly Rule[],
  privacy: TenantConfig['privacy'],
  entries: readonly Entry[],
): readonly ConfigFault[] {
  const ids = new Set(used.map(({ id }) => id));
  const usedEntries = entries.filter(({ document }) => ids.has(idOf(document)));
  return entries.flatMap((filter) => {
    const { document } = filter;
    if (document.kind !== 'filter' || !usedEntries.some((entry) => isNamedBy(document, entry))) return [];
    return privacyFaults(document, privacy).map((wrong) =>
      faultOf(filter, `the filter "${document.title}" ${wrong}, or leave the filter out`),
    );
  });
}

/** All rules are evaluated on each event, and each regular expression keeps memory of its own. */
function workFaults(work: number): readonly ConfigFault[] {
  if (work <= WORK_MAX) return [];
  const message = `has rules that look at ${work} values, wildcards and steps of regular expressions in all: at most ${WORK_MAX}`;
  return [{ path: 'rules', message }];
}

/** A rule that is switched off while another one counts it: that one would never fire, without a word. */
function silencedFaults(
  used: readonly Rule[],
  overrides: ReadonlyMap<string, Override>,
): readonly ConfigFault[] {
  return used.flatMap(({ id, isEnabled }) => {
    if (isEnabled) return [];
    const message = 'is needed by a correlation that is on: switch that one off, too';
    return [{ path: `${overrides.get(id)?.path ?? ''}.enabled`, message }];
  });
}
