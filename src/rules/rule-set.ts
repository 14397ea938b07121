/**
 * Gathers the documents of a tenant's rules: bundled ones that are on, the tenant's own, and what these refer to.
 * Pure. What is unknown, there twice, or refers to itself is a fault.
 */

import type { SigmaDocument } from '../detection/document.ts';
import { withFilters } from '../detection/sigma.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { RULES_MAX, type RulesConfig } from '../domain/rules-config.ts';
import { placeOfDocument } from './fault-place.ts';
import {
  BUNDLED,
  type Entry,
  faultOf,
  findEntry,
  handlesOf,
  isBundled,
  namesOf,
  nearestHint,
  nearestRule,
} from './rule-entry.ts';
import { referencesOf } from './rule-order.ts';

/** Source: design choice; each takes two of the brackets that a condition may be deep. */
const FILTERS_OF_RULE_MAX = 10;

/** All documents of a tenant, bundled ones first, and every fault. `texts`: what the custom ones were parsed from. */
export function gatherRules(
  catalog: RulesConfig['catalog'],
  custom: readonly (readonly SigmaDocument[])[],
  texts: readonly string[] = [],
): { readonly entries: readonly Entry[]; readonly faults: readonly ConfigFault[] } {
  const own = custom.flatMap((documents, index) =>
    documents.map((document, at): Entry => ({
      document,
      source: 'custom',
      path: `rules.custom[${index}]`,
      place: () => placeOfDocument(texts[index], at),
    })),
  );
  const chosen = catalog === 'all' ? BUNDLED : catalog.flatMap((name) => findEntry(BUNDLED, name) ?? []);
  const entries = [...withReferred([...chosen, ...own]), ...own];
  // Each is held against each of the others below.
  if (entries.length > RULES_MAX) return { entries, faults: [tooManyFault(entries.length)] };
  return {
    entries,
    faults: [
      ...(catalog === 'all' ? [] : unknownFaults(catalog)),
      ...duplicateFaults(entries),
      ...referenceFaults(entries),
      ...circleFaults(entries),
      ...filterFaults(entries),
    ],
  };
}

function tooManyFault(count: number): ConfigFault {
  const message = `has ${count} rules and filters with those that they refer to: at most ${RULES_MAX}`;
  return { path: 'rules', message };
}

/** The bundled ones of some entries, each once, and those that any of the entries refers to. */
function withReferred(entries: readonly Entry[]): readonly Entry[] {
  const all = new Set(entries);
  const own = entries.filter(({ source }) => source === 'custom');
  for (const { document } of all) {
    for (const name of referencesOf(document)) {
      const isRule = document.kind === 'correlation' && findEntry(own, name) === undefined;
      const referred = isRule ? findEntry(BUNDLED, name) : undefined;
      if (referred) all.add(referred);
    }
  }
  return BUNDLED.filter((entry) => all.has(entry));
}

function unknownFaults(catalog: readonly string[]): readonly ConfigFault[] {
  return catalog.flatMap((name, index) => {
    if (isBundled(name)) return [];
    const hint = name === 'all' ? ': for all of them write catalog: all' : nearestHint(name, BUNDLED);
    const message = `${showKey(name)} is no bundled rule${hint}`;
    return [{ path: `rules.catalog[${index}]`, message }];
  });
}

function duplicateFaults(entries: readonly Entry[]): readonly ConfigFault[] {
  const seen = new Map<string, Entry>();
  return entries.flatMap((entry) =>
    namesOf(entry).flatMap((handle) => {
      const first = seen.get(handle);
      seen.set(handle, first ?? entry);
      if (first === undefined || first === entry) return [];
      const message = `"${entry.document.title}" has the id or name ${handle}, as "${first.document.title}" of ${first.path} has: give it another`;
      return [faultOf(entry, message)];
    }),
  );
}

function byHandle(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  return new Map(entries.flatMap((entry) => handlesOf(entry.document).map((handle) => [handle, entry])));
}

