/** What the keys of a tenant's rules mean, for the readers of the config's JSON Schema. Pure. */

/** By path; `*` stands for the name of a rule or of a level. */
export const RULES_DESCRIPTIONS: Readonly<Record<string, string>> = {
  rules:
    'Detection rules: which of those that come with the relay are on, what is changed of them, and your own.',
  'rules.catalog': 'Rules that come with the relay: all, or those that are named. Absent: none is on.',
  'rules.catalog[]': 'By name, by id, or by the name of its file.',
  'rules.overrides':
    'By name or id of a rule, your own included: what is different here. What is not named stays as the rule says.',
  'rules.overrides.*.enabled': 'false: the rule is off.',
  'rules.overrides.*.dry_run': 'true: its detections are recorded, and nothing is done for them.',
  'rules.overrides.*.threshold': 'Of a rule that counts: the number that its condition compares with.',
  'rules.overrides.*.timespan': 'Of a rule that counts: over how long, such as 30m, 1h or 7d.',
  'rules.overrides.*.lists': 'By the name of a list that the rule has: the values that stand there instead.',
  'rules.overrides.*.respond':
    'What is asked for, instead of what the rule and responses.by_level say. [] asks for nothing.',
  'rules.custom': 'Your own rules, in Sigma 2.1. One bad rule refuses the whole config.',
  'rules.custom[]':
    'The text of a Sigma file, of one document or several. In a file of the command line also file: <path>.',
  responses: 'What is asked for beside what rules ask for. It is done where a destination grants it.',
  'responses.by_level': 'By the level of a detection: a list of responses, such as critical: [contain].',
  'retention.detections':
    'Days that detections are kept, with their verdicts. Events have days of their own.',
};
