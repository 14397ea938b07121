/** Sigma texts of tenants' own rules, for tests to vary. */

interface Varied {
  readonly name?: string;
  readonly title?: string;
  readonly field?: string;
  readonly value?: string;
  readonly level?: string;
  readonly relay?: string;
}

/** A rule on one field. The field stands on line 7, column 5. */
export function customRule({
  name = 'my_grok',
  title = `Rule ${name}`,
  field = 'platform_id',
  value = 'grok',
  level = 'high',
  relay = '{}',
}: Varied = {}): string {
  return `title: ${title}
name: ${name}
logsource:
  product: noxys
detection:
  selection:
    ${field}: ${value}
  condition: selection
level: ${level}
relay: ${relay}
`;
}

/** A rule that counts those of another text, per user. */
export function customCount(name: string, counted: string): string {
  return `title: Rule ${name}
name: ${name}
correlation:
  type: event_count
  rules: [${counted}]
  group-by: [user_id]
  timespan: 1h
  condition: { gte: 3 }
level: high
`;
}

/** One rule that gives no cause for a warning, whatever the destinations are and whichever events are received. */
export const QUIET_RULES = { custom: [customRule({ relay: '{ respond: [] }' })] };

/** What is said of a config that switches no rule on. */
export const NO_RULE =
  'No rule is on, so that nothing is detected: for those that come with the relay, write rules: {catalog: all}.';
