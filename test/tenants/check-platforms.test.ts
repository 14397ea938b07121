import { describe, expect, it } from 'vitest';

import { approvedFaults } from '../../src/tenants/check-platforms.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { PRODUCTION, sampleDocument } from './sample.ts';

const faults = (approved: string[], domains: Record<string, string[]> = {}) =>
  approvedFaults({ approved, domains });

describe('an approved platform', () => {
  it.each(['chatgpt', 'internal-assistant', 'ai_21', 'é-ai', 'you.com', 'bücher.example', 'ai.acme.fr.'])(
    'may be %s',
    (entry) => {
      expect(faults([entry])).toEqual([]);
    },
  );

  it.each([
    ['https://grok.com', 'grok.com'],
    ['https://grok.com/', 'grok.com'],
    ['https://user@grok.com:8443/chat?q=1#top', 'grok.com'],
    ['grok.com/chat', 'grok.com'],
    ['*.grok.com', 'grok.com'],
    ['https://*.grok.com/*', 'grok.com'],
    ['.grok.com', 'grok.com'],
    ['grok.com:443', 'grok.com'],
    ['grok .com', 'grok.com'],
    ['"grok.com"', 'grok.com'],
    ['someone@api.grok.com', 'api.grok.com'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['chat gpt', 'chatgpt'],
    ['acme assistent', 'acme-assistant'],
  ])('%j would protect nothing: it is refused with how to write it', (entry, right) => {
    expect(faults(['claude', entry], { 'acme-assistant': ['ai.acme.fr'] })).toEqual([
      {
        path: 'platforms.approved[1]',
        message: `must be a platform's id, or a domain without scheme, port, path or wildcard: write ${right}`,
      },
    ]);
  });

  it.each(['grok.com, poe.com', 'microsoft copilot', '10.0.0.5', 'https://', 'gpt-3.5', 'ai.acme.local'])(
    '%j is refused, and told of platforms.domains',
    (entry) => {
      expect(faults([entry])).toEqual([
        {
          path: 'platforms.approved[0]',
          message:
            "must be a platform's id, or a domain without scheme, port, path or wildcard: if it is the id of a platform, name its domains in platforms.domains",
        },
      ]);
    },
  );

  it('may have any id whose domains the config names', () => {
    expect(faults(['microsoft copilot'], { 'microsoft copilot': ['copilot.microsoft.com'] })).toEqual([]);
  });

  it('is checked with the rest of the config', () => {
    const document = { ...sampleDocument(), platforms: { approved: ['https://grok.com'] }, limits: 'many' };
    const checked = validateTenantConfig(document, PRODUCTION);
    expect(checked.ok ? [] : checked.error.map(({ path }) => path)).toEqual([
      'limits',
      'platforms.approved[0]',
    ]);
  });
});
