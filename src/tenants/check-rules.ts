/**
 * What a tenant's rules must fulfil beyond the schema: every text is right Sigma, and all of them fit together and fit the tenant.
 * Pure. One bad rule refuses the config, and hides no fault of another. Never quotes a hidden value's stand-in as if it were one.
 */

import { formatPath } from '../domain/config-faults.ts';
import type { ConfigFault } from '../domain/fault.ts';
import { HIDDEN_VALUE } from '../domain/personal-fields.ts';
import { PLATFORMS_DEFAULT, platformsSchema } from '../domain/platforms-config.ts';
import {
  RESPONSES_DEFAULT,
  responsesSchema,
  type RulesConfig,
  RULES_MAX,
  rulesSchema,
} from '../domain/rules-config.ts';
import type { PrivacyConfig } from '../domain/tenant-config.ts';
import { isRecord } from '../lib/record.ts';
import { parseCustom } from '../rules/parse-custom.ts';
import { resolveRules } from '../rules/resolve-rules.ts';
import { isBundled } from '../rules/rule-entry.ts';

/** UTF-8 bytes of all custom texts: no body that the API takes has more, but one text may stand in it often, by an alias. */
const CUSTOM_BYTES_MAX = 256 * 1024;
/** Where privacy can't be read nothing is said to be against it. */
const KEEPS_ALL: PrivacyConfig = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };

/** The parts of a document that rules depend on, in whatever state. */
export interface RuleParts {
  readonly rules: unknown;
  readonly responses: unknown;
  readonly platforms: unknown;
  /** Undefined: it could not be read. */
  readonly privacy: PrivacyConfig | undefined;
}

/** All faults of the rules but those of the schema. */
export function rulesFaults({ rules: written, responses, platforms, privacy }: RuleParts): ConfigFault[] {
  const { custom, ...rules } = readRules(written);
  const hidden = hiddenFaults({ ...rules, custom });
  const bytes = custom.reduce((sum, text) => sum + new TextEncoder().encode(text).byteLength, 0);
  if (bytes > CUSTOM_BYTES_MAX) return [...hidden, { path: 'rules.custom', message: tooMuch(bytes) }];
  const parsed = custom.map((text, index) => parseAt(text, index));
  const faults = [...hidden, ...parsed.flatMap((one) => one.faults)];
  // A rule whose text is no Sigma is unknown to all others: of these, what is said of bundled rules alone is right.
  const isWhole = parsed.every(({ documents }) => documents !== undefined);
  const resolved = resolveRules(
    {
      rules: isWhole
        ? { ...rules, custom }
        : { ...rules, overrides: bundledAlone(rules.overrides), custom: [] },
      responses: responsesSchema.safeParse(responses ?? {}).data ?? RESPONSES_DEFAULT,
      platforms: platformsSchema.safeParse(platforms ?? {}).data ?? PLATFORMS_DEFAULT,
      privacy: privacy ?? KEEPS_ALL,
    },
    isWhole ? parsed.map(({ documents = [] }) => documents) : [],
  );
  return resolved.ok ? faults : [...faults, ...resolved.error];
}

/** What of `rules` fulfils the schema, its texts at their places: an empty one stands for what is none. */
function readRules(written: unknown): RulesConfig {
  const { catalog, overrides, custom } = isRecord(written) ? written : {};
  const { shape } = rulesSchema;
  const texts: readonly unknown[] = Array.isArray(custom) ? custom.slice(0, RULES_MAX) : [];
  const kept = Object.entries(isRecord(overrides) ? overrides : {}).map(
    ([key, override]) => shape.overrides.safeParse({ [key]: override }).data ?? {},
  );
  return {
    // Which were meant is not known: of none of them can it be said that it is off.
    catalog: shape.catalog.safeParse(catalog).data ?? 'all',
    overrides: Object.assign({}, ...kept) as RulesConfig['overrides'],
    custom: texts.map((text) => shape.custom.safeParse([text]).data?.[0] ?? ''),
  };
}

/** The documents of one text. Undefined: there are none that could be read. */
function parseAt(text: string, index: number) {
  // What the schema refuses, or stands for a text that somebody does not see, has its fault already.
  if (text === '' || isHidden(text)) return { documents: undefined, faults: [] };
  const parsed = parseCustom([text]);
  if (parsed.ok) return { documents: parsed.value.flat(), faults: [] };
  const path = formatPath(['rules', 'custom', index]);
  return { documents: undefined, faults: parsed.error.map(({ message }) => ({ path, message })) };
}

function bundledAlone(overrides: RulesConfig['overrides']): RulesConfig['overrides'] {
  return Object.fromEntries(Object.entries(overrides).filter(([key]) => isBundled(key)));
}

/** Viewers see a stand-in for what may name a person. What they read can't be saved: it would be lost. */
function hiddenFaults({ custom, overrides }: RulesConfig): ConfigFault[] {
  const texts = custom.flatMap((text, index) =>
    isHidden(text) ? [{ path: formatPath(['rules', 'custom', index]), message: notToSave('rule') }] : [],
  );
  const values = Object.entries(overrides).flatMap(([rule, { lists = {} }]) =>
    Object.entries(lists).flatMap(([list, members]) =>
      members.includes(HIDDEN_VALUE)
        ? [{ path: formatPath(['rules', 'overrides', rule, 'lists', list]), message: notToSave('values') }]
        : [],
    ),
  );
  return [...texts, ...values];
}

function isHidden(text: string): boolean {
  return text.trim() === HIDDEN_VALUE;
}

function notToSave(what: string): string {
  return `holds ${HIDDEN_VALUE}, which stands for what viewers do not see: write the ${what}`;
}

function tooMuch(bytes: number): string {
  return `must have at most ${CUSTOM_BYTES_MAX / 1024} KiB of text in all: it has ${Math.ceil(bytes / 1024)}`;
}
