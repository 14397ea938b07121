import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import type { CanonicalEvent, PolicyDecision } from '../../src/domain/event.ts';
import { PLATFORMS_DEFAULT } from '../../src/domain/platforms-config.ts';
import { CATALOG } from '../../src/rules/catalog.ts';
import { parseCustom } from '../../src/rules/parse-custom.ts';
import { testRules } from '../../src/rules/test-rule.ts';
import vectors from '../vectors/seed-rule-vectors.json' with { type: 'json' };
import { Lab, MemoryWindows, START_MS, eventAt, ruleNamed, rulesOf } from './lab.ts';

const FOLDER = fileURLToPath(import.meta.resolve('../../rules'));
const files = readdirSync(FOLDER).toSorted();

const GUIDES = [
  'noxys_cs1_blocked_sensitive_data',
  'noxys_cs2_high_volume',
  'noxys_cs3_financial_data',
  'noxys_hl1_blocked_unauthorized_platform',
  'noxys_hl2_pii_exposure',
  'noxys_hl3_repeated_violations',
  'noxys_policy_violated_1h',
  'noxys_policy_violated_60m',
];

/** What a vector says, as the relay would hold it. */
function canonical(facts: Readonly<Record<string, unknown>>): CanonicalEvent {
  const names = facts['classifications'] as readonly string[] | undefined;
  const score = facts['risk_score'];
  const platform = facts['platform_id'];
  const decision = facts['policy_decision'];
  const { user: _user, platform: _platform, policy: _policy, ...bare } = eventAt(0);
  return {
    ...bare,
    type: String(facts['type']),
    ...(typeof platform === 'string' && { platform: { id: platform.toLowerCase(), name: platform } }),
    ...(typeof decision === 'string' && { policy: { decision: decision.toLowerCase() as PolicyDecision } }),
    ...(score !== undefined && { riskScore: Number(score) }),
    classifications: names ?? [],
    classificationCount: Number(facts['classification_count'] ?? 0),
  };
}

function factsOf(event: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const flat = Object.entries(event).map(([key, value]) => [key.replace(/^event\.(data\.)?/, ''), value]);
  const { data, ...rest } = Object.fromEntries(flat) as Record<string, object>;
  return { ...rest, ...data };
}

/** The relay holds neither an event without a type nor a finding that is no name. */
const held = vectors.filter(
  ({ name }) => name !== 'empty object' && !name.startsWith('classification objects'),
);

