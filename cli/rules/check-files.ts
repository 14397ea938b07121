/** Sigma files checked as the relay would when a tenant's config is saved with them: all faults at once, each at its place. Asks no relay. */

import { parseRules } from '../../src/detection/sigma.ts';
import type { SigmaDocument } from '../../src/detection/document.ts';
import { RULES_DEFAULT } from '../../src/domain/rules-config.ts';
import { CATALOG } from '../../src/rules/catalog.ts';
import { parseCustom } from '../../src/rules/parse-custom.ts';
import { resolveRules } from '../../src/rules/resolve-rules.ts';
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
}

/** `rules.custom[3]` */
const CUSTOM_PATTERN = /^rules\.custom\[(\d+)\]/;

export function checkFiles(files: readonly RuleFile[]): Checked {
  const unread = files.flatMap(({ name, text }) => {
    const parsed = parseRules(text, { checkField });
    return parsed.ok ? [] : parsed.error.map((error): FileFault => ({ file: name, ...error }));
  });
  if (unread.length > 0) return { faults: unread, rules: [] };
  const { rules, ...parts } = partsOfTexts(files.map(({ text }) => text));
  const parsed = parseCustom(rules.custom);
  if (!parsed.ok) return { faults: parsed.error.map((fault) => faultOf(fault, files)), rules: [] };
  const catalog = bundledBeside(parsed.value.flat());
  const resolved = resolveRules({ ...parts, rules: { ...RULES_DEFAULT, ...rules, catalog } }, parsed.value);
  if (!resolved.ok) return { faults: resolved.error.map((fault) => faultOf(fault, files)), rules: [] };
  return { faults: [], rules: resolved.value.filter(({ source }) => source === 'custom') };
}

function faultOf(
  { path, message }: { readonly path: string; readonly message: string },
  files: readonly RuleFile[],
): FileFault {
  const index = Number(CUSTOM_PATTERN.exec(path)?.[1] ?? 0);
  return { file: files[index]?.name ?? path, path: '', message };
}

/** Bundled rules that the files may refer to: all but those that a file takes the place of, as a changed copy does. */
function bundledBeside(own: readonly SigmaDocument[]): string[] {
  const taken = new Set(own.flatMap(({ id, name }) => [id, name]));
  return CATALOG.filter(
    ({ documents }) => !documents.some(({ id, name }) => [id, name].some((one) => one && taken.has(one))),
  ).map(({ file }) => file);
}
