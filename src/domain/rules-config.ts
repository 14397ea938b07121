/**
 * A tenant's detection rules in its config: which of the bundled ones are on, what is changed of them, and the tenant's own.
 * Pure. Whether a rule is right Sigma, and fits the tenant, is checked in rules/ and tenants/.
 */

import * as z from 'zod/mini';

import { LEVELS } from './severity.ts';
import { RESPONSES } from './verbs.ts';

/** Rules of a tenant, bundled ones included. Source: design choice; a hundred cost some 50 µs per event. */
export const RULES_MAX = 100;
/** UTF-16 units of one custom Sigma text. */
export const RULE_TEXT_LENGTH_MAX = 64 * 1024;
const LIST_VALUES_MAX = 1_000;
const VALUE_LENGTH_MAX = 512;

/** A rule by its Sigma `name`, its `id`, or, of a bundled one, the name of its file. */
const ruleReference = z.string().check(z.minLength(1), z.maxLength(128));
const responses = z.array(z.enum(RESPONSES)).check(z.maxLength(RESPONSES.length));
const listValue = z.union([z.string().check(z.maxLength(VALUE_LENGTH_MAX)), z.number()]);

const overrideSchema = z.strictObject({
  /** false: the rule is off. */
  enabled: z.optional(z.boolean()),
  /** true: detections are recorded, and nothing is done for them. */
  dry_run: z.optional(z.boolean()),
  /** Of a correlation: the number that its condition compares with. */
  threshold: z.optional(z.number()),
  /** Of a correlation, as Sigma writes it: `30m`. */
  timespan: z.optional(z.string().check(z.minLength(2), z.maxLength(16))),
  /** By the name of a list of the rule (`relay.lists`): the values that stand there instead. */
  lists: z.optional(
    z.record(
      z.string().check(z.minLength(1), z.maxLength(128)),
      z.array(listValue).check(z.maxLength(LIST_VALUES_MAX)),
    ),
  ),
  /** What is asked for instead of what the rule and its level ask for. */
  respond: z.optional(responses),
});
export type RuleOverride = z.infer<typeof overrideSchema>;

const NO_TEXT =
  'must be the text of a Sigma rule: `file: <path>` is for the command line, which sends the text';
export const ruleTextSchema = z
  .string({ error: ({ code }) => (code === 'invalid_type' ? NO_TEXT : undefined) })
  .check(z.minLength(1), z.maxLength(RULE_TEXT_LENGTH_MAX));
export const rulesSchema = z.strictObject({
  /** Bundled rules that are on. */
  catalog: z._default(z.union([z.literal('all'), z.array(ruleReference).check(z.maxLength(RULES_MAX))]), []),
  overrides: z._default(z.record(ruleReference, overrideSchema), {}),
  /** Sigma texts: each one file's, of one document or several. */
  custom: z._default(z.array(ruleTextSchema).check(z.maxLength(RULES_MAX)), []),
});
export type RulesConfig = z.infer<typeof rulesSchema>;
export const RULES_DEFAULT: RulesConfig = { catalog: [], overrides: {}, custom: [] };

export const responsesSchema = z.strictObject({
  /** By the level of a detection: what is asked for beside what its rule asks for. */
  by_level: z._default(z.partialRecord(z.enum(LEVELS), responses), {}),
});
export type ResponsesConfig = z.infer<typeof responsesSchema>;
export const RESPONSES_DEFAULT: ResponsesConfig = { by_level: {} };