describe('the bundled rules', () => {
  it('are what rules/*.yml say', () => {
    expect(CATALOG.map(({ file }) => file)).toEqual(files);
    for (const { file, documents } of CATALOG) {
      const parsed = parseCustom([readFileSync(join(FOLDER, file), 'utf8')]);
      expect(parsed.ok && parsed.value[0]).toEqual(documents);
    }
  });

  it.each(held.map(({ name, event, matches }) => [name, event, matches] as const))(
    'judge "%s" as the guides do',
    (_name, event, expected) => {
      const rules = rulesOf({ catalog: 'all' });
      const plain = ({ document }: (typeof rules)[number]) => document.kind === 'rule';
      const tested = testRules(
        rules,
        canonical(factsOf(event.event ?? event)),
        new MemoryWindows(),
        START_MS,
        plain,
      );
      const matching = tested.tests.filter(({ matches }) => matches).map(({ tested: rule }) => rule.name);
      expect(matching.filter((name) => GUIDES.includes(name)).toSorted()).toEqual(expected);
    },
  );

  it.each(CATALOG.map(({ file, documents }) => [file, documents[0]] as const))(
    '%s tells all that an analyst asks of it',
    (_file, document) => {
      expect(document?.id).toMatch(/^[0-9a-f-]{36}$/);
      expect(document?.name).toMatch(/^noxys_/);
      expect(document?.description).toMatch(/Source: /);
      expect(document?.level).toBeDefined();
      expect(document?.references?.length).toBeGreaterThan(0);
      expect(document?.falsepositives?.every((text) => typeof text === 'string' && text !== '')).toBe(true);
      expect(document?.tags?.some((tag) => /^attack\.t\d{4}$/.test(tag))).toBe(true);
      expect(document?.custom?.['relay']).toBeDefined();
    },
  );

  it('ask for incidents where HarfangLab’s guide does, and for cases where Falcon’s does', () => {
    const rules = rulesOf({ catalog: 'all' });
    const respond = Object.fromEntries(
      rules.filter(({ alerts }) => alerts).map(({ name, respond: asked }) => [name, asked.join(' ')]),
    );
    expect(respond).toEqual({
      noxys_alert_critical: 'case incident alert notify',
      noxys_alert_high: 'case incident alert notify',
      noxys_cs1_blocked_sensitive_data: 'case notify',
      noxys_cs2_high_volume: 'case notify',
      noxys_cs3_financial_data: 'case contain notify',
      noxys_cs4_credential_exposure: 'case workflow notify',
      noxys_hl1_blocked_unauthorized_platform: 'incident notify',
      noxys_hl2_pii_exposure: 'incident notify',
      noxys_hl3_repeated_violations: 'incident notify',
    });
  });

  it('open something for an alert of Noxys, and for a credential', () => {
    const lab = new Lab(rulesOf({ catalog: 'all' }));
    expect(lab.names(eventAt(0, { type: 'alert.severity_critical' }))).toEqual(['noxys_alert_critical']);
    expect(lab.names(eventAt(0, { type: 'alert.severity_high' }))).toEqual(['noxys_alert_high']);
    const leaked = { type: 'interaction.high_risk', classifications: ['api_key'], classificationCount: 1 };
    expect(lab.names(eventAt(0, leaked))).toEqual(['noxys_cs4_credential_exposure']);
    expect(lab.names(eventAt(0, { ...leaked, type: 'interaction.created' }))).toEqual([]);
  });

  it("take the tenant's approved and risky platforms", () => {
    const platforms = { ...PLATFORMS_DEFAULT, approved: ['mistral'], risky: ['chatgpt'] };
    const lab = new Lab(
      rulesOf(
        { catalog: ['noxys_hl1_blocked_unauthorized_platform', 'noxys_cs1_blocked_sensitive_data'] },
        { platforms },
      ),
    );
    const on = (id: string) => eventAt(0, { platform: { id, name: id }, classificationCount: 1 });
    expect(lab.names(on('mistral'))).toEqual([]);
    expect(lab.names(on('chatgpt')).toSorted()).toEqual([
      'noxys_cs1_blocked_sensitive_data',
      'noxys_hl1_blocked_unauthorized_platform',
    ]);
    expect(lab.names(on('deepseek'))).toEqual(['noxys_hl1_blocked_unauthorized_platform']);
  });

  it('take no platform for approved, or none for risky, where a tenant has none', () => {
    const lab = new Lab(rulesOf({ catalog: 'all' }, { platforms: { approved: [], risky: [], domains: {} } }));
    const event = eventAt(0, { classifications: ['IBAN'], classificationCount: 1 });
    expect(lab.names(event)).toEqual(['noxys_hl1_blocked_unauthorized_platform']);
    expect(lab.names({ ...event, id: 'other', platform: { id: 'grok', name: 'Grok' } })).toEqual([
      'noxys_hl1_blocked_unauthorized_platform',
    ]);
  });

  it('are found by name, id and name of file', () => {
    const [document] = CATALOG.find(({ file }) => file.startsWith('noxys_hl3'))?.documents ?? [];
    for (const reference of [
      document?.name,
      document?.id,
      'noxys_hl3_repeated_violations_user.yml',
      'noxys_hl3_repeated_violations_user',
    ]) {
      const rules = rulesOf({ catalog: [reference ?? ''] });
      expect(rules.map(({ name, alerts }) => [name, alerts])).toEqual([
        ['noxys_hl3_repeated_violations', true],
        ['noxys_policy_violated_60m', false],
      ]);
    }
  });

  it('watch the user of an exposed credential for a day', () => {
    const rule = ruleNamed(rulesOf({ catalog: 'all' }), 'noxys_cs4_credential_exposure');
    expect(rule).toMatchObject({ watchMs: 86_400_000, playbook: 'credential_exposure', level: 'high' });
  });
});
