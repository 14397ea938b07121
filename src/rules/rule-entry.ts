/**
 * The document of a rule and where it comes from: how people may call it, and which of the bundled ones they mean.
 * Pure. Knows no tenant: which documents are somebody's is the business of rule-set.ts.
 */

import type { SigmaDocument } from '../detection/document.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { nearestWord } from '../lib/nearest.ts';
import { type BundledRules, CATALOG } from './catalog.ts';
import { NAME_LENGTH_MAX } from './document-faults.ts';

/** A document, and where it comes from. */
export interface Entry<D extends SigmaDocument = SigmaDocument> {
  readonly document: D;
  readonly source: 'bundled' | 'custom';
  /** In the config. */
  readonly path: string;
  /** Within the text of a custom one, such as `line 12, column 1: `. Leads the messages of faults. */
  readonly place?: () => string;
  /** Of a bundled file's own rule. */
  readonly file?: string;
}

/** Documents have theirs in lower case. */
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const START_LENGTH_MIN = 4;
const STARTS_SHOWN_MAX = 3;

export const BUNDLED: readonly Entry[] = CATALOG.flatMap(entriesOf);

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
export function handlesOf(document: SigmaDocument): readonly string[] {
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

/** The id and the name of a bundled rule, however it is called; none: there is no such rule. */
export function bundledHandles(reference: string): readonly string[] {
  const entry = findEntry(BUNDLED, reference);
  return entry === undefined ? [] : handlesOf(entry.document);
}

/** What a bundled rule is called by its author; undefined: there is no such rule. */
export function bundledRule(
  reference: string,
): { readonly name: string; readonly title: string } | undefined {
  const entry = findEntry(BUNDLED, reference);
  return entry && { name: nameOf(entry.document), title: entry.document.title };
}

/** A bundled file is found with the folder before its name, too. */
export function findEntry(entries: readonly Entry[], reference: string): Entry | undefined {
  const wanted = UUID.test(reference) ? reference.toLowerCase() : reference;
  const file = /\.ya?ml$/.test(reference) ? reference.replace(/^.*\//, '') : reference;
  return (
    entries.find((entry) => namesOf(entry).includes(wanted)) ??
    entries.find((entry) => entry.file !== undefined && entry.file === file)
  );
}

/** A fault of an entry, at its place. */
export function faultOf({ path, place }: Pick<Entry, 'path' | 'place'>, message: string): ConfigFault {
  return { path, message: (place?.() ?? '') + message };
}

/** Bundled rules of these names that are not among the tenant's can be meant, too. */
export function nearestRule(reference: string, entries: readonly Entry[]): string {
  return nearestHint(reference, [...entries, ...BUNDLED.filter((entry) => !entries.includes(entry))]);
}

/** `did you mean …?`, or nothing. */
export function nearestHint(reference: string, entries: readonly Entry[]): string {
  if (reference.length > NAME_LENGTH_MAX) return '';
  const names = entries.flatMap(namesOf);
  const nearest = nearestWord(reference, names) ?? beginningWith(reference, names);
  return nearest === undefined ? '' : `: did you mean ${nearest}?`;
}

/** Names that go on after what was written: `noxys_hl2` is how people call noxys_hl2_pii_exposure. */
function beginningWith(start: string, names: readonly string[]): string | undefined {
  if (start.length < START_LENGTH_MIN) return undefined;
  const longer = names.filter((name) => name.startsWith(start) && !name.endsWith('.yml'));
  return longer.length === 0 ? undefined : [...new Set(longer)].slice(0, STARTS_SHOWN_MAX).join(' or ');
}
