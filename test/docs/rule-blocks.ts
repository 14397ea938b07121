/** The YAML of a page about rules: Sigma texts are checked as files, parts of a tenant's config resolved as the relay would. */

import { load } from 'js-yaml';

import { checkFiles } from '../../cli/rules/check-files.ts';
import { responsesSchema, rulesSchema } from '../../src/domain/rules-config.ts';
import { PLATFORMS_DEFAULT, platformsSchema } from '../../src/domain/platforms-config.ts';
import { privacySchema } from '../../src/domain/tenant-config.ts';
import { isRecord } from '../../src/lib/record.ts';
import { parseCustom } from '../../src/rules/parse-custom.ts';
import { resolveRules } from '../../src/rules/resolve-rules.ts';
import type { Rule } from '../../src/rules/rule.ts';

export function blocksOf(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );
}

export function isSigma(text: string): boolean {
  return /^title:/m.test(text);
}

export function sigmaFaults(text: string): readonly unknown[] {
  return checkFiles([{ name: 'page', text }]).faults;
}

/** What a tenant with this part of a config, and these texts for the files that it names, has; throws with what is wrong. */
export function rulesWith(text: string, files: Readonly<Record<string, string>> = {}): readonly Rule[] {
  const part = load(text);
  if (!isRecord(part)) throw new Error('Cannot read the part of a config as it must be a group of keys');
  const known = ['rules', 'responses', 'platforms'];
  const unknown = Object.keys(part).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`Cannot resolve ${unknown.join()} as it must be about rules`);
  const custom = customOf(part['rules'], files);
  const rules = rulesSchema.parse({ ...(part['rules'] as object), custom });
  const parsed = parseCustom(rules.custom);
  const resolved = parsed.ok
    ? resolveRules(
        {
          rules,
          responses: responsesSchema.parse(part['responses'] ?? {}),
          platforms: part['platforms'] ? platformsSchema.parse(part['platforms']) : PLATFORMS_DEFAULT,
          privacy: privacySchema.parse({}),
        },
        parsed.value,
      )
    : parsed;
  if (resolved.ok) return resolved.value;
  throw new Error(resolved.error.map(({ path, message }) => `${path} ${message}`).join('\n'));
}

function customOf(rules: unknown, files: Readonly<Record<string, string>>): readonly unknown[] {
  const custom: unknown = isRecord(rules) ? rules['custom'] : undefined;
  return (Array.isArray(custom) ? custom : []).map((item: unknown) =>
    isRecord(item) && typeof item['file'] === 'string' ? files[item['file']] : item,
  );
}