function referenceFaults(entries: readonly Entry[]): readonly ConfigFault[] {
  const known = byHandle(entries);
  return entries.flatMap((entry) => {
    const { document } = entry;
    return [...new Set(referencesOf(document))].flatMap((name, _, names) => {
      const target = known.get(name);
      const wanted = document.kind === 'filter' ? 'rule' : 'rule or correlation';
      const isRight =
        document.kind === 'filter'
          ? target?.document.kind === 'rule'
          : target && target.document.kind !== 'filter';
      const other = names.slice(0, names.indexOf(name)).find((before) => known.get(before) === target);
      if (isRight && other !== undefined)
        return [
          faultOf(
            entry,
            `"${document.title}" refers to one rule as ${other} and as ${name}: use one of them`,
          ),
        ];
      if (isRight) return [];
      const why = isBundled(name) && !target ? ': switch it on in rules.catalog' : nearestRule(name, entries);
      return [
        faultOf(entry, `"${document.title}" refers to ${name}, which is no ${wanted} of the tenant${why}`),
      ];
    });
  });
}

function circleFaults(entries: readonly Entry[]): readonly ConfigFault[] {
  const known = byHandle(entries);
  const reaches = (from: Entry, goal: Entry, seen: Set<Entry>): boolean =>
    referencesOf(from.document).some((name) => {
      const next = known.get(name);
      if (next === undefined || seen.has(next)) return false;
      return next === goal || reaches(next, goal, seen.add(next));
    });
  return entries.flatMap((entry) =>
    entry.document.kind === 'correlation' && reaches(entry, entry, new Set())
      ? [faultOf(entry, `"${entry.document.title}" counts itself, through what it refers to`)]
      : [],
  );
}

/** Each is put around the condition of its rule, which may be only so deep. */
function filterFaults(entries: readonly Entry[]): readonly ConfigFault[] {
  const filters = entries.filter(({ document }) => document.kind === 'filter');
  const tooMany = entries.flatMap((entry) => {
    const count = filters.filter(({ document }) => isNamedBy(document, entry)).length;
    if (count <= FILTERS_OF_RULE_MAX) return [];
    const message = `"${entry.document.title}" has ${count} filters: at most ${FILTERS_OF_RULE_MAX}`;
    return [faultOf(entry, message)];
  });
  return [...tooMany, ...filters.flatMap((filter) => unfitFaults(filter, entries))];
}

export function isNamedBy(document: SigmaDocument, { document: named }: Entry): boolean {
  return referencesOf(document).some((name) => handlesOf(named).includes(name));
}

/** A filter that leaves every rule as it is does nothing, without a word. */
function unfitFaults(filter: Entry, entries: readonly Entry[]): readonly ConfigFault[] {
  const named = entries.filter(
    (entry) => entry.document.kind === 'rule' && isNamedBy(filter.document, entry),
  );
  // Those that are not there have their fault.
  if (named.length === 0 || named.some(({ document }) => fits(filter.document, document))) return [];
  const parts = LOGSOURCE_PARTS.filter((part) =>
    named.some(({ document }) => {
      const wanted = logsourceOf(filter.document)[part];
      return wanted !== undefined && wanted !== logsourceOf(document)[part];
    }),
  );
  const why =
    parts.length === 0
      ? 'give the rule an id or a name, and write that'
      : `${parts.join(' and ')} of logsource ${parts.length === 1 ? 'differs' : 'differ'}, as in ${logsourceText(named[0])}`;
  return [
    faultOf(filter, `the filter "${filter.document.title}" fits none of the rules that it names: ${why}`),
  ];
}

const LOGSOURCE_PARTS = ['category', 'product', 'service'] as const;

/** Whether a filter names a rule and is of its logsource: it is put into it. */
export function fits(filter: SigmaDocument, rule: SigmaDocument): boolean {
  return withFilters([rule, filter])[0] !== rule;
}

function logsourceOf(document: SigmaDocument): Readonly<Record<string, string>> {
  return document.kind === 'correlation' ? {} : document.logsource;
}

/** `{product: noxys, service: ai_firewall}` of "Rule a". */
function logsourceText(entry: Entry | undefined): string {
  if (!entry) return '';
  const source = logsourceOf(entry.document);
  const parts = LOGSOURCE_PARTS.flatMap((part) =>
    source[part] === undefined ? [] : [`${part}: ${source[part]}`],
  );
  return `"${entry.document.title}": {${parts.join(', ')}}`;
}
