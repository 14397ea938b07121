import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';

import {
  ruleNameOf,
  saysTheSame,
  sigmaContent,
  sigmaIdOf,
  watchedDomains,
} from '../../../src/destinations/harfanglab/sigma-content.ts';
import { ENDPOINT_RULES, type EndpointRule } from '../../../src/domain/harfanglab-config.ts';
import { PLATFORMS_DEFAULT, type PlatformsConfig } from '../../../src/domain/platforms-config.ts';

const PLACE = { tenant: 'acme', destination: 'edr' };
const FIELDS = { ai_dns_query: 'QueryName', ai_tls_connection: 'OutgoingTlsSni' } as const;

function textOf(rule: EndpointRule, platforms: PlatformsConfig = PLATFORMS_DEFAULT): string {
  return sigmaContent(rule, { id: sigmaIdOf(rule, PLACE), platforms });
}

interface Parsed {
  readonly title: string;
  readonly detection: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> & {
    readonly condition: unknown;
  };
  readonly [key: string]: unknown;
}

/** Whether telemetry with this value matches, as Sigma reads the two selections of our rules. */
function matches(rule: EndpointRule, value: string, platforms?: PlatformsConfig): boolean {
  const { detection } = parse(textOf(rule, platforms)) as Parsed;
  expect(detection.condition).toBe('selection_name or selection_below');
  const field = FIELDS[rule];
  const names = detection['selection_name']?.[field] ?? [];
  const ends = detection['selection_below']?.[`${field}|endswith`] ?? [];
  const text = value.toLowerCase();
  return names.includes(text) || ends.some((end) => text.endsWith(end));
}

describe.each(ENDPOINT_RULES)('the rule %s', (rule) => {
  it.each(['grok.com', 'api.grok.com', 'Chat.DeepSeek.com', 'www.perplexity.ai', 'perplexity.ai'])(
    'sees %s',
    (name) => {
      expect(matches(rule, name)).toBe(true);
    },
  );

  it.each(['notgrok.com', 'grok.com.example.com', 'grok.co', 'com', 'chatgpt.com', 'claude.ai', ''])(
    'does not see %j',
    (name) => {
      expect(matches(rule, name)).toBe(false);
    },
  );

  it('is one Sigma document of Windows telemetry that tells what it is about', () => {
    const parsed = parse(textOf(rule)) as Parsed;
    expect(parsed).toMatchObject({
      id: sigmaIdOf(rule, PLACE),
      status: 'experimental',
      logsource: {
        product: 'windows',
        category: rule === 'ai_dns_query' ? 'dns_query' : 'network_dpi',
      },
      level: 'medium',
      confidence: 'moderate',
      tags: ['attack.exfiltration', 'attack.t1567'],
    });
    expect(parsed.title.length).toBeLessThanOrEqual(256);
    expect(ruleNameOf(rule).length).toBeLessThanOrEqual(100);
  });

  it('says of a domain that something else has, too, that it may be that', () => {
    expect(textOf(rule)).toContain('HuggingChat is at huggingface.co, where the model hub is, too');
    const approved = { approved: ['huggingchat'], domains: {} };
    expect(textOf(rule, approved)).not.toContain('huggingface.co');
  });
});

describe('the domains that are watched', () => {
  it('are those of all platforms that the relay or the tenant knows and that are not approved', () => {
    const platforms = {
      approved: ['grok'],
      domains: { 'acme-ai': ['ai.acme.fr'], poe: ['poe.example.com'] },
    };
    const domains = watchedDomains(platforms);
    expect(domains).toEqual(expect.arrayContaining(['chatgpt.com', 'ai.acme.fr', 'poe.example.com']));
    expect(domains).not.toContain('grok.com');
    expect(domains).not.toContain('poe.com');
  });

  it('never are, lie below, or lie above one of an approved platform, whoever names them', () => {
    const platforms = {
      approved: ['gemini', 'intranet.acme.fr'],
      domains: { bard: ['google.com'], x: ['acme.fr'] },
    };
    const domains = watchedDomains(platforms);
    expect(domains).not.toContain('google.com');
    expect(domains).not.toContain('acme.fr');
    expect(matches('ai_dns_query', 'gemini.google.com', platforms)).toBe(false);
  });

  it('name no domain twice, nor one that lies below another', () => {
    const domains = watchedDomains(PLATFORMS_DEFAULT);
    expect(new Set(domains).size).toBe(domains.length);
    expect(domains).toContain('deepseek.com');
    expect(domains).not.toContain('chat.deepseek.com');
  });
});

describe('the Sigma id', () => {
  it('is a UUID that differs by tenant, destination and rule', () => {
    const ids = ENDPOINT_RULES.flatMap((rule) => [
      sigmaIdOf(rule, PLACE),
      sigmaIdOf(rule, { ...PLACE, tenant: 'other' }),
      sigmaIdOf(rule, { ...PLACE, destination: 'edr-lab' }),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('stays the same for ever: a manager never changes it', () => {
    expect(ENDPOINT_RULES.map((rule) => sigmaIdOf(rule, PLACE))).toEqual([
      '99456caf-c02d-4813-811b-20b319428a8c',
      'a1bd153a-fbf1-48d1-bb09-5933b428e017',
    ]);
  });
});

describe('the comparison with what a manager keeps', () => {
  const ours = textOf('ai_dns_query');
  const changed = (change: (rule: Record<string, unknown>) => void): string => {
    const rule = parse(ours) as Record<string, unknown>;
    change(rule);
    return stringify(rule);
  };

  it.each<[string, string]>([
    ['keys in another order and other quotes', stringify(parse(ours), { sortMapEntries: true, indent: 2 })],
    ['keys of its own', changed((rule) => (rule['modified'] = '2026-11-22'))],
    ['the title trimmed or not', changed((rule) => (rule['title'] = `${String(rule['title'])} `))],
  ])('takes %s for the same', (_what, theirs) => {
    expect(saysTheSame(theirs, ours)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['another level', changed((rule) => (rule['level'] = 'low'))],
    ['a domain less', ours.replaceAll(/^.*grok\.com'\n/gm, '')],
    ['another condition', ours.replace('selection_name or', 'selection_name and')],
    ['a filter more', ours.replace('    condition', '    filter:\n        User: SYSTEM\n    condition')],
    ['no tags', changed((rule) => delete rule['tags'])],
    ['no YAML', '- [unclosed'],
    ['a list', '- a\n- b'],
    ['nothing', undefined],
    ['aliases that go round', 'a: &a\n  b: *a\n'],
  ])('takes %s for different', (_what, theirs) => {
    expect(saysTheSame(theirs, ours)).toBe(false);
  });
});
