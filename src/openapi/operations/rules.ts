/** Of the routes on rules. */

import * as z from 'zod/mini';

import { LEVELS } from '../../domain/severity.ts';
import { PLAYBOOKS } from '../../domain/playbook.ts';
import { RESPONSE_OUTCOMES } from '../../domain/rule-views.ts';
import { RESPONSES } from '../../domain/verbs.ts';
import { page, shared } from '../answers.ts';
import type { Operations } from '../operation.ts';

const text = z.optional(z.string());
const { count, instant } = shared;

const counts = z.strictObject({
  detections: count,
  dryRuns: count,
  truePositives: count,
  falsePositives: count,
  failures: count,
  lastDetectionAt: z.optional(instant),
});

const ruleFields = {
  id: z.string(),
  name: z.string(),
  title: z.string(),
  level: z.enum(LEVELS),
  source: z.enum(['bundled', 'custom']),
  kind: z.enum(['rule', 'correlation']),
  enabled: z.boolean(),
  alerts: z.boolean(),
  dryRun: z.boolean(),
  respond: z.array(z.enum(RESPONSES)),
  playbook: z.optional(z.enum(PLAYBOOKS)),
  tags: z.array(z.string()),
  author: text,
  counts,
};
const rule = z.strictObject(ruleFields);
const ruleDetail = z.strictObject({
  ...ruleFields,
  description: text,
  references: z.array(z.string()),
  falsepositives: z.array(z.string()),
  filters: z.optional(z.array(z.string())),
  document: z.record(z.string(), z.unknown()),
});

const ruleChange = z.strictObject({
  id: z.int(),
  at: instant,
  version: shared.version,
  by: z.string(),
  reason: text,
  changes: z.array(
    z.strictObject({
      rule: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      parts: z.array(z.strictObject({ part: z.string(), from: text, to: text })),
    }),
  ),
});

export const responseOutcome = z.strictObject({
  response: z.enum(RESPONSES),
  outcome: z.enum(RESPONSE_OUTCOMES),
  why: z.string(),
  lane: text,
});

const selection = z.strictObject({
  name: z.string(),
  matches: z.boolean(),
  items: z.array(z.strictObject({ item: z.string(), matches: z.boolean() })),
});

const steps = {
  rule: z.string(),
  name: z.string(),
  title: z.string(),
  matches: z.boolean(),
  selections: z.optional(z.array(selection)),
  condition: text,
};

const ruleTest = z.strictObject({
  ...steps,
  level: z.enum(LEVELS),
  counted: z.optional(z.array(z.strictObject(steps))),
  window: z.optional(
    z.strictObject({
      value: z.nullable(z.number()),
      condition: z.string(),
      crossed: z.boolean(),
      isQuiet: z.boolean(),
    }),
  ),
  responses: z.array(responseOutcome),
  playbook: z.optional(z.enum(PLAYBOOKS)),
  checklist: z.optional(z.array(z.string())),
});

const ruleReport = z.strictObject({
  rule: z.string(),
  title: z.string(),
  hits: count,
  perDay: z.record(z.string(), count),
  topUsers: z.array(z.strictObject({ user: z.string(), hits: count })),
  markedFalse: count,
  markedTrue: count,
  failures: count,
  samples: z.array(z.strictObject({ eventId: z.string(), at: instant, count })),
});

const backtest = z.strictObject({
  job: z.string(),
  isComplete: z.boolean(),
  scanned: count,
  total: count,
  since: instant,
  until: instant,
  forgottenWindows: count,
  rules: z.array(ruleReport),
});

const ROOT = '/api/v1/tenants/:id/rules';
const WHICH =
  'By `rule`, the id or name of one of the tenant, by a Sigma `text` instead, which is in no config, or, without either, all that are on. A text that can not be used is 422: each of its `faults` names line, column and path.';

export const ruleOperations: Operations = {
  [`GET ${ROOT}`]: {
    id: 'listRules',
    tag: 'rules',
    summary: "A tenant's rules, with what has become of each",
    description:
      '`counts` are of all time, also while a rule was switched off. `alerts: false`: it alerts only as a part of a correlation.',
    answers: { 200: { description: 'All of them.', schema: z.strictObject({ rules: z.array(rule) }) } },
  },
  [`GET ${ROOT}/changes`]: {
    id: 'listRuleChanges',
    tag: 'rules',
    summary: 'How the rules changed, by whom and why, newest first',
    description: 'Below the role operator `from` and `to` are `…` where they may name a person.',
    answers: {
      200: { description: 'One page.', schema: z.strictObject({ changes: z.array(ruleChange), ...page }) },
    },
  },
  [`GET ${ROOT}/:ruleId`]: {
    id: 'getRule',
    tag: 'rules',
    summary: 'A rule by its id or name, as it is evaluated',
    description:
      '`document`: overrides, lists and filters in place, fields by their canonical names. Below the role operator values of fields on persons, devices and pages, and keywords, are `<hidden>`.',
    answers: { 200: { description: 'The rule.', schema: ruleDetail } },
  },
  [`POST ${ROOT}/test`]: {
    id: 'testRules',
    tag: 'rules',
    summary: 'What rules make of one event, step by step',
    description: `Nothing is counted, recorded or sent. By exactly one of \`event_id\`, of the newest 50,000 stored entries, and \`event\`, as a webhook has it: read and reduced as there. ${WHICH} \`event\` and \`text\` need the role operator; a user in \`event\` is audited as searched. \`responses\` says what would be done about it, and where, or why not. Users are keys in a checklist.`,
    answers: {
      200: { description: 'By rule.', schema: z.strictObject({ tests: z.array(ruleTest) }) },
    },
  },
  [`POST ${ROOT}/backtest`]: {
    id: 'backtestRules',
    tag: 'rules',
    summary: 'Run rules over the stored events, one step per request',
    description: `${WHICH} From \`since\` (default: a week before the end) to \`until\` (default: now), by the time of receipt. While \`isComplete\` is false, ask again with \`job\` alone. A step looks at up to 20,000 entries; 429 says when to come again. A run that nobody asks for is given up after ten minutes, or when the relay starts anew: then it is 409, to begin again. At most four at once for a tenant. Nothing is counted, recorded or sent. \`markedTrue\` and \`markedFalse\`: hits on events of a detection of the same rule that was judged so. \`forgottenWindows\`: of more than 20,000 groups at once those that were counted longest ago are given up. \`topUsers\` are keys; \`persons=show\` names them once it is complete, which is audited.`,
    answers: { 200: { description: 'What was found so far.', schema: backtest } },
    failures: [409],
  },
};
