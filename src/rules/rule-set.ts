/**
 * Gathers the documents of a tenant's rules: bundled ones that are on, the tenant's own, and what these refer to.
 * Pure. What is unknown, there twice, or refers to itself is a fault.
 */

import type { SigmaDocument } from '../detection/document.ts';
import { showKey } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { RULES_MAX, type RulesConfig } from '../domain/rules-config.ts';
import { nearestWord } from '../lib/nearest.ts';
import { type BundledRules, CATALOG } from './catalog.ts';
import { NAME_LENGTH_MAX } from './document-faults.ts';
import { referencesOf } from './rule-order.ts';

/** A document, and where it comes from. */
export interface Entry<D extends SigmaDocument = SigmaDocument> {
  readonly document: D;
  readonly source: 'bundled' | 'custom';
  /** In the config. */
  readonly path: string;
  /** Of a bundled file's own rule. */
  readonly file?: string;
}

/** Source: design choice; each takes two of the brackets that a condition may be deep. */
const FILTERS_OF_RULE_MAX = 10;

/** Documents have theirs in lower case. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const BUNDLED: readonly Entry[] = CATALOG.flatMap(entriesOf);

function entriesOf({ file, documents }: BundledRules): readonly Entry[] {
  return documents.map((document, index) => ({
    document,
    source: 'bundled',
    path: 'rules.catalog',
    ...(index === 0 && { file }),
  }));
}

/** How people may call a document: by its id, its name, or, of a bundled file's own rule, the file's name. */
export function namesOf({ document, file }: Entry): readonly string[] {
  const files = file === undefined ? [] : [file, file.replace(/\.ya?ml$/, '')];
  return [...handlesOf(document), ...files];
}

/** Under these others refer to it, and none of them may be another's, too. */
function handlesOf(document: SigmaDocument): readonly string[] {
  return [...new Set([idOf(document), nameOf(document)])];
}

export function idOf(document: SigmaDocument): string {
  return document.id ?? nameOf(document);
}

export function nameOf({ name, id, title }: SigmaDocument): string {
  return (
    name ??
    id ??
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
      .slice(0, NAME_LENGTH_MAX)
  );
}

export function isBundled(reference: string): boolean {
  return findEntry(BUNDLED, reference) !== undefined;
}

export function findEntry(entries: readonly Entry[], reference: string): Entry | undefined {
  const wanted = UUID.test(reference) ? reference.toLowerCase() : reference;
  return entries.find((entry) => namesOf(entry).includes(wanted));
}

/** `did you mean …?`, or nothing. */
export function nearestHint(reference: string, entries: readonly Entry[]): string {
  if (reference.length > NAME_LENGTH_MAX) return '';
  const nearest = nearestWord(reference, entries.flatMap(namesOf));
  return nearest === undefined ? '' : `: did you mean ${nearest}?`;
}

/** All documents of a tenant, bundled ones first, and every fault. */
export function gatherRules(
  catalog: RulesConfig['catalog'],
  custom: readonly (readonly SigmaDocument[])[],
): { readonly entries: readonly Entry[]; readonly faults: readonly ConfigFault[] } {
  const own = custom.flatMap((documents, index) =>
    documents.map((document): Entry => ({ document, source: 'custom', path: `rules.custom[${index}]` })),
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
    const message = `${showKey(name)} is no bundled rule${nearestHint(name, BUNDLED)}`;
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
      return [{ path: entry.path, message }];
    }),
  );
}

function byHandle(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  return new Map(entries.flatMap((entry) => handlesOf(entry.document).map((handle) => [handle, entry])));
}

function referenceFaults(entries: readonly Entry[]): readonly ConfigFault[] {
  const known = byHandle(entries);
  return entries.flatMap(({ document, path }) =>
    [...new Set(referencesOf(document))].flatMap((name, _, names) => {
      const target = known.get(name);
      const wanted = document.kind === 'filter' ? 'rule' : 'rule or correlation';
      const isRight =
        document.kind === 'filter'
          ? target?.document.kind === 'rule'
          : target && target.document.kind !== 'filter';
      const other = names.slice(0, names.indexOf(name)).find((before) => known.get(before) === target);
      if (isRight && other !== undefined)
        return [
          {
            path,
            message: `"${document.title}" refers to one rule as ${other} and as ${name}: use one of them`,
          },
        ];
      if (isRight) return [];
      const why = isBundled(name) && !target ? ': switch it on in rules.catalog' : nearestHint(name, entries);
      return [
        { path, message: `"${document.title}" refers to ${name}, which is no ${wanted} of the tenant${why}` },
      ];
    }),
  );
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
      ? [{ path: entry.path, message: `"${entry.document.title}" counts itself, through what it refers to` }]
      : [],
  );
}

/** Each is put around the condition of its rule, which may be only so deep. */
function filterFaults(entries: readonly Entry[]): readonly ConfigFault[] {
  const filters = entries.filter(({ document }) => document.kind === 'filter');
  return entries.flatMap(({ document, path }) => {
    const handles = handlesOf(document);
    const count = filters.filter((filter) =>
      referencesOf(filter.document).some((name) => handles.includes(name)),
    ).length;
    if (count <= FILTERS_OF_RULE_MAX) return [];
    return [{ path, message: `"${document.title}" has ${count} filters: at most ${FILTERS_OF_RULE_MAX}` }];
  });
}
