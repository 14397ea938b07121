/**
 * A hundred Sigma rules of ordinary shape and events for them, for the bench of the engine. Pure, and the same each time.
 * The shapes are those of the guides' rules and the most frequent ones of public rule sets: equality, lists, `contains`, `startswith`,
 * `endswith`, `all`, numbers, a filter behind `not 1 of`, now and then a regular expression or a network.
 */

const PLATFORMS = ['chatgpt', 'claude', 'gemini', 'perplexity', 'deepseek', 'grok', 'mistral', 'poe'];
const CLASSIFICATIONS = ['CREDIT_CARD', 'IBAN', 'PASSPORT', 'SSN', 'EMAIL', 'PHONE', 'API_KEY', 'PASSWORD'];
const TYPES = [
  'interaction.policy_violated',
  'interaction.high_risk',
  'alert.severity_critical',
  'alert.severity_high',
];

const SHAPES: readonly ((n: number) => string)[] = [
  (n) => `
    selection:
        type: ${at(TYPES, n)}
        policy_decision: block
        platform_id: [${at(PLATFORMS, n)}, ${at(PLATFORMS, n + 1)}, ${at(PLATFORMS, n + 2)}]
    condition: selection`,
  (n) => `
    selection:
        type: interaction.high_risk
        risk_score|gt: 0.${1 + (n % 9)}
        classifications: [${at(CLASSIFICATIONS, n)}, ${at(CLASSIFICATIONS, n + 3)}]
    condition: selection`,
  (n) => `
    selection:
        type: ${at(TYPES, n)}
        policy_decision: [block, coach]
    filter_main_platforms:
        platform_id: [chatgpt, claude, gemini]
    filter_main_users:
        user_id|startswith: svc-${n}
    condition: selection and not 1 of filter_main_*`,
  (n) => `
    selection_host:
        hostname|endswith: ['-${n}.corp.example', '.branch-${n}.example']
    selection_model:
        model|contains: [gpt-4, opus, 'r${n}']
    condition: all of selection_*`,
  (n) => `
    selection:
        policy_name|contains|all: [pii, 'zone ${n % 7}']
        classification_count|gte: ${1 + (n % 4)}
    condition: selection`,
  (n) => `
    selection:
        url_host|re: '^(www\\.)?[a-z0-9-]+\\.ai-${n}\\.example$'
    keywords: [secret-${n}, 'project *${n}']
    condition: selection or keywords`,
];

/** `count` rules, as YAML documents of one text. */
export function ordinaryRules(count: number): string {
  return Array.from({ length: count }, (_, n) => {
    const shape = SHAPES[n % SHAPES.length] ?? (() => '');
    return `title: Rule ${n}\nlogsource:\n    product: noxys\ndetection:${shape(n)}\nlevel: medium\n`;
  }).join('---\n');
}

/** Events as rules see them: flat, by canonical names. */
export function ordinaryEvents(count: number): readonly Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `evt_${n}`,
    type: at(TYPES, n),
    timestamp: '2026-11-22T08:00:00.000Z',
    user_id: `user-${n % 40}`,
    hostname: `lap-${n % 90}.corp.example`,
    device_id: `dev-${n % 90}`,
    platform_id: at(PLATFORMS, n * 3),
    platform_name: at(PLATFORMS, n * 3),
    policy_decision: ['block', 'coach', 'log'][n % 3],
    policy_name: `Keep pii within zone ${n % 11}`,
    risk_score: (n % 100) / 100,
    severity: 'high',
    model: `gpt-${n % 6}`,
    url_host: `chat.ai-${n % 120}.example`,
    classifications: [at(CLASSIFICATIONS, n), at(CLASSIFICATIONS, n + 2)],
    classification_count: n % 5,
    source: 'noxys',
  }));
}

function at(words: readonly string[], n: number): string {
  return words[n % words.length] ?? '';
}
