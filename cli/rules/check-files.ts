/** Sigma files checked as the relay would when a tenant's config is saved with them: all faults at once, each at its place. Asks no relay. */

import type { SigmaDocument } from '../../src/detection/document.ts';
import { parseRules } from '../../src/detection/sigma.ts';
import type { ConfigFault } from '../../src/domain/fault.ts';
import { RULES_DEFAULT } from '../../src/domain/rules-config.ts';
import { CATALOG } from '../../src/rules/catalog.ts';
import { documentFaults } from '../../src/rules/document-faults.ts';
import { resolveRules } from '../../src/rules/resolve-rules.ts';
import { neverWords } from '../../src/rules/never-values.ts';
import { nameOf } from '../../src/rules/rule-entry.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { checkField } from '../../src/rules/rule-fields.ts';
import type { FileFault } from '../tenant-files/file-fault.ts';
import { partsOfTexts } from './local-rules.ts';

export interface RuleFile {
  /** As the person named it. */
  readonly name: string;
  readonly text: string;
}

export interface Checked {
  readonly faults: readonly FileFault[];
  /** What the files hold; empty where something is wrong. */
  readonly rules: readonly Rule[];
  /** Filters of the files, by their names, with the names of what they are for. */
  readonly filters: readonly {
    readonly name: string;
    readonly title: string;
    readonly of: readonly string[];
  }[];
  /** Of what is right, and yet does not do what it seems to. */
  readonly warnings: readonly string[];
}

/** `rules.custom[3]` */
const CUSTOM_PATTERN = /^rules\.custom\[(\d+)\]/;
const OTHERS_PATTERN = /rules\.custom\[(\d+)\]/g;
const PLACE_PATTERN = /^line (\d+), column (\d+): /;

export function checkFiles(files: readonly RuleFile[]): Checked {
  const read = files.map((file) => readFile(file));
  const faults = read.flatMap((one) => one.faults);
  if (faults.length > 0) return { ...NOTHING, faults };
  const custom = read.map(({ documents }) => documents);
  const { rules, ...parts } = partsOfTexts(files.map(({ text }) => text));
  const catalog = bundledBeside(custom.flat());
  const resolved = resolveRules({ ...parts, rules: { ...RULES_DEFAULT, ...rules, catalog } }, custom);
  if (!resolved.ok) return { ...NOTHING, faults: resolved.error.map((fault) => faultBetween(fault, files)) };
  const own = resolved.value.filter(({ source }) => source === 'custom');
  const filters = custom
    .flat()
    .flatMap((one) =>
      one.kind === 'filter' ? [{ name: nameOf(one), title: one.title, of: one.rules }] : [],
    );
  const filtered = resolved.value.filter((rule) => rule.filters !== undefined);
  return {
    faults: [],
    rules: own,
    filters,
    warnings: neverWords([...new Set([...own, ...filtered])]),
  };
}

const NOTHING = { faults: [], rules: [], filters: [], warnings: [] };

function readFile({ name: file, text }: RuleFile) {
  const parsed = parseRules(text, { checkField, checkDocument: documentFaults });
  return parsed.ok
    ? { documents: parsed.value, faults: [] }
    : { documents: [], faults: parsed.error.map((error): FileFault => ({ file, ...error })) };
}

/** What holds between rules is told of the place of one of them, and may name the text of another. */
function faultBetween({ path, message }: ConfigFault, files: readonly RuleFile[]): FileFault {
  const fileOf = (index: string | undefined) => files[Number(index)]?.name;
  const file = fileOf(CUSTOM_PATTERN.exec(path)?.[1]) ?? path;
  const [told = '', line, column] = PLACE_PATTERN.exec(message) ?? [];
  const words = message
    .slice(told.length)
    .replaceAll(OTHERS_PATTERN, (text: string, index: string) => fileOf(index) ?? text);
  const place = line === undefined ? {} : { line: Number(line), column: Number(column) };
  return { file, ...place, path: '', message: words };
}

/** Bundled rules that the files may refer to: all but those that a file takes the place of, as a changed copy does. */
function bundledBeside(own: readonly SigmaDocument[]): string[] {
  const taken = new Set(own.flatMap(({ id, name }) => [id, name]));
  return CATALOG.filter(
    ({ documents }) =>
      !documents.some(({ id, name }) => [id, name].some((one) => one !== undefined && taken.has(one))),
  ).map(({ file }) => file);
}
